import type { RecoveryKit } from '../../admin/kits/kit-store.js';
import type { Destination } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';

/** What is known when a run ends. */
export interface Standing {
  readonly practiceId: string;
  readonly night: string;
  /** Date of the night of the very first run. */
  readonly firstNight: string;
  /** Where the practice wants copies and is eligible for them. */
  readonly destinations: readonly DestinationStanding[];
  readonly rehearsalFailed?: string;
  /** Backups were switched off by a change that is not in the audit trail. */
  readonly unrecordedOff?: true;
  /** The warning about a stored key that was exchanged. */
  readonly keyUnproven?: string;
  /** Recovery kits that were added a few nights ago. */
  readonly newKits?: readonly Pick<RecoveryKit, 'createdAt' | 'id' | 'owner'>[];
  /** Signs of loss that were not acknowledged yet. */
  readonly looksLikeLoss?: readonly string[];
  /** Findings about older copies that a person has to check. */
  readonly history?: {
    readonly sentences: readonly string[];
    /** How many there are, also those that are not among the sentences. */
    readonly count: number;
    readonly places: readonly Destination[];
  };
  /** What administrators found when they opened the copies; absent where it is not known this time. */
  readonly openings?: OpeningStanding | undefined;
  /** The warning about a damaged table, as long as it must be shown. */
  readonly damage?: string;
}

/** How long ago an administrator of today opened the copies, and what was wrong with them. */
export interface OpeningStanding {
  /** Date of the night; absent when none ever did. */
  readonly lastNight?: string;
  /** Findings that a copy is sealed to a key of somebody else, in sentences. */
  readonly foreign: readonly string[];
  /** Other findings, in sentences. */
  readonly others: readonly string[];
}

/** One destination. */
export interface DestinationStanding {
  readonly destination: Destination;
  /** Date of the night of the newest verified copy. */
  readonly lastVerified?: string;
  /** The settings cannot be read, and said when they last could that no copies are wanted here. */
  readonly mayBeOff?: boolean;
  /** The warning about damaged tables that the newest copy lacks, or of which it lacks rows. */
  readonly incomplete?: string;
  /** The warning about routines and events that the server cannot show and the newest copy lacks. */
  readonly unseen?: string;
  /** A copy of an earlier night that was dropped recently. */
  readonly lost?: { readonly night: string; readonly code: BackupErrorCode | 'unexpected' };
  /** What keeps its older copies from being checked, and for how many nights in a row. */
  readonly unchecked?: {
    readonly code: BackupErrorCode | 'unexpected';
    readonly count: number;
  };
  /** The trouble of the newest run, if it had any. */
  readonly failure?: {
    readonly code: BackupErrorCode | 'unexpected';
    readonly message: string;
    /** The last administrator has no password. */
    readonly passwordMissing?: boolean;
    /** Nights in a row without a copy, this one included. */
    readonly nights: number;
    /** A copy of an earlier night arrived, so the place itself works. */
    readonly lateCopyArrived?: boolean;
  };
}
