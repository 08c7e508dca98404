import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Destination } from '../../eligibility/is-eligible.js';
import { BackupError, isBackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import { retryWhileBusy } from '../../files/retry-while-busy.js';
import { alertCodes } from '../alerts/alert.js';
import type { KnownSchedule } from '../known-schedule.js';
import type { LastAttempt, NightHistory } from '../next-run.js';
import { nightsBetween } from '../nights.js';
import type { LostCopy, NightJournalState, VerifiedCopy } from './journal-state.js';
import { journalText } from './journal-text.js';
import { parseJournal } from './parse-journal.js';
import type { SpareRoom } from './spare-room.js';

/** What is remembered of a removed copy: that there was one. */
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
/** From one run to the next; a clock that is put right leaves out more. */
const nightsOfAbsence = 31;
/** How long a dropped copy is remembered. */
const nightsOfLoss = 7;

/** The cause of an alert that a run whose journal is lost may have raised. */
export const untold = 'untold';

/**
 * What the runs of a practice remember: one small file, replaced in one step, so that a power cut never
 * leaves half of it.
 */
export class NightJournal {
  readonly #path: string;
  readonly #spareRoom: SpareRoom;
  /** It could not be read: what it knew of waiting copies must be found in the spool. */
  readonly wasDamaged: boolean;
  /** There was none: the practice is new, or its journal is lost, and copies may still wait in the spool. */
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
      // What was raised before the journal was lost is cleared once.
      alerts: Object.fromEntries(Object.keys(alertCodes).map((code) => [code, untold])),
    };
    const text = await readFileIfThere(path).catch(unusable);
    const parsed = text === null ? { state: empty, isWhole: true } : stateIn(path, text);
    const state = parsed?.state ?? null;
    const wasDamaged = parsed?.isWhole !== true;
    if (state !== null && state.practiceId !== start.practiceId) {
      throw new BackupError(
        'settings-invalid',
        `The spool folder ${folder} belongs to practice ${state.practiceId}, not to ${start.practiceId}.`,
        { details: { setting: 'spool' } },
      );
    }
    // A damaged journal costs no backup. It is kept for a later look.
    if (wasDamaged) await retryWhileBusy(() => rename(path, `${path}.damaged`)).catch(unusable);
    const machine = state?.machine || randomBytes(16).toString('hex');
    const begun = { ...(state ?? empty), machine, ...firstNightOf(state ?? empty, start.night) };
    const isOnDisk = !wasDamaged && machine === state?.machine && begun.firstNight === state.firstNight;
    return new NightJournal(path, begun, spareRoom, { wasDamaged, isNew: text === null, isOnDisk });
  }

  get state(): NightJournalState {
    return this.#state;
  }

  /**
   * Changes the state, which is written with the next update: for what the next run would find out again. It
   * saves the disk of the practice's server a sync.
   */
  note(change: (state: NightJournalState) => Partial<NightJournalState>): void {
    const before = this.#state;
    const changed = change(before);
    const names = Object.keys(changed) as readonly (keyof NightJournalState)[];
    if (names.every((name) => isDeepStrictEqual(changed[name], before[name]))) return;
    this.#state = { ...before, ...changed };
    this.#isOnDisk = false;
  }

  /** Changes the state and resolves when it is on the disk. Changes are written one after the other. */
  async update(change: (state: NightJournalState) => Partial<NightJournalState> = () => ({})): Promise<void> {
    this.note(change);
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#write());
    await this.#writing;
  }

  async #write(): Promise<void> {
    // An unchanged state is not written, because the disk may be that of the practice's server.
    if (this.#isOnDisk) return;
    const state = this.#state;
    const text = journalText(state);
    const write = () => replaceFile(this.#path, text);
    try {
      await write();
    } catch (error) {
      if (!isBackupError(error, 'storage-full') || !(await this.#spareRoom.giveUp())) throw error;
      await write();
    }
    this.#isOnDisk = this.#state === state;
    if (written.size >= mostWritten) written.clear();
    written.set(this.#path, { text, state });
  }

  /** Records what happened to copies at a place; {@link note}. */
  markCopies(
    destination: Destination,
    keys: readonly string[],
    mark: NonNullable<VerifiedCopy['state']>,
  ): void {
    const marked = new Set(keys);
    if (!this.#state.verified[destination].some(({ key }) => marked.has(key))) return;
    this.note(({ verified }) => ({
      verified: {
        ...verified,
        [destination]: verified[destination].map((copy) =>
          !marked.has(copy.key) ? copy : mark === 'gone' ? goneCopy(copy) : { ...copy, state: mark },
        ),
      },
    }));
  }

  /**
   * The warning about a damaged table, for a month: a server may repair it and lose rows, after which the
   * copies look good and lack them.
   */
  damageKnownOn(night: string): string | undefined {
    const { damage } = this.#state;
    if (damage === undefined) return undefined;
    const age = nightsBetween(damage.night, night);
    return age >= 0 && age <= nightsOfDamage ? damage.message : undefined;
  }

  /** A copy that was dropped recently. */
  lossKnownOn(night: string, destination: Destination): LostCopy | undefined {
    const lost = this.#state.lost?.[destination];
    if (lost === undefined) return undefined;
    const age = nightsBetween(lost.since, night);
    return age >= 0 && age <= nightsOfLoss ? lost : undefined;
  }

  /**
   * The newest verified copy of a place, as of a night. One dated later comes from a wrong clock.
   *
   * @param store - counts only copies in it
   */
  newestVerified(destination: Destination, night: string, store?: string): VerifiedCopy | undefined {
    return this.#state.verified[destination].find((copy) => copy.night <= night && isIn(copy, store));
  }
}

/**
 * A first night in the future comes from a wrong clock, of that night or of tonight, and would hold back
 * alerts until then. If it was tonight's, time goes on from where it was.
 */
function firstNightOf(
  { firstNight, firstNightBefore: before, lastAttempt }: NightJournalState,
  tonight: string,
): Pick<NightJournalState, 'firstNight' | 'firstNightBefore'> {
  if (firstNight > tonight) return { firstNight: tonight, firstNightBefore: before ?? firstNight };
  if (before === undefined || before > tonight) return { firstNight };
  const last = lastAttempt?.night ?? before;
  const isInTurn = last < before && nightsBetween(last, tonight) <= nightsOfAbsence;
  return { firstNight: isInTurn ? firstNight : before, firstNightBefore: undefined };
}

/** What this process wrote last, by path: a service reads its own journal every minute. */
const written = new Map<string, { readonly text: string; readonly state: NightJournalState }>();
const mostWritten = 8;

function stateIn(path: string, text: string): ReturnType<typeof parseJournal> {
  const known = written.get(path);
  return known?.text === text ? { state: known.state, isWhole: true } : parseJournal(text);
}

/** The journal of a practice; null where there is none that can be read. */
export async function readJournal(folder: string, practiceId: string): Promise<NightJournalState | null> {
  const path = join(folder, 'journal.json');
  const text = await readFileIfThere(path);
  const state = text === null ? null : (stateIn(path, text)?.state ?? null);
  return state?.practiceId === practiceId ? state : null;
}

/**
 * The history up to a night; empty if there is none, or if it cannot be read.
 *
 * @param at - the night, what time it is, and where local copies go now: those elsewhere are not counted
 */
export async function readHistory(folder: string, practiceId: string, at: HistoryAt): Promise<NightHistory> {
  const state = await readJournal(folder, practiceId);
  return state === null ? { verified: {} } : historyOf(withoutLost(state, at.night), at);
}

/** For what a history is asked: {@link readHistory}. */
interface HistoryAt {
  readonly night: string;
  readonly now: Date;
  readonly localStore?: string | undefined;
}

/**
 * A place whose newest copy was removed or changed gets another one on the next night, not when the next is
 * due. The night that found it is reported as it was.
 */
function withoutLost(state: NightJournalState, night: string): NightJournalState {
  const { verified, sequences, lastAttempt } = state;
  if (lastAttempt?.night === night) return state;
  const left = (destination: Destination): readonly VerifiedCopy[] => {
    // Also where a person has acknowledged it: that brings no copy back.
    const lost = new Set([
      ...(sequences?.[destination]?.lost ?? []),
      ...(sequences?.[destination]?.accepted ?? []),
    ]);
    return verified[destination].filter(({ key }) => !lost.has(key));
  };
  return { ...state, verified: { hq: left('hq'), local: left('local') } };
}

/** The schedule that HQ gave last, as the journal has it. */
export async function readSchedule(folder: string, practiceId: string): Promise<KnownSchedule | undefined> {
  return (await readJournal(folder, practiceId))?.schedule;
}

/** Also a copy of which it is not known where it is. */
function isIn(copy: VerifiedCopy, store: string | undefined): boolean {
  return store === undefined || copy.store === undefined || copy.store === store;
}

/** The history of a journal, as far as it decides what is due. */
export function historyOf(state: NightJournalState, { night, now, localStore }: HistoryAt): NightHistory {
  const { failed, lastAttempt, verified, firstNight } = state;
  const newest = (destination: Destination, counts: (copy: VerifiedCopy) => boolean): string | undefined =>
    verified[destination].find((copy) => copy.night <= night && copy.byHand !== true && counts(copy))?.night;
  // A copy with the date of this night is of a clock that was ahead, if the last run, on an earlier night, would
  // have found it in the future; or if it still is there, and the last run as well. Nor has the night one where its
  // own run has failed.
  const isAhead = ({ verifiedAt }: VerifiedCopy): boolean =>
    lastAttempt !== undefined &&
    (lastAttempt.night < night
      ? verifiedAt > lastAttempt.endedAt
      : lastAttempt.night > night && verifiedAt > now.toISOString());
  const hasFailed = lastAttempt !== undefined && failed.hq?.night === night;
  const hq = newest('hq', (copy) => copy.night < night || !(hasFailed || isAhead(copy)));
  const local = newest('local', (copy) => isIn(copy, localStore));
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
