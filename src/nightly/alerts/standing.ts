import type { RecoveryKit } from '../../admin/kits/kit-store.js';
import type { Destination } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';

/** What is known when a run ends. */
export interface Standing {
  readonly practiceId: string;
  readonly night: string;
  /** Date of the night of the very first run. */
  readonly firstNight: string;
  /** Where the practice wants copies and may have them. */
  readonly destinations: readonly DestinationStanding[];
  readonly rehearsalFailed?: string;
  /** Backups were switched off by a change that the audit trail does not know. */
  readonly unrecordedOff?: true;
  /** What was said of a key that was exchanged where keys are kept. */
  readonly keyUnproven?: string;
  /** Recovery kits that the copies open with only since a few nights. */
  readonly newKits?: readonly Pick<RecoveryKit, 'createdAt' | 'id' | 'owner'>[];
  /** Signs of loss that nobody has looked at yet. */
  readonly looksLikeLoss?: readonly string[];
  /** What was found of older copies that somebody has to look at. */
  readonly historyTroubles?: readonly string[];
  /** What administrators saw who opened the copies; absent where it is not known this time. */
  readonly openings?: OpeningStanding | undefined;
  /** What was said of a damaged table, as long as it must not be forgotten. */
  readonly damage?: string;
}

/** How long ago an administrator of today opened the copies, and what was wrong with them. */
export interface OpeningStanding {
  /** Date of the night; absent when none ever did. */
  readonly lastNight?: string;
  /** That a copy is sealed to a key of somebody else, in sentences. */
  readonly foreign: readonly string[];
  /** Whatever else was found, in sentences. */
  readonly others: readonly string[];
}

/** One destination. */
export interface DestinationStanding {
  readonly destination: Destination;
  /** Date of the night of the newest verified copy. */
  readonly lastVerified?: string;
  /** What was said of damaged tables without which, or without rows of which, the newest copy was made. */
  readonly incomplete?: string;
  /**
   * What was said of routines and events that the server cannot show, and that are not in the newest copy.
   */
  readonly unseen?: string;
  /** A copy of an earlier night that was given up lately. */
  readonly lost?: { readonly night: string; readonly code: BackupErrorCode | 'unexpected' };
  /** The trouble of the newest run, if it had any. */
  readonly failure?: {
    readonly code: BackupErrorCode | 'unexpected';
    readonly message: string;
    /** The last administrator has no password. */
    readonly passwordMissing?: boolean;
    /** Nights in a row without a copy, this one included. */
    readonly nights: number;
    /** A copy of an earlier night arrived all the same, so the place is well. */
    readonly lateCopyArrived?: boolean;
  };
}
