import { inspectArchive } from '../archive/index.js';
import type { ArchiveScope, Label } from '../archive/model.js';
import { isBackupError } from '../errors.js';
import type { StorageAdapter, StoredObject } from '../storage/adapter.js';
import { rangeSourceOf } from '../storage/read-ranges.js';

/** An archive in a store, seen from outside. */
export interface ListedBackup {
  readonly key: string;
  /** In bytes. */
  readonly size: number;
  readonly storedAt: Date;
  /** What stands on its outside, not proven before it is opened; null when it is no archive or cannot be read. */
  readonly label: Label | null;
}

/** Which archives are wanted. */
export interface ListBackupsOptions {
  /** @defaultValue every practice in the store */
  readonly practiceId?: string;
  readonly scope?: ArchiveScope;
  /** @defaultValue the present moment */
  readonly now?: Date;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The archives of a store, newest first, with what stands on their outsides. No key is needed. What is named like an
 * archive and cannot be read as one is listed last, with no label.
 *
 * @throws BackupError `storage-…`
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
  const listed: ListedBackup[] = [];
  for await (const object of objectsOf(store, options)) {
    const backup = await look(store, object, options.signal);
    if (isWanted(backup, options)) listed.push(backup);
  }
  return listed.sort(newestFirst(options.now));
}

/**
 * The newest archive of a practice, by what stands on its outside; null when there is none.
 *
 * @throws BackupError `storage-…`
 * @example
 * ```ts
 * const newest = await findLatestBackup(store, { practiceId: '4711', scope: 'full' });
 * ```
 */
export async function findLatestBackup(
  store: StorageAdapter,
  options: ListBackupsOptions & { readonly practiceId: string },
): Promise<ListedBackup | null> {
  const objects: StoredObject[] = [];
  for await (const object of objectsOf(store, options)) objects.push(object);
  // Keys carry the date of the night, so the newest are looked at first and most others not at all.
  const { now = new Date() } = options;
  const latestFirst = objects.sort((a, b) => latest(b, now) - latest(a, now));
  let newest: ListedBackup | null = null;
  for (const object of latestFirst) {
    if (newest !== null && latest(object, now) < madeAt(newest, now)) break;
    const backup = await look(store, object, options.signal);
    if (backup.label === null || !isWanted(backup, options)) continue;
    if (newest === null || newestFirst(now)(backup, newest) < 0) newest = backup;
  }
  return newest;
}

async function* objectsOf(
  store: StorageAdapter,
  { practiceId, signal }: ListBackupsOptions,
): AsyncGenerator<StoredObject> {
  const prefix = practiceId === undefined ? '' : `${practiceId}/`;
  for await (const object of store.list(prefix, { signal })) {
    if (object.key.endsWith('.tar.age')) yield object;
  }
}

async function look(
  store: StorageAdapter,
  { key, size, modifiedAt }: StoredObject,
  signal: AbortSignal | undefined,
): Promise<ListedBackup> {
  const io = { signal };
  const found = { key, size, storedAt: modifiedAt };
  try {
    const source = store.capabilities.ranges ? await rangeSourceOf(store, key, io) : store.get(key, io);
    return { ...found, label: (await inspectArchive(source, io)).label };
  } catch (error) {
    const isNoArchive =
      isBackupError(error) && (error.code.startsWith('archive-') || error.code === 'storage-not-found');
    if (isNoArchive) return { ...found, label: null };
    throw error;
  }
}

function isWanted({ label }: ListedBackup, { practiceId, scope }: ListBackupsOptions): boolean {
  if (label === null) return scope === undefined;
  return (
    (practiceId === undefined || label.practiceId === practiceId) &&
    (scope === undefined || label.scope === scope)
  );
}

function newestFirst(now: Date = new Date()): (a: ListedBackup, b: ListedBackup) => number {
  return (a, b) => madeAt(b, now) - madeAt(a, now) || (a.key < b.key ? 1 : -1);
}

/**
 * When it was made, as far as that can be believed. A label from the future was dated by a clock that was wrong, and must not
 * pass off an old copy as the newest: there the store's date counts. Elsewhere it does not, as a store's clock may fall back
 * by years when its battery is empty.
 */
function madeAt({ label, storedAt }: ListedBackup, now: Date): number {
  if (label === null) return Number.NEGATIVE_INFINITY;
  const made = new Date(label.createdAt).getTime();
  return made <= now.getTime() ? made : Math.min(made, storedAt.getTime());
}

/** The latest that it can have been made, by its key: no night ends, anywhere, later than two days on. */
function latest({ key, modifiedAt }: StoredObject, now: Date): number {
  const night = Date.parse(key.split('/').at(-2) ?? '') + 2 * 86_400_000;
  const stored = modifiedAt.getTime();
  if (Number.isNaN(night)) return Math.max(stored, now.getTime());
  // A night that is still to come: the label may be of the future too, and then counts by the store's date.
  return night <= now.getTime() ? night : Math.max(Math.min(night, stored), now.getTime());
}
