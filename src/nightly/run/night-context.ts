import type { EnrollmentStore } from '../../admin/enrollment.js';
import type { DumpWarning } from '../../model/parts.js';
import type { Logger } from '../log/logger.js';
import type { HeadKeeper } from '../origin/head-keeper.js';
import type { Notary } from '../origin/notary.js';
import type { BackupEvent } from './events.js';
import type { NightJournal } from './night-journal.js';
import type { NightPlan } from './night-plan.js';
import type { Spool } from './spool.js';
import type { NightTools } from './tools.js';

/** What the parts of one run share. */
export interface NightContext {
  readonly plan: NightPlan;
  readonly night: string;
  /** A run of the night itself, not one by hand. */
  readonly scheduled: boolean;
  readonly tools: NightTools;
  readonly spool: Spool;
  readonly journal: NightJournal;
  /** The store of enrolments, with a timeout. */
  readonly keys: EnrollmentStore;
  /** Signs notes; null when that is not possible tonight. */
  readonly notary: () => Promise<Notary | null>;
  /** Stores the newest notes beside the settings. */
  readonly heads: HeadKeeper;
  readonly now: () => Date;
  readonly logger: Logger;
  /** Aborted by the caller or by the end of the window. */
  readonly signal: AbortSignal;
  /** The caller's own. */
  readonly callerSignal: AbortSignal | undefined;
  readonly emit: (event: BackupEvent) => void;
  readonly warn: (warning: DumpWarning) => void;
}
