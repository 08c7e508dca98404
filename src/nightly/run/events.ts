import type { DumpProgress } from '../../dump/dump-record.js';
import type { SnapshotEvent } from '../../dump/events.js';
import type { Destination, Eligibility } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';
import type { DumpWarning } from '../../model/parts.js';
import type { Alert, AlertCode } from '../alerts/alert.js';
import type { ScrubbedPlace } from '../scrub/scrub-report.js';
import type { BackupReport, CopyReport } from './backup-report.js';

/** What a run is doing, in order; phases of the destinations may overlap. */
export type BackupPhase = 'admin' | 'publish' | 'read' | 'retention' | 'snapshot' | 'verify';

/**
 * What happens during a run. An error thrown by the listener ends the run. They are enough for metrics:
 * `docs/EMBEDDING.md` has a recipe.
 */
export type BackupEvent =
  | { readonly kind: 'eligibility'; readonly destination: Destination; readonly eligibility: Eligibility }
  | { readonly kind: 'phase'; readonly phase: BackupPhase; readonly destination?: Destination }
  | { readonly kind: 'snapshot'; readonly event: SnapshotEvent }
  | { readonly kind: 'read-progress'; readonly progress: DumpProgress }
  | {
      readonly kind: 'transfer-progress';
      readonly phase: 'publish' | 'verify';
      readonly destination: Destination;
      readonly transferredBytes: number;
      readonly totalBytes: number;
    }
  /** The tables changed while they were read, so the reading begins again. */
  | { readonly kind: 'read-again'; readonly attempt: number }
  | {
      readonly kind: 'retry';
      readonly destination: Destination;
      readonly code: BackupErrorCode | 'unexpected';
      readonly retriesLeft: number;
    }
  | { readonly kind: 'sealed'; readonly destination: Destination; readonly copy: CopyReport }
  | { readonly kind: 'verified'; readonly destination: Destination; readonly copy: CopyReport }
  | { readonly kind: 'removed'; readonly destination: Destination; readonly key: string }
  | { readonly kind: 'warning'; readonly warning: DumpWarning }
  | { readonly kind: 'alert-raised'; readonly alert: Alert }
  | { readonly kind: 'alert-cleared'; readonly code: AlertCode }
  /** After the night: older copies at a place were read again. */
  | { readonly kind: 'copies-read'; readonly place: ScrubbedPlace }
  | { readonly kind: 'finished'; readonly report: BackupReport };
