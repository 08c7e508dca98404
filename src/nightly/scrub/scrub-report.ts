import type { Destination } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';

/** The result of reading older copies. Holds no secret and no patient data. */
export interface ScrubReport {
  /** ISO date of the evening it counts for. */
  readonly night: string;
  /** Those at which copies were due. */
  readonly places: readonly ScrubbedPlace[];
}

/** What was read at one place. */
export interface ScrubbedPlace {
  /** HQ or the office. */
  readonly destination: Destination;
  /** How many copies were read. */
  readonly copies: number;
  /** Of those copies together. */
  readonly bytes: number;
  /** How many were due and could not be read tonight. */
  readonly left: number;
  /** Every copy here was read back whole on this night or later; absent without copies. */
  readonly readSince?: string;
  /** Why not all that were due were read; absent where they were. */
  readonly stopped?: BackupErrorCode | 'unexpected';
  /** What is wrong, in sentences. */
  readonly found: readonly string[];
}
