import { assertArgument, assertOptions, assertStorage } from '../arguments.js';
import { type BackupErrorCode, during, isBackupError } from '../errors.js';
import type { ArchiveScope, Label } from '../model/parts.js';
import type { StorageAdapter, StoredObject } from '../storage/adapter.js';
import { compareKeys } from '../storage/object-keys.js';
import { archiveBeside, isNote } from './judge-history.js';
import { formatNoteKey, isSignedBy, largestNote, parseNote } from './note.js';
import { judgeNoteBeside, type OriginBeside } from './note-beside.js';
import { parseBody } from './note-body.js';
import { Outsides } from './outsides.js';
import { SmallReads } from './small-reads.js';
import { readNote } from './verify-history.js';

const hour = 60 * 60_000;
const day = 24 * hour;

/** An archive in a store, as its label describes it. */
export interface ListedBackup {
  /** Under which it is stored. */
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  /** When it was stored, by the clock of the store. */
  readonly storedAt: Date;
  /** Its label, not verified before it is opened; null when it is not an archive or cannot be read. */
  readonly label: Label | null;
  /**
   * What the signed note beside it says about who made it; absent where there is no label or the note could
   * not be read.
   */
  readonly origin?: OriginBeside;
  /** Why its label could not be read, if the store did not return it; it may still be an archive. */
  readonly unreadable?: BackupErrorCode;
}

/** Which archives to list. */
export interface ListBackupsOptions {
  /** @defaultValue every practice in the store */
  readonly practiceId?: string | undefined;
  /** Only archives of this scope. @defaultValue both */
  readonly scope?: ArchiveScope | undefined;
  /**
   * The signing keys of the office, as its reports name them.
   * @defaultValue the key of the note that was stored first
   */
  readonly trustedKeys?: readonly string[] | undefined;
  /** Whether the notes are read: one more small object for each archive. @defaultValue true */
  readonly origins?: boolean | undefined;
  /** @defaultValue the present moment */
  readonly now?: Date | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The archives of a store, newest first, with their labels. No key is needed. A file that is named like an
 * archive but cannot be read as one is listed last, without a label. One that the store does not return, such
 * as one in cold storage or on a bad sector, hides no other. After five in a row for which the store stays
 * silent, it is not asked for older ones.
 *
 * @throws BackupError `storage-…` when the store cannot be listed, or none of several can be read
 * @example
 * ```ts
 * for (const { key, label } of await listBackups(store, { practiceId: '4711' })) {
 *   console.log(key, label?.createdAt, label?.keyHolder?.userName);
 * }
 * ```
 */
export async function listBackups(
  store: StorageAdapter,
  options: ListBackupsOptions = {},
): Promise<readonly ListedBackup[]> {
  assertStorage('store', store);
  assertOptions(options, { practiceId: 'text?', now: 'date?' });
  return during('read', async () => (await listWith(store, options)).backups);
}

/** What a store lists. */
export interface Listing {
  /** Newest first. */
  readonly backups: readonly ListedBackup[];
  /** Several in a row did not return, so that no other label was read. */
  readonly isAway: boolean;
}

/**
 * The same for a caller that lists every night.
 *
 * @param known - labels that were read before; those of objects that were not written since are not read
 * again
 * @param patience - how long it waits for a label or note once several were not returned, in milliseconds
 */
export async function listWith(
  store: StorageAdapter,
  options: ListBackupsOptions,
  known?: Map<string, Label>,
  patience?: number,
): Promise<Listing> {
  const { now = new Date() } = options;
  const listed: ListedBackup[] = [];
  const outsides = new Outsides(store, options.signal, known, patience);
  const notes = new Notes(store, options, patience);
  // Newest first, so that the older ones are left out if the store stops answering.
  for (const object of await objectsOf(store, options, { notes, now })) {
    const backup = await notes.judge(await outsides.look(object));
    if (isWanted(backup, options)) listed.push(backup);
  }
  outsides.assertSomeWereRead();
  return { backups: newestFirst(listed, now), isAway: outsides.isAway };
}

/** The newest archive, and those that claim to be newer. */
export interface LatestBackup extends ListedBackup {
  /** Archives that claim to be newer but that no known key signed, newest first: reported, but not used. */
  readonly passedOver: readonly ListedBackup[];
}

/**
 * The newest archive of a practice, by its label; null when there is none. Where the office signs notes, it
 * is the newest one that the office signed; those that claim to be newer are reported beside it. One whose
 * label is later than the store's date of it, as by a clock that was ahead, counts by its number and the
 * store's order.
 *
 * @throws BackupError `storage-…`, also when there may be one and the store gives none
 * @example
 * ```ts
 * const newest = await findLatestBackup(store, { practiceId: '4711', scope: 'full' });
 * ```
 */
export async function findLatestBackup(
  store: StorageAdapter,
  options: ListBackupsOptions & { readonly practiceId: string },
): Promise<LatestBackup | null> {
  assertStorage('store', store);
  assertArgument('options', options, 'object', { practiceId: 'text' });
  return during('read', () => findLatest(store, options));
}

async function findLatest(store: StorageAdapter, options: ListBackupsOptions): Promise<LatestBackup | null> {
  const { now = new Date() } = options;
  const notes = new Notes(store, options);
  const objects = await objectsOf(store, options, { notes, now });
  const trusted = await notes.trustedKeys();
  const passedOver: ListedBackup[] = [];
  const candidates: ListedBackup[] = [];
  const outsides = new Outsides(store, options.signal);
  for (const object of objects) {
    if (candidates.some((each) => latest(object, now) < earliest(each, now))) break;
    const backup = await notes.judge(await outsides.look(object));
    // A transient failure is thrown: an older copy must not be taken for the newest because of a broken line.
    if (backup.unreadable === 'storage-transient') throw outsides.failure;
    if (backup.label === null || !isWanted(backup, options)) continue;
    const isTrusted = trusted.length === 0 || isSignedByOneOf(trusted, backup);
    (isTrusted ? candidates : passedOver).push(backup);
  }
  const [newest] = newestFirst(candidates, now);
  if (newest === undefined && outsides.failure !== undefined) throw outsides.failure;
  const claims = newestFirst(passedOver, now);
  // If nothing is signed, the newest is better than nothing.
  if (newest === undefined) return claims[0] === undefined ? null : { ...claims[0], passedOver: claims };
  const isNewer = (each: ListedBackup): boolean => newestFirst([each, newest], now)[0] === each;
  return { ...newest, passedOver: claims.filter(isNewer) };
}

function isSignedByOneOf(keys: readonly string[], { origin }: ListedBackup): boolean {
  return origin?.kind === 'signed' && keys.includes(origin.signedWith);
}

/** Keys contain the date of the night, so what may be newest is first without a label being read. */
async function objectsOf(
  store: StorageAdapter,
  { practiceId, signal }: ListBackupsOptions,
  { notes, now }: { readonly notes: Notes; readonly now: Date },
): Promise<readonly StoredObject[]> {
  const prefix = practiceId === undefined ? '' : `${practiceId}/`;
  const objects: StoredObject[] = [];
  for await (const object of store.list(prefix, { signal })) {
    if (object.key.endsWith('.tar.age')) objects.push(object);
    else if (isNote(object.key)) notes.add(object);
  }
  return objects.sort((a, b) => latest(b, now) - latest(a, now));
}

/** How many notes are tried for the key that was used first. */
const mostTried = 5;

/** The notes beside archives. */
class Notes {
  readonly #store: StorageAdapter;
  readonly #options: ListBackupsOptions;
  readonly #reads: SmallReads;
  /** By the keys of their archives. */
  readonly #objects = new Map<string, StoredObject>();

  constructor(store: StorageAdapter, options: ListBackupsOptions, patience?: number) {
    this.#store = store;
    this.#options = options;
    this.#reads = new SmallReads(store, options.signal, patience);
  }

  add(object: StoredObject): void {
    this.#objects.set(archiveBeside(object.key), object);
  }

  /** Those given, or that of the note that was stored first; none where there is no note. */
  async trustedKeys(): Promise<readonly string[]> {
    const { trustedKeys = [], origins = true } = this.#options;
    if (trustedKeys.length > 0 || !origins) return trustedKeys;
    const oldest = [...this.#objects.values()].sort(
      (a, b) => a.modifiedAt.getTime() - b.modifiedAt.getTime() || compareKeys(a.key, b.key),
    );
    for (const { key } of oldest.slice(0, mostTried)) {
      const text = await this.#read(archiveBeside(key));
      const note = parseNote(text ?? '');
      const parsed = note === null ? null : parseBody(note.text);
      if (note === null || parsed?.kind !== 'body' || !isSignedBy(note, parsed.body.signedWith)) continue;
      return [formatNoteKey(parsed.body.signedWith)];
    }
    return [];
  }

  async judge(backup: ListedBackup): Promise<ListedBackup> {
    const { key, size, label } = backup;
    if (label === null || this.#options.origins === false) return backup;
    if (!this.#objects.has(key)) return { ...backup, origin: { kind: 'unsigned' } };
    const text = await this.#read(key);
    if (text === null) return backup;
    const { archiveId, practiceId } = label;
    return { ...backup, origin: judgeNoteBeside(text, { size, archiveId, practiceId, key }) };
  }

  async #read(archiveKey: string): Promise<string | null> {
    const { key, size } = this.#objects.get(archiveKey)!;
    if (size > largestNote) return '';
    try {
      return await this.#reads.read(key, (signal) => readNote(this.#store, key, signal));
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (isBackupError(error)) return null;
      throw error;
    }
  }
}

function isWanted({ label }: ListedBackup, { practiceId, scope }: ListBackupsOptions): boolean {
  if (label === null) return scope === undefined;
  return (
    (practiceId === undefined || label.practiceId === practiceId) &&
    (scope === undefined || label.scope === scope)
  );
}

function newestFirst(backups: readonly ListedBackup[], now: Date): readonly ListedBackup[] {
  const made = new Map(backups.map((each) => [each, madeBefore(each, backups, now)]));
  return [...backups].sort((a, b) => made.get(b)! - made.get(a)! || (a.key < b.key ? 1 : -1));
}

/**
 * When it was made, and not after one that the same key signed, and the store got, later. Numbers alone do not
 * say it, as a note may be late, nor does the store's clock, which may fall back.
 */
function madeBefore(backup: ListedBackup, all: readonly ListedBackup[], now: Date): number {
  const made = madeAt(backup, now);
  if (!isDoubtful(backup)) return made;
  const later = all.filter(
    (each) => each.storedAt > backup.storedAt && numberOf(each, backup) > numberOf(backup, backup),
  );
  return Math.min(made, ...later.map((each) => madeAt(each, now) - 1));
}

/** Its number in the sequence of another; NaN where it is not of that sequence. */
function numberOf({ origin }: ListedBackup, { origin: other }: ListedBackup): number {
  if (origin?.kind !== 'signed' || other?.kind !== 'signed') return Number.NaN;
  const isAlike = origin.signedWith === other.signedWith && origin.destination === other.destination;
  return isAlike ? origin.number : Number.NaN;
}

/** Whether its label is later than the store's date of it: the clock of one of them was wrong. */
function isDoubtful({ label, storedAt }: ListedBackup): boolean {
  return label !== null && new Date(label.createdAt).getTime() > storedAt.getTime() + hour;
}

/** The earliest that it can have been made. One in doubt is held against those of a month. */
function earliest(backup: ListedBackup, now: Date): number {
  const made = madeAt(backup, now);
  if (!isDoubtful(backup)) return made;
  return Math.max(Math.min(made, backup.storedAt.getTime()), made - 31 * day);
}

/**
 * When it was made, as far as that can be trusted. A label dated in the future comes from a wrong clock, and
 * must not make an old copy the newest: then the store's date counts. Otherwise it does not, as a store's
 * clock may fall back by years when its battery is empty.
 */
function madeAt({ label, storedAt }: ListedBackup, now: Date): number {
  if (label === null) return Number.NEGATIVE_INFINITY;
  const made = new Date(label.createdAt).getTime();
  return made <= now.getTime() ? made : Math.min(made, storedAt.getTime());
}

/** The latest that it can have been made, by its key: no night ends, anywhere, later than two days on. */
function latest({ key, modifiedAt }: StoredObject, now: Date): number {
  const night = Date.parse(key.split('/').at(-2) ?? '') + 2 * day;
  const stored = modifiedAt.getTime();
  if (Number.isNaN(night)) return Math.max(stored, now.getTime());
  // A night in the future: the label may be as well, and then counts by the store's date.
  return night <= now.getTime() ? night : Math.max(Math.min(night, stored), now.getTime());
}
