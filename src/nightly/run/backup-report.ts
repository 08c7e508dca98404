import type { OpenedPlace } from '../../admin/opening.js';
import type { Destination, IneligibilityReason } from '../../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../../errors.js';
import type { SequenceHead } from '../../history/note-body.js';
import type { ArchiveScope, Consistency, DumpWarning, LeftOut } from '../../model/parts.js';

/**
 * The result of a run: plain JSON for programs, text for people through `renderReport`. Holds no secret and
 * no patient data.
 */
export interface BackupReport {
  readonly reportVersion: 1;
  /** Whose night it was. */
  readonly practiceId: string;
  /** ISO date of the evening the run counts for. */
  readonly night: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When the run ended; ISO 8601, UTC. */
  readonly finishedAt: string;
  /**
   * - `complete`: every copy that was due is verified
   * - `partial`: at least one is, and at least one is not
   * - `failed`: none is
   * - `nothing-due`: the practice may back up nowhere, or nothing was asked for
   */
  readonly outcome: 'complete' | 'failed' | 'nothing-due' | 'partial';
  /** What was read; absent where nothing was. */
  readonly database?: { readonly name: string; readonly server: string };
  /** Who can open the new archives, and how. */
  readonly keyHolder?: {
    readonly userNum: string;
    readonly userName: string;
    readonly unlock: 'enrolled' | 'none' | 'stored-hash';
  };
  /** The recovery kits on paper that open them as well; absent when none do. */
  readonly recoveryKits?: readonly {
    readonly id: string;
    readonly owner: string;
    /** ISO 8601, UTC. */
    readonly createdAt: string;
  }[];
  /** The administrator who opened the copies last, with the password; absent where that is not known. */
  readonly opening?: {
    readonly userNum: string;
    readonly userName: string;
    /** ISO 8601, UTC. */
    readonly lastOpenedAt: string;
    readonly places: readonly OpenedPlace[];
  };
  /**
   * What administrators found when they opened the newest copies, in sentences. Absent when nothing was
   * wrong.
   */
  readonly openingFindings?: readonly string[];
  /** Whether all tables are of one moment. */
  readonly consistency?: Consistency;
  /** Seconds during which the office could not write to some table. */
  readonly lockSeconds?: number;
  /** Seconds from the first statement to the last row sealed. */
  readonly readSeconds?: number;
  /** The result of each copy. */
  readonly destinations: readonly DestinationReport[];
  /** What changed since the last night. Absent when nothing did. */
  readonly changes?: readonly ReportedChange[];
  /**
   * The night since whose copy nothing in the practice has changed, as when the office was closed. Absent
   * where something has, or nothing was read.
   */
  readonly unchangedSince?: string;
  /** What the notes are signed with, as `parseNoteKey` reads it; absent when none could be signed. */
  readonly signedWith?: string;
  /**
   * Signs of loss that were not acknowledged yet, in sentences; no copy is removed as long as there are any.
   */
  readonly looksLikeLoss?: readonly string[];
  /** What a person should know although nothing failed. */
  readonly warnings: readonly DumpWarning[];
  /** How the rehearsal of a restore ended, where there was one. */
  readonly rehearsal?: { readonly ok: boolean; readonly summary: string };
}

/** A change since the last night. */
export interface ReportedChange {
  /** What has changed. */
  readonly what: 'key-holder' | 'network-path' | 'recipient' | 'status';
  /** As it was. */
  readonly before: string;
  /** As it is. */
  readonly after: string;
}

/** What happened for one destination. */
export interface DestinationReport {
  /** HQ or the office. */
  readonly destination: Destination;
  /**
   * - `verified`: stored, read back and found whole
   * - `waiting`: sealed in the spool; the next run sends it or goes on sending it
   * - `failed`: no copy of this night
   * - `not-eligible`, `not-due`: none was to be made
   */
  readonly outcome: 'failed' | 'not-due' | 'not-eligible' | 'verified' | 'waiting';
  /** Where, without secrets. */
  readonly store?: string;
  /** The copy of this night, where one was made. */
  readonly copy?: CopyReport;
  /** Copies of earlier nights that were still waiting and arrived in this run. */
  readonly caughtUp: readonly CopyReport[];
  /** Keys of archives that retention removed. */
  readonly removed: readonly string[];
  /** Why there is none, or why it is not verified. */
  readonly error?: { readonly code: BackupErrorCode | 'unexpected'; readonly message: string };
  /** Why the practice may not back up there; absent where it may. */
  readonly ineligible?: readonly IneligibilityReason[];
  /** When the newest copy here was verified, this run included; ISO 8601, UTC. */
  readonly lastVerifiedAt?: string;
  /** The newest signed note here: who keeps it can detect a rollback of this place. */
  readonly head?: SequenceHead;
  /** Every copy here was read back whole, byte for byte, on this night or later; absent without copies. */
  readonly readSince?: string;
  /** Keys of copies here that could not be verified. Absent without any. */
  readonly unproven?: readonly string[];
  /** Findings about older copies here that a person has to check, in sentences. */
  readonly troubles?: readonly string[];
}

/** The outcomes of a copy, from worst to best. */
export const outcomesByRank: readonly DestinationReport['outcome'][] = [
  'not-due',
  'not-eligible',
  'failed',
  'waiting',
  'verified',
];

/** One archive. */
export interface CopyReport {
  /** As in its label. */
  readonly archiveId: string;
  /** Under which it is stored. */
  readonly key: string;
  /** Date of the night it is of. */
  readonly night: string;
  /** Everything, or the critical tables. */
  readonly scope: ArchiveScope;
  /** Size of the archive, in bytes. */
  readonly bytes: number;
  /** SHA-256 of the archive, lower-case hex. */
  readonly sha256: string;
  /** The key that the key holder's password opens, as it stands in the label. */
  readonly recipient?: string;
  /** How many tables it holds. */
  readonly tables: number;
  /** How many rows it holds. */
  readonly rows: number;
  /** Size of the rows before compression, in bytes. */
  readonly plainBytes: number;
  /** What it leaves out, and why. */
  readonly leftOut: readonly LeftOut[];
  /** When it was read back and found whole; absent before that. */
  readonly verifiedAt?: string;
}
