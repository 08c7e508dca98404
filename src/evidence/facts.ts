import type { AdminOpening } from '../admin/record-opening.js';
import type { ListedBackup } from '../history/list-backups.js';
import type { NightFacts } from '../history/loss/facts.js';
import type { RetentionPolicy } from '../nightly/retention.js';
import type { BackupReport } from '../nightly/run/backup-report.js';
import type { RestoreCertificate } from '../recovery/rehearse/certificate.js';

/**
 * What a page of evidence is made of. Everything but the practice and the moment may be absent; the page then
 * says that it is not known.
 */
export interface EvidenceFacts {
  /** Whose copies they are. */
  readonly practiceId: string;
  /** The moment that ages are counted to. */
  readonly asOf: Date;
  /** The nights, as the spool keeps them, in any order; see {@link readEvidence}. */
  readonly reports: readonly BackupReport[];
  /** Sizes of tables of past nights, in any order; see {@link readEvidence}. */
  readonly nights?: readonly NightFacts[] | undefined;
  /** What lies in the stores today, with the notes beside it. */
  readonly stores?: readonly EvidenceStore[] | undefined;
  /** Places whose stores could not be listed today. */
  readonly unlisted?: readonly string[] | undefined;
  /** When administrators opened the copies; see `readOpenings`. */
  readonly openings?: readonly AdminOpening[] | undefined;
  /** The last rehearsal of a restore. */
  readonly rehearsal?: EvidenceRehearsal | undefined;
  /** What is kept how long, by place. */
  readonly retention?: Readonly<Record<string, RetentionPolicy | 'keep-all'>> | undefined;
  /** Versions of the software, and the SHA-256 of its SBOM. */
  readonly versions?: EvidenceVersions | undefined;
}

/** A store, as it was listed. */
export interface EvidenceStore {
  /** `hq`, `local`, or as the host calls it. */
  readonly place: string;
  /** Where, without secrets. */
  readonly description?: string | undefined;
  /** As `listBackups` gives them. */
  readonly backups: readonly ListedBackup[];
}

/** What counts of a rehearsal. */
export type EvidenceRehearsal = Pick<
  RestoreCertificate,
  'equal' | 'provenAgainst' | 'rehearsedAt' | 'restoreSeconds' | 'rows' | 'server'
>;

/** What made the copies. */
export interface EvidenceVersions {
  /** Of this software. */
  readonly product: string;
  /** Of what it runs on. */
  readonly runtime?: string | undefined;
  /** SHA-256 of the list of its parts (SBOM), lower-case hex. */
  readonly sbomSha256?: string | undefined;
}

/** Limits of a proposed rule that is not in force: HIPAA Security Rule, 90 FR 898 of 2025-01-06. In hours. */
export const proposedRule = { copyAge: 48, restoreTime: 72 } as const;

/** Days after which the page warns that no person has opened a copy. */
export const longWithoutOpening = 60;
/** Days after which the page warns that a stored copy was not read back. */
export const longWithoutReading = 45;
/** Days after which the page warns that no restore was rehearsed. */
export const longWithoutRehearsal = 100;

const names: Readonly<Record<string, string>> = { hq: 'Headquarters', local: 'Office network path' };

/** A place, for people. */
export function placeName(place: string): string {
  return Object.hasOwn(names, place) ? names[place]! : place;
}
