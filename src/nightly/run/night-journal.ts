import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { PinnedKey } from '../../admin/pinned-key.js';
import type { Destination } from '../../eligibility/is-eligible.js';
import { BackupError, type BackupErrorCode, isBackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import { readFileIfThere, replaceFile } from '../../files/read-file-if-there.js';
import type { ArchiveScope } from '../../model/parts.js';
import { type AlertCode, alertCodes } from '../alerts/alert.js';
import type { LastAttempt, NightHistory } from '../next-run.js';
import { nightsBetween } from '../nights.js';
import type { Acknowledgement, AnnouncedPurge, StandingLoss } from '../origin/loss-state.js';
import type { SequenceState } from '../origin/sequence.js';
import type { BackupSettings } from '../settings/settings.js';
import type { CopyReport } from './backup-report.js';
import { parseJournal } from './parse-journal.js';
import type { SpareRoom } from './spare-room.js';

/** A sealed archive in the spool that is not verified at its destination yet. */
export interface PendingCopy {
  readonly destination: Destination;
  readonly copy: CopyReport;
  /** File name in the spool. */
  readonly file: string;
  /** Later nights on which it arrived and was not what was sent, and the newest of them. */
  readonly spoiled?: { readonly nights: number; readonly night: string };
  /** Made by hand, and none of the night's. */
  readonly byHand?: boolean;
}

/** A sealed copy that was given up. */
export interface LostCopy {
  /** Of the copy. */
  readonly night: string;
  /** On which it was given up. */
  readonly since: string;
  readonly code: BackupErrorCode | 'unexpected';
}

/** What is kept of an archive that was verified at its destination. */
export interface VerifiedCopy {
  readonly key: string;
  readonly night: string;
  /** ISO 8601, UTC. */
  readonly verifiedAt: string;
  /** What the store calls itself. */
  readonly store?: string;
  readonly byHand?: boolean;
  /** Of the archive, for its note; absent for copies of a time before there were notes. In bytes, and lower-case hex. */
  readonly bytes?: number;
  readonly sha256?: string;
  readonly scope?: ArchiveScope;
  /** The key that the key holder's password opens. */
  readonly recipient?: string;
  /** Of its signed note, once that is stored, and the SHA-256 of the note. */
  readonly number?: number;
  readonly note?: string;
  /** `going` and `gone`: removed by retention; `spoiled`: not what was verified any more. */
  readonly state?: 'going' | 'gone' | 'spoiled';
  /** Changes when the store writes it again. */
  readonly seen?: string;
  /** Night on which it was last read back. */
  readonly readAt?: string;
}

/** Nights in a row without a copy. */
export interface FailedNights {
  readonly count: number;
  /** Date of the newest of them. */
  readonly night: string;
  readonly code: BackupErrorCode | 'unexpected';
}

/** What outlives a run. */
export interface NightJournalState {
  readonly version: 1;
  readonly practiceId: string;
  /** Tells this spool from that of another machine. */
  readonly machine: string;
  /** Date of the night of the first run. */
  readonly firstNight: string;
  readonly pending: readonly PendingCopy[];
  /** Newest first. */
  readonly verified: Readonly<Record<Destination, readonly VerifiedCopy[]>>;
  readonly failed: Readonly<Partial<Record<Destination, FailedNights>>>;
  /** The newest copy of each place that was given up. */
  readonly lost?: Readonly<Partial<Record<Destination, LostCopy>>>;
  /** Alerts that were raised and not cleared, each with its cause; {@link untold} where nobody knows any more. */
  readonly alerts: Readonly<Partial<Record<AlertCode, string>>>;
  readonly lastAttempt?: {
    readonly night: string;
    readonly count: number;
    readonly startedAt?: string;
    readonly endedAt: string;
    readonly settled?: readonly Destination[];
  };
  /** The newest night that passed without a run and was told of. */
  readonly watched?: string;
  /** The date of a local copy that could not be written to the settings yet. */
  readonly dateOwed?: string | undefined;
  /** The settings as they were last read. */
  readonly settings?: Pick<BackupSettings, 'networkPath' | 'status'>;
  /** The newest night on which the server found a table damaged, and what was said of it. */
  readonly damage?: { readonly night: string; readonly message: string };
  /** What was said of damaged tables that the newest copy of a place is not whole for. */
  readonly incomplete?: Readonly<Partial<Record<Destination, string>>>;
  /** Date of the night of the last rehearsal of a restore, and what was wrong with it if anything was. */
  readonly rehearsal?: { readonly night: string; readonly failure?: string };
  /** The key that the newest archives were sealed with. */
  readonly pins?: readonly PinnedKey[];
  /** What was said of a key that was exchanged in the store of enrolments, as long as nights meet it. */
  readonly keyUnproven?: string | undefined;
  /** On which night people were last reminded that backups are switched off. */
  readonly remindedOff?: string | undefined;
  /** They were switched off by a change that the practice's audit trail does not know. */
  readonly unrecordedOff?: true | undefined;
  /** The signed notes at each place. */
  readonly sequences?: Readonly<Partial<Record<Destination, SequenceState>>>;
  /** Signs of loss that nobody has looked at yet. */
  readonly loss?: StandingLoss | undefined;
  /** Who looked at what, newest first. */
  readonly acknowledged?: readonly Acknowledgement[];
  readonly announced?: readonly AnnouncedPurge[];
}

/** What is remembered of a copy that was removed: that there was one. */
export function goneCopy({ key, night, verifiedAt, store, byHand }: VerifiedCopy): VerifiedCopy {
  return {
    key,
    night,
    verifiedAt,
    ...(store === undefined ? {} : { store }),
    ...(byHand === undefined ? {} : { byHand }),
    state: 'gone',
  };
}

/** How long a damaged table is remembered. */
const nightsOfDamage = 31;
/** How long a copy that was given up is remembered. */
const nightsOfLoss = 7;

/** Stands for the cause of an alert that may have been raised by a run whose journal is lost. */
export const untold = 'untold';

/** The memory of the runs of a practice: one small file, replaced in one step, so that a power cut never leaves half of it. */
export class NightJournal {
  readonly #path: string;
  readonly #spareRoom: SpareRoom;
  /** There was one and it could not be read: what it knew of copies on their way is to be found in the spool. */
  readonly wasDamaged: boolean;
  /** There was none: the practice is new, or its journal is gone, and copies on their way may be in the spool all the same. */
  readonly isNew: boolean;
  #state: NightJournalState;
  #isOnDisk: boolean;
  #writing: Promise<void> = Promise.resolve();

  private constructor(
    path: string,
    state: NightJournalState,
    spareRoom: SpareRoom,
    {
      wasDamaged,
      isNew,
      isOnDisk,
    }: Pick<NightJournal, 'isNew' | 'wasDamaged'> & { readonly isOnDisk: boolean },
  ) {
    this.#path = path;
    this.#state = state;
    this.#spareRoom = spareRoom;
    this.wasDamaged = wasDamaged;
    this.isNew = isNew;
    this.#isOnDisk = isOnDisk;
  }

  /**
   * @param spool - its folder, and the room to give up when the disk is full
   * @param start - what a new journal begins with
   * @throws BackupError `settings-invalid` when the folder is another practice's
   */
  static async open(
    { folder, spareRoom }: { readonly folder: string; readonly spareRoom: SpareRoom },
    start: { readonly practiceId: string; readonly night: string },
  ): Promise<NightJournal> {
    const path = join(folder, 'journal.json');
    const unusable = (error: unknown): never => {
      throw isBackupError(fileSystemFailure(error, ''), 'storage-full')
        ? fileSystemFailure(error, `spool folder ${folder}`)
        : new BackupError(
            'settings-invalid',
            `The journal ${path} cannot be read or written (${systemCodeOf(error) ?? 'unexpected'}). Let the account of the service read and write the spool folder.`,
            { cause: error, details: { setting: 'spool' } },
          );
    };
    const empty: NightJournalState = {
      version: 1,
      practiceId: start.practiceId,
      machine: '',
      firstNight: start.night,
      pending: [],
      verified: { hq: [], local: [] },
      failed: {},
      // What was raised before the journal was lost is taken back once, to be sure.
      alerts: Object.fromEntries(Object.keys(alertCodes).map((code) => [code, untold])),
    };
    const text = await readFileIfThere(path).catch(unusable);
    const parsed = text === null ? { state: empty, isWhole: true } : parseJournal(text);
    const state = parsed?.state ?? null;
    const wasDamaged = parsed?.isWhole !== true;
    if (state !== null && state.practiceId !== start.practiceId) {
      throw new BackupError(
        'settings-invalid',
        `The spool folder ${folder} belongs to practice ${state.practiceId}, not to ${start.practiceId}.`,
        { details: { setting: 'spool' } },
      );
    }
    // A damaged journal costs some memory of the past and no backup; it is kept for whoever wants to look.
    if (wasDamaged) await rename(path, `${path}.damaged`).catch(unusable);
    // A first night that is still to come was dated by a clock that was wrong, and would hold back alerts until then.
    const isAhead = state !== null && state.firstNight > start.night;
    const firstNight = isAhead ? start.night : (state ?? empty).firstNight;
    const machine = state?.machine || randomBytes(16).toString('hex');
    const begun = { ...(state ?? empty), machine, firstNight };
    const isOnDisk = !wasDamaged && machine === state?.machine && firstNight === state.firstNight;
    return new NightJournal(path, begun, spareRoom, { wasDamaged, isNew: text === null, isOnDisk });
  }

  get state(): NightJournalState {
    return this.#state;
  }

  /** Changes the state and resolves when it is on the disk. Changes are written one after the other. */
  async update(change: (state: NightJournalState) => Partial<NightJournalState>): Promise<void> {
    const next = { ...this.#state, ...change(this.#state) };
    if (!isDeepStrictEqual(next, this.#state)) {
      this.#state = next;
      this.#isOnDisk = false;
    }
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    // What changes nothing is spared the disk, which may be that of the practice's server.
    if (this.#isOnDisk) return;
    const state = this.#state;
    const write = () => replaceFile(this.#path, `${JSON.stringify(state)}\n`);
    try {
      await write();
    } catch (error) {
      if (!isBackupError(error, 'storage-full') || !(await this.#spareRoom.giveUp())) throw error;
      await write();
    }
    this.#isOnDisk = this.#state === state;
  }

  /** Notes what becomes of copies at a place. */
  async markCopies(
    destination: Destination,
    keys: readonly string[],
    mark: NonNullable<VerifiedCopy['state']>,
  ): Promise<void> {
    const marked = new Set(keys);
    if (!this.#state.verified[destination].some(({ key }) => marked.has(key))) return;
    await this.update(({ verified }) => ({
      verified: {
        ...verified,
        [destination]: verified[destination].map((copy) =>
          !marked.has(copy.key) ? copy : mark === 'gone' ? goneCopy(copy) : { ...copy, state: mark },
        ),
      },
    }));
  }

  /**
   * What was said of a damaged table, for a month: a server may repair it by itself and lose rows, after which the copies
   * look well and lack them.
   */
  damageKnownOn(night: string): string | undefined {
    const { damage } = this.#state;
    if (damage === undefined) return undefined;
    const age = nightsBetween(damage.night, night);
    return age >= 0 && age <= nightsOfDamage ? damage.message : undefined;
  }

  /** A copy that was given up lately. */
  lossKnownOn(night: string, destination: Destination): LostCopy | undefined {
    const lost = this.#state.lost?.[destination];
    if (lost === undefined) return undefined;
    const age = nightsBetween(lost.since, night);
    return age >= 0 && age <= nightsOfLoss ? lost : undefined;
  }

  /** The newest verified copy of a place, as of a night. One dated later was dated by a clock that was wrong. */
  newestVerified(destination: Destination, night: string): VerifiedCopy | undefined {
    return newestVerified(this.#state, destination, night);
  }
}

/** What the journal of a practice says now; null where there is none, or none that can be read. */
export async function readJournal(folder: string, practiceId: string): Promise<NightJournalState | null> {
  const text = await readFileIfThere(join(folder, 'journal.json'));
  const state = text === null ? null : (parseJournal(text)?.state ?? null);
  return state?.practiceId === practiceId ? state : null;
}

/**
 * What happened up to a night; empty when nothing did, or when it cannot be read.
 *
 * @param localStore - where local copies go now; those elsewhere are not counted
 */
export async function readHistory(
  folder: string,
  practiceId: string,
  night: string,
  localStore?: string,
): Promise<NightHistory> {
  const state = await readJournal(folder, practiceId);
  return state === null ? { verified: {} } : historyOf(state, night, localStore);
}

function newestVerified(
  { verified }: NightJournalState,
  destination: Destination,
  night: string,
): VerifiedCopy | undefined {
  return verified[destination].find((copy) => copy.night <= night);
}

/** What a night has done, as far as it says what is due. */
export function historyOf(state: NightJournalState, night: string, localStore?: string): NightHistory {
  const { lastAttempt, verified, firstNight } = state;
  const newest = (destination: Destination): VerifiedCopy | undefined =>
    verified[destination].find((copy) => copy.night <= night && copy.byHand !== true);
  const hq = newest('hq')?.night;
  const last = newest('local');
  const isElsewhere = localStore !== undefined && last?.store !== undefined && last.store !== localStore;
  const local = isElsewhere ? undefined : last?.night;
  return {
    firstNight,
    verified: { ...(hq === undefined ? {} : { hq }), ...(local === undefined ? {} : { local }) },
    ...(lastAttempt === undefined
      ? {}
      : {
          lastAttempt: {
            night: lastAttempt.night,
            count: lastAttempt.count,
            startedAt: new Date(lastAttempt.startedAt ?? lastAttempt.endedAt),
            endedAt: new Date(lastAttempt.endedAt),
            settled: lastAttempt.settled ?? [],
          } satisfies LastAttempt,
        }),
  };
}
