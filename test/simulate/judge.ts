/** Holds what the nights do against what was promised. Knows the truth of every store, disk and clock. */
import { breaksHistory, describeHistoryFinding } from '../../src/history/findings.js';
import { archiveBeside, type FoundNote, isNote, judgeHistory } from '../../src/history/judge-history.js';
import type { Label } from '../../src/model/parts.js';
import type { Alert, AlertCode, NightOutcome } from '../../src/nightly/alerts/alert.js';
import type { BackupReport } from '../../src/nightly/run/backup-report.js';
import type { NightJournalState } from '../../src/nightly/run/journal-state.js';
import type { StoredObject } from '../../src/storage/adapter.js';
import { day } from './faults.js';
import type { Store } from './store.js';
import { time } from './time.js';
import { nightName, weekOf } from './wall.js';

/** A promise that was not kept. */
export class Violation extends Error {
  override readonly name: 'Violation' = 'Violation';
}

/** An archive as it was sealed. */
export interface Sealed {
  readonly label: Label;
  readonly bytes: Uint8Array;
  readonly night: string;
  readonly scheduled: boolean;
  /** True time. */
  readonly at: number;
}

/** What a practice keeps, as far as the judge goes by it. */
export interface KeptBy {
  readonly dailyDays: number;
  readonly weeklyDays: number;
  /** All clocks were right for as long as copies are kept. */
  readonly isClockSound: boolean;
  readonly timeZone: string;
}

/** What the judge knows of one computer. */
interface Memory {
  readonly told: Map<
    string,
    {
      readonly cause: string;
      isExcused: boolean;
      readonly at: number;
      /** What it named in its messages since it stands. */
      named: ReadonlySet<string>;
    }
  >;
  /** What stood when its image was made. */
  atImage: Memory['told'];
  readonly outcomes: Map<string, boolean>;
  /** When its nights read last, and when those did that were told to be good. */
  readAt: number;
  readonly goodSince: Map<string, number>;
  readonly scheduledCopies: {
    readonly scope: string;
    readonly store: string;
    readonly night: string;
    readonly at: number;
  }[];
  /** Until when, in true time, it may have forgotten or mistaken something. */
  excusedUntil: number;
}

const signsOfAttack: ReadonlySet<AlertCode> = new Set<AlertCode>(['history-broken', 'looks-like-loss']);
const outcomeRanks = ['not-due', 'not-eligible', 'failed', 'waiting', 'verified'];

export class Judge {
  readonly #sealed: Map<string, Sealed> = new Map();
  /** Keys that were told to be verified, by the description of the store. */
  readonly #verified: Map<string, Set<string>> = new Map();
  /** What was found to be whole; no store changes what it keeps. */
  readonly #whole: WeakMap<Uint8Array, string> = new WeakMap();
  readonly #memories: Map<number, Memory> = new Map();
  readonly #verifiedAt: Set<string> = new Set();
  readonly stores: Map<string, Store> = new Map();
  /** The first promise that was not kept. */
  violation: Violation | undefined;
  readonly log: string[] = [];
  keepsLog = false;
  nights = 0;
  copies = 0;
  /** Keys of copies from before an attack that nobody has looked at yet. */
  #held: ReadonlySet<string> = new Set();
  /** When such an alert was raised last. */
  readonly #alarms: Map<AlertCode, number> = new Map();
  /** Whether a sign of an attack would be one of nothing. */
  isAlarmFalse: () => boolean = () => false;
  /** Since when the network path is what it is. */
  pathsSince: () => number = () => 0;
  /** Whether a night can only be good with a copy of it at HQ. */
  isDueAtHq: () => boolean = () => false;

  say(text: string): void {
    if (this.keepsLog) this.log.push(`${new Date(time.now).toISOString()} ${text}`);
  }

  fail(sentence: string): void {
    this.say(`VIOLATION ${sentence}`);
    this.violation ??= new Violation(`${new Date(time.now).toISOString()} ${sentence}`);
  }

  memory(computer: number): Memory {
    let memory = this.#memories.get(computer);
    if (memory === undefined) {
      memory = {
        told: new Map(),
        atImage: new Map(),
        outcomes: new Map(),
        readAt: 0,
        goodSince: new Map(),
        scheduledCopies: [],
        excusedUntil: 0,
      };
      this.#memories.set(computer, memory);
    }
    return memory;
  }

  /** Something befell a computer after which it may tell twice, or make a copy again. */
  excuse(computer: number, until: number): void {
    const memory = this.memory(computer);
    memory.excusedUntil = Math.max(memory.excusedUntil, until);
    for (const each of memory.told.values()) each.isExcused = true;
  }

  /** An image of a computer was made, with the list of alerts on it. */
  imaged(computer: number): void {
    const memory = this.memory(computer);
    memory.atImage = new Map([...memory.told].map(([code, alert]) => [code, { ...alert, isExcused: true }]));
  }

  /** A computer was turned back, and the list of alerts on it as well. */
  turnedBack(computer: number, to: number): void {
    const { told, atImage } = this.memory(computer);
    for (const [code, { at }] of told) if (at > to) told.delete(code);
    for (const [code, alert] of atImage) told.set(code, alert);
    this.forgets(computer);
  }

  /** Whatever befell it is over. */
  excuseNoMore(computer: number): void {
    const memory = this.memory(computer);
    memory.excusedUntil = Math.min(memory.excusedUntil, time.now);
  }

  sealed(archive: Sealed): void {
    this.#sealed.set(archive.label.archiveId, archive);
  }

  /** Whether an object in a store is, byte for byte, an archive that was sealed. */
  isWhole(key: string, bytes: Uint8Array): boolean {
    if (this.#whole.get(bytes) === key) return true;
    const sealed = this.#sealed.get(idIn(key));
    if (sealed === undefined || Buffer.compare(sealed.bytes, bytes) !== 0) return false;
    this.#whole.set(bytes, key);
    return true;
  }

  verified(computer: number, store: string, key: string, verifiedAt: string): void {
    this.copies++;
    this.say(`${computer} verified ${key} in ${store}`);
    const found = this.stores.get(store)?.objects.get(key);
    if (found === undefined) {
      this.fail(`${key} was told to be verified in ${store} and is not there`);
      return;
    }
    if (!this.isWhole(key, found.bytes))
      this.fail(`${key} was told to be verified in ${store} and is not whole`);
    const { label, night, scheduled } = this.#sealed.get(idIn(key))!;
    this.#verifiedAt.add(verifiedAt);
    const keys = this.#verified.get(store) ?? new Set();
    this.#verified.set(store, keys.add(key));
    if (scheduled)
      this.memory(computer).scheduledCopies.push({ scope: label.scope, store, night, at: time.now });
  }

  /** What a computer whose power or disk failed had noted of copies, and could not tell any more. */
  noted(journal: string | undefined): void {
    for (const { key, store, verifiedAt } of copiesNoted(journal)) {
      const found = this.stores.get(store)?.objects.get(key);
      if (found === undefined || !this.isWhole(key, found.bytes)) continue;
      this.#verifiedAt.add(verifiedAt);
      this.#verified.set(store, (this.#verified.get(store) ?? new Set()).add(key));
    }
  }

  /** What lies beside its note was read back, whoever could not tell. */
  #signed({ description, objects }: Store): void {
    const verified = this.#verified.get(description);
    for (const [key, { bytes }] of objects)
      if (objects.has(key.replace(/\.tar\.age$/, '.note')) && this.isWhole(key, bytes)) verified?.add(key);
  }

  /** Two nights and one copy by hand wait for each place, and no more. */
  waiting(computer: number, journal: string | undefined): void {
    const keys = /"pending":\[(.*?)\],"/s.exec(journal ?? '')?.[1] ?? '';
    for (const place of ['hq', 'local']) {
      const count = keys.split(`"destination":"${place}"`).length - 1;
      if (count > 3 && time.now > this.memory(computer).excusedUntil)
        this.fail(`${count} copies of computer ${computer} wait for ${place}`);
    }
  }

  dateRecorded(computer: number, date: Date): void {
    // A disk that fails keeps a computer from noting, and telling, what it has verified all the same.
    const isUntold = time.now <= this.memory(computer).excusedUntil && this.#isCopiedUntold();
    if (!this.#verifiedAt.has(date.toISOString()) && !isUntold) {
      this.fail(`${date.toISOString()} was recorded as the date of a local copy, and none was verified then`);
    }
  }

  /** Whether a whole copy lies in a folder that nobody was told of, however long it waited to be sent. */
  #isCopiedUntold(): boolean {
    const folders = [...this.stores.values()].filter(({ description }) => description !== 'HQ');
    return folders.some(({ description, objects }) =>
      [...objects].some(
        ([key, { bytes }]) => this.#verified.get(description)?.has(key) !== true && this.isWhole(key, bytes),
      ),
    );
  }

  keysOf(copies: readonly Sealed[]): readonly string[] {
    return copies.map(({ label, night }) => `4711/${night}/${label.archiveId}.tar.age`);
  }

  /** The whole, verified copies of a store, newest first. */
  wholeIn(store: Store, scope?: string): readonly Sealed[] {
    const keys = this.#verified.get(store.description) ?? new Set();
    return [...store.objects]
      .filter(([key, { bytes }]) => keys.has(key) && this.isWhole(key, bytes))
      .map(([key]) => this.#sealed.get(idIn(key))!)
      .filter(({ label }) => scope === undefined || label.scope === scope)
      .sort((a, b) => b.at - a.at);
  }

  /**
   * @param living - numbers of the administrators of today; null where they have just changed
   */
  removed(
    computer: number,
    store: Store,
    {
      key,
      bytes,
      journal,
    }: { readonly key: string; readonly bytes: Uint8Array; readonly journal: string | undefined },
    living: ReadonlySet<string> | null,
    policy: KeptBy,
  ): void {
    this.say(`${computer} removed ${key} from ${store.description}`);
    if (this.#held.has(key))
      this.fail(`${key}, which tells of an attack or is the last from before it, was removed`);
    const sealed = this.#sealed.get(idIn(key));
    const wasPromised = this.#verified.get(store.description)?.has(key) === true;
    if (sealed === undefined || !wasPromised || !this.isWhole(key, bytes)) return;
    const broken = (): string | null =>
      brokenBy(sealed, this.wholeIn(store, sealed.label.scope), living, policy);
    if (broken() === null) return;
    // A broken disk may have kept it from telling of a copy that it noted later, or the other computer of one that
    // it signed; whole it must be.
    this.noted(journal);
    this.#signed(store);
    const policyBroken = broken();
    if (policyBroken !== null) this.fail(`${key}, ${policyBroken} in ${store.description}, was removed`);
  }

  /**
   * Until a person has looked, these must not go: the last copies from before it, or what was put beside
   * them.
   */
  attacked(keys: readonly string[]): void {
    this.#held = new Set(keys);
  }

  /** A person has looked at what was found: an alert that stood from before may tell of it, too. */
  seen(): void {
    this.#held = new Set();
    for (const code of this.memory(0).told.keys()) this.#alarms.set(code as AlertCode, time.now);
  }

  /** It stands, or was raised since: what was put beside the copies, retention may have removed meanwhile. */
  assertNoticed(
    computer: number,
    code: AlertCode,
    { how, at }: { readonly how: string; readonly at: number },
  ): void {
    if (this.isKnown(computer, code, at)) return;
    this.fail(`nobody was told of an attack (${how}), as ${code} would`);
  }

  /** Whether an alert stands, or was raised since. */
  isKnown(computer: number, code: AlertCode, since: number): boolean {
    return this.memory(computer).told.has(code) || (this.#alarms.get(code) ?? 0) >= since;
  }

  /** Tries to tell of another cause: whether that is heard or not, the earlier one may be told again. */
  raising(computer: number, { code, cause }: Alert): void {
    const before = this.memory(computer).told.get(code);
    if (before !== undefined && before.cause !== cause) before.isExcused = true;
  }

  raised(computer: number, { code, cause, message }: Alert): void {
    this.say(`${computer} raises ${code} (${cause}): ${message}`);
    if (signsOfAttack.has(code) && this.isAlarmFalse())
      this.fail(`computer ${computer} raised ${code}, and nobody had done anything`);
    const { told, excusedUntil } = this.memory(computer);
    if (signsOfAttack.has(code)) this.#alarms.set(code, time.now);
    const before = told.get(code);
    const named = namedIn(message);
    // A run that cannot even begin tells so each time; a reminder comes once a month. And what is found while a
    // sign of an attack stands is told, and named first.
    const mayRepeat =
      code === 'backup-failed' ||
      (code === 'switched-off' && time.now - (before?.at ?? 0) > 27 * day) ||
      (signsOfAttack.has(code) && named[0] !== undefined && before?.named.has(named[0]) === false);
    if (before?.cause === cause && !before.isExcused && !mayRepeat && time.now > excusedUntil) {
      this.fail(`computer ${computer} raised ${code} (${cause}) again, which was told already`);
    }
    told.set(code, {
      cause,
      isExcused: time.now <= excusedUntil,
      at: time.now,
      named: new Set([...(before?.named ?? []), ...named]),
    });
  }

  /** It is over, and may be told anew, also where nobody could hear that it is over. */
  clearing(computer: number, code: string): void {
    const told = this.memory(computer).told.get(code);
    if (told !== undefined) told.isExcused = true;
  }

  /** A computer knows nothing more of its nights. */
  forgets(computer: number): void {
    this.memory(computer).scheduledCopies.length = 0;
  }

  /** Nor of what it has told: what it finds again is told again, one after the other. */
  losesJournal(computer: number): void {
    this.forgets(computer);
    for (const each of this.memory(computer).told.values()) each.named = new Set();
  }

  cleared(computer: number, code: string, isTold: boolean): void {
    const { told, excusedUntil } = this.memory(computer);
    this.say(`${computer} clears ${code}`);
    if (isTold && !told.has(code) && time.now > excusedUntil) {
      this.fail(`computer ${computer} told that ${code} is over, which did not stand`);
    }
    told.delete(code);
  }

  nightEnded(computer: number, { night, ok }: NightOutcome): void {
    this.nights++;
    this.say(`${computer} says night ${night} was ${ok ? 'good' : 'bad'}`);
    const memory = this.memory(computer);
    // A path that was changed since the settings were read needs a copy of its own, for which there may be no
    // time.
    const isOfOldPath = this.pathsSince() >= (memory.goodSince.get(night) ?? Number.POSITIVE_INFINITY);
    if (memory.outcomes.get(night) === true && !ok && time.now > memory.excusedUntil && !isOfOldPath) {
      this.fail(`the good night ${night} of computer ${computer} was told to be bad`);
    }
    memory.outcomes.set(night, ok || memory.outcomes.get(night) === true);
    if (ok) memory.goodSince.set(night, time.now - memory.readAt < day / 2 ? memory.readAt : time.now);
    if (!ok || !this.isDueAtHq()) return;
    const copies = [...(this.stores.get('HQ')?.objects ?? [])];
    // One that a clock made that was days ahead is of another night.
    const isOfNight = (key: string): boolean =>
      key.startsWith(`4711/${night}/`) && isMadeOn(night, this.#sealed.get(idIn(key))?.at ?? 0);
    if (!copies.some(([key, { bytes }]) => isOfNight(key) && this.isWhole(key, bytes)))
      this.fail(`the night ${night} was told to be good, and HQ has no copy of it`);
  }

  reportReplaced(path: string, before: string, after: string): void {
    let earlier: BackupReport;
    try {
      earlier = JSON.parse(before) as BackupReport;
    } catch {
      return;
    }
    const later = JSON.parse(after) as BackupReport;
    for (const { destination, outcome, copy } of earlier.destinations) {
      const now = later.destinations.find((each) => each.destination === destination);
      const isLess = outcomeRanks.indexOf(now?.outcome ?? '') < outcomeRanks.indexOf(outcome);
      const isLost = copy !== undefined && outcome === 'verified' && now?.copy === undefined;
      if (isLess || isLost) this.fail(`${path} said ${outcome} of ${destination}, and now ${now?.outcome}`);
    }
  }

  /** A reading of the database for a run of the night. */
  reads(
    computer: number,
    night: string,
    scope: string,
    store: string | undefined,
    everyNights: number,
  ): void {
    const { scheduledCopies, excusedUntil } = this.memory(computer);
    if (time.now <= excusedUntil) return;
    // One that a clock made that was days ahead stands for no night.
    const last = scheduledCopies.findLast(
      (each) =>
        each.scope === scope &&
        (store === undefined || each.store === store) &&
        isMadeOn(each.night, each.at),
    );
    if (last === undefined) return;
    const nights = Math.round((Date.parse(night) - Date.parse(last.night)) / day);
    if (nights >= 0 && nights < everyNights) {
      this.fail(
        `computer ${computer} read the database for ${scope} on ${night}, ${nights} nights after ${last.night}`,
      );
    }
  }

  /**
   * At the end of a calm time: a sign of life, good, of each of its nights but the one that may still last.
   */
  assertHeard(computer: number, nights: number, timeZone: string): void {
    const { outcomes } = this.memory(computer);
    for (let i = 2; i < nights; i++) {
      const night = nightName(time.now - i * day, timeZone);
      if (outcomes.get(night) !== true) {
        this.fail(
          `of the calm night ${night} computer ${computer} said ${outcomes.has(night) ? 'ill' : 'nothing'}`,
        );
      }
    }
  }

  /** At the end of a calm time: what the notes say of copies that nobody harmed. */
  assertProven(store: Store): void {
    // What the office itself has reported is no surprise, such as a copy without a note after a power cut.
    if (this.#alarms.has('history-broken')) return;
    const archives: StoredObject[] = [];
    const notes: FoundNote[] = [];
    for (const [key, { bytes, stored }] of store.objects) {
      if (isNote(key)) {
        const text = Buffer.from(bytes).toString();
        notes.push({ archiveKey: archiveBeside(key), storedAt: stored.modifiedAt, text });
      } else if (key.endsWith('.tar.age')) archives.push(stored);
    }
    const findings = judgeHistory({ practiceId: '4711', archives, notes }).findings.filter(breaksHistory);
    // A computer that was turned back uses its numbers again, and one that lost its key has another.
    if (findings.some(({ kind }) => kind === 'fork' || kind === 'unknown-key')) return;
    if (findings[0] !== undefined)
      this.fail(
        `after a calm time the notes in ${store.description} say: ${describeHistoryFinding(findings[0])}`,
      );
  }

  /** At the end of a calm time. */
  assertFresh(store: Store, scope: string, mostNights: number, what: string): void {
    const newest = this.wholeIn(store, scope)[0];
    const nights =
      newest === undefined ? Number.POSITIVE_INFINITY : (time.now - Date.parse(newest.night)) / day;
    if (nights <= mostNights + 1.6) return;
    this.fail(`after a calm time the newest copy ${what} is of ${newest?.night ?? 'no night'}`);
  }
}

/** What a copy was that should not have been removed; null where it might. */
function brokenBy(
  sealed: Sealed,
  left: readonly Sealed[],
  living: ReadonlySet<string> | null,
  { dailyDays, weeklyDays, isClockSound, timeZone }: KeptBy,
): string | null {
  if (left.length === 0) return 'the last whole copy';
  const opens = (each: Sealed): boolean => living?.has(each.label.keyHolder?.userNum ?? '') === true;
  if (living !== null && opens(sealed) && !left.some(opens))
    return 'the last that a living administrator opens';
  if (!isClockSound) return null;
  if (!left.some(({ at }) => at > sealed.at)) return 'the newest whole copy';
  const age = time.now - sealed.at;
  // A copy that was caught up with in the afternoon is one of the night that begins then, by the clock of its
  // computer.
  const madeOn = ({ label }: Sealed): string => nightName(Date.parse(label.createdAt), timeZone);
  const night = madeOn(sealed);
  if (age < (dailyDays - 1) * day && !left.some((each) => madeOn(each) === night))
    return 'the one of its night';
  const isOfWeek = (each: Sealed): boolean => weekOf(madeOn(each)) === weekOf(night);
  return age < (weeklyDays - 8) * day && !left.some(isOfWeek) ? 'the last of its week' : null;
}

function copiesNoted(
  journal: string | undefined,
): readonly { readonly key: string; readonly store: string; readonly verifiedAt: string }[] {
  try {
    const { verified } = JSON.parse(journal ?? '') as NightJournalState;
    const copies = [...verified.hq, ...verified.local];
    return copies.map(({ key, store = '', verifiedAt }) => ({ key, store, verifiedAt }));
  } catch {
    return [];
  }
}

/**
 * What the findings in a message are about, in their order: copies, those that are missing or changed as others
 * than those of which only the note is, newest notes, and tables.
 */
function namedIn(message: string): readonly string[] {
  const findings =
    /(4711\/[^ .]+)(?:\.tar\.age( was verified| is no longer| was found)?)?|Note \d+|(?:table|log|content of) \S+|\d+ of \d+|Nothing at all|replica|lacks the date/g;
  const names = [...message.matchAll(findings)].map(([all, key, lost]) =>
    key === undefined ? all : lost === undefined ? key : `lost ${key}`,
  );
  // One that is found at both places is told of each, in the same words.
  return names.map((name, i) => (names.includes(name, i + 1) ? `${name}, twice` : name));
}

/** Whether a copy with the date of a night was not made days before it, by a clock that was ahead. */
function isMadeOn(night: string, at: number): boolean {
  return at > Date.parse(night) - day / 2;
}

function idIn(key: string): string {
  return /([0-9a-f]{32})\.tar\.age$/.exec(key)?.[1] ?? '';
}
