import { assertArgument, assertEach, assertStorage } from '../arguments.js';
import type { RangeSource } from '../bytes.js';
import type { BackupErrorCode } from '../errors.js';
import type { KeyHolder } from '../model/parts.js';
import type { StorageAdapter } from '../storage/adapter.js';
import type { EnrollmentStore } from './enrollment.js';
import { mostPlaces, type Opening, type OpeningFinding } from './opening.js';
import type { ReadLimits } from './read-sample.js';

/** A place whose newest copy is opened. */
export interface ProvenStore {
  /** What people call it, such as `hq` or `local`. */
  readonly place: string;
  /** Where the copies are. It must be able to read ranges. */
  readonly storage: StorageAdapter;
}

/** A rehearsed restore from time to time, while the key is available. */
export interface OpeningRehearsal {
  /** Days from one rehearsal to the next. @defaultValue 30 */
  readonly everyDays?: number | undefined;
  /**
   * Tries it, such as with `rehearseRestore` on a scratch server. A throw, or a result that is not ok, is a
   * finding.
   */
  readonly run: (
    archive: {
      /** Where it is. */
      readonly place: string;
      /** The archive, readable at any offset. */
      readonly source: RangeSource;
      /** What opens it: secret, and not to be kept. */
      readonly identities: readonly string[];
    },
    options: { readonly signal?: AbortSignal | undefined },
  ) => Promise<{ readonly ok: boolean }>;
}

/** Options of `proveOpening`. */
export interface ProveOpeningOptions extends Partial<ReadLimits> {
  /** Where the key is stored, and the result. */
  readonly store: EnrollmentStore;
  /** The places, at most 16. */
  readonly stores: readonly ProvenStore[];
  /** Whose copies are looked for. */
  readonly practiceId: string;
  /** The signing keys of the office; see `findLatestBackup`. */
  readonly trustedKeys?: readonly string[] | undefined;
  /** Days for which a good result counts, so that most logins cost nothing. @defaultValue 7 */
  readonly everyDays?: number | undefined;
  /** Proves it now, even if a recent good result still counts. @defaultValue false */
  readonly isAsked?: boolean | undefined;
  /** A rehearsed restore while the key is available. @defaultValue none */
  readonly rehearsal?: OpeningRehearsal | undefined;
  /** @defaultValue the present moment */
  readonly now?: Date | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What was found at a place. */
export interface ProvenPlace {
  /** As it was given. */
  readonly place: string;
  /**
   * - `opened`: the newest copy opened with the password
   * - `not-opened`: it did not, see the findings
   * - `other-holder`: it is sealed for another administrator, so this one cannot show anything
   * - `empty`: there is no copy
   * - `unreachable`: the place did not answer, or cannot read ranges
   */
  readonly outcome: 'empty' | 'not-opened' | 'opened' | 'other-holder' | 'unreachable';
  /** Of the newest copy, where there is one. */
  readonly archiveId?: string;
  /** When it was made; ISO 8601, UTC. */
  readonly createdAt?: string;
  /** For whom it is sealed. */
  readonly keyHolder?: KeyHolder;
  /** Why it could not be read or opened. */
  readonly code?: BackupErrorCode;
}

/** What `proveOpening` found. */
export interface OpeningProof {
  /** False when a recent good result still counts and nothing at the places contradicts it. */
  readonly isDue: boolean;
  /** What was found at each place; without a key where it was not due. */
  readonly places: readonly ProvenPlace[];
  /** What was found before the sample is read. */
  readonly findings: readonly OpeningFinding[];
  /**
   * Resolves when the sample is read and the result is stored; to the earlier result where it was not due. It
   * need not be awaited.
   *
   * @throws BackupError what the store of keys throws; the reason of `signal`
   */
  readonly finished: Promise<FinishedOpening>;
}

/** The result of an opening. */
export interface FinishedOpening {
  /** As it is kept. */
  readonly opening: Opening;
  /** Whether it was stored: not if the administrator is not enrolled. */
  readonly isKept: boolean;
}

/** @throws TypeError or RangeError naming a wrong option */
export function assertProveOptions(options: ProveOpeningOptions): void {
  assertArgument('options', options, 'object', {
    store: 'object',
    stores: 'array',
    practiceId: 'text',
    trustedKeys: 'array?',
    everyDays: 'number?',
    isAsked: 'boolean?',
    rehearsal: 'object?',
    share: 'number?',
    mostBytes: 'number?',
    mostSeconds: 'number?',
    now: 'date?',
    signal: 'signal?',
  });
  assertArgument('options.store', options.store, 'object', { load: 'function', save: 'function' });
  assertEach('options.stores', options.stores, { place: 'text', storage: 'object' });
  for (const { storage } of options.stores) assertStorage('options.stores', storage);
  if (options.rehearsal !== undefined) {
    assertArgument('options.rehearsal', options.rehearsal, 'object', {
      run: 'function',
      everyDays: 'number?',
    });
  }
  const places = new Set(options.stores.map(({ place }) => place));
  if (places.size !== options.stores.length || places.size > mostPlaces) {
    throw new RangeError(`"stores" must name at most ${mostPlaces} places, each once`);
  }
}
