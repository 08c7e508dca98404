import type { Destination } from '../../eligibility/is-eligible.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import type { RetentionPolicy } from '../retention.js';
import type { BackupReport } from './backup-report.js';

/** Writes the page of evidence at the end of every run, see `createEvidencePage`. */
export interface EvidencePlan {
  /** An error becomes a warning of the report, and never fails a night. */
  write(night: EvidenceOfNight, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** What is known at the end of a night. */
export interface EvidenceOfNight {
  /** Of this run. */
  readonly report: BackupReport;
  /** The folder that keeps the reports of the nights before. */
  readonly spool: string;
  /** The moment. */
  readonly asOf: Date;
  /** Where copies go. */
  readonly stores: readonly { readonly place: Destination; readonly storage: StorageAdapter }[];
  /** The retention of each place. */
  readonly retention: Readonly<Record<string, RetentionPolicy | 'keep-all'>>;
  /** The keys that notes of this practice are signed with. */
  readonly trustedKeys: readonly string[];
}
