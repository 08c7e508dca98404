import { assertArgument, assertOptions, assertStorage } from '../arguments.js';
import { concatBytes, fromUtf8 } from '../bytes.js';
import type { Destination } from '../eligibility/is-eligible.js';
import { type BackupErrorCode, isBackupError } from '../errors.js';
import type { StorageAdapter, StoredObject } from '../storage/adapter.js';
import { compareKeys } from '../storage/object-keys.js';
import { verifyStored } from '../storage/verify-stored.js';
import type { HistoryFinding } from './findings.js';
import {
  type ArchiveOrigin,
  archiveBeside,
  type FoundNote,
  type History,
  isNote,
  judgeHistory,
} from './judge-history.js';
import { largestNote } from './note.js';
import type { SequenceHead } from './note-body.js';
import { SmallReads } from './small-reads.js';

/** Options of {@link verifyHistory}. */
export interface VerifyHistoryOptions {
  /** Whose archives are checked. */
  readonly practiceId: string;
  /**
   * The signing keys of the office, as `formatNoteKey` gives them and as the report and every note name them.
   * @defaultValue the key of the note that was stored first
   */
  readonly trustedKeys?: readonly string[] | undefined;
  /**
   * The newest notes that are known from elsewhere: from a report, or from the history at the other place.
   */
  readonly knownHeads?: Readonly<Partial<Record<Destination, SequenceHead>>> | undefined;
  /** Which archives are read and compared with the SHA-256 of their notes. @defaultValue none; only sizes */
  readonly reads?: ((archive: StoredObject) => boolean) | undefined;
  /** Notes read at once. @defaultValue 8 */
  readonly concurrency?: number | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link verifyHistories}. */
export interface VerifyHistoriesOptions
  extends Omit<VerifyHistoryOptions, 'knownHeads' | 'practiceId' | 'trustedKeys'> {
  /** The trusted keys of a practice; none for a new one. */
  readonly trustedKeys?: ((practiceId: string) => readonly string[] | undefined) | undefined;
  /** The newest notes of a practice that are known from elsewhere. */
  readonly knownHeads?: ((practiceId: string) => VerifyHistoryOptions['knownHeads']) | undefined;
  /** Continues after this practice, if an earlier pass was interrupted. */
  readonly after?: string | undefined;
  /** Only practices whose id has this prefix, to share a bucket among several passes. @defaultValue '' */
  readonly prefix?: string | undefined;
}

/** More objects than any practice has at one place. */
const mostObjects = 40_000;

/**
 * Checks the archives of a practice against the signed notes beside them: whether any is missing, replaced,
 * foreign or older than it should be. Needs no key that opens anything. Memory grows with the archives of one
 * practice, by some hundred bytes each.
 *
 * @throws BackupError `storage-…` when the store cannot be listed
 * @example
 * ```ts
 * const { heads, unbrokenSince, findings } = await verifyHistory(store, { practiceId: '4711' });
 * console.log(heads.hq?.number, unbrokenSince?.night, findings);
 * ```
 */
export async function verifyHistory(store: StorageAdapter, options: VerifyHistoryOptions): Promise<History> {
  assertStorage('store', store);
  assertArgument('options', options, 'object', {
    practiceId: 'text',
    trustedKeys: 'array?',
    knownHeads: 'object?',
    reads: 'function?',
    concurrency: 'number?',
    signal: 'signal?',
  });
  return (await readHistory(store, options)).history;
}

/** What a place shows. */
export interface ReadHistory {
  readonly history: History;
  /** It returned no note, or none any more: then nothing is known of those that are there. */
  readonly isAway: boolean;
}

/** The same for a caller that goes by what is there. */
export async function readHistory(
  store: StorageAdapter,
  options: VerifyHistoryOptions,
): Promise<ReadHistory> {
  const { practiceId, signal } = options;
  const objects: StoredObject[] = [];
  for await (const object of store.list(`${practiceId}/`, { signal })) {
    if (objects.length >= mostObjects) return verifyObjects(store, objects, options, true);
    if (isOfHistory(object.key)) objects.push(object);
  }
  return verifyObjects(store, objects, options, false);
}

/**
 * The same for every practice of a bucket, one after the other, as a vendor needs it: one pass over the
 * listing, with the memory of one practice.
 *
 * @throws BackupError `storage-…` when the store cannot be listed
 * @example
 * ```ts
 * for await (const { practiceId, findings } of verifyHistories(store)) {
 *   if (findings.some(breaksHistory)) console.log(practiceId, findings);
 * }
 * ```
 */
export async function* verifyHistories(
  store: StorageAdapter,
  options: VerifyHistoriesOptions = {},
): AsyncGenerator<History> {
  assertStorage('store', store);
  assertOptions(options, {
    trustedKeys: 'function?',
    knownHeads: 'function?',
    reads: 'function?',
    concurrency: 'number?',
    after: 'text?',
    prefix: 'text?',
  });
  const { after, prefix = '', signal, trustedKeys, knownHeads, ...rest } = options;
  const judge = async (practiceId: string, objects: readonly StoredObject[]): Promise<History> => {
    const of = { trustedKeys: trustedKeys?.(practiceId), knownHeads: knownHeads?.(practiceId) };
    const isCut = objects.length >= mostObjects;
    const read = await verifyObjects(store, objects, { ...rest, practiceId, signal, ...of }, isCut);
    return read.history;
  };
  let practice = '';
  let objects: StoredObject[] = [];
  for await (const object of store.list(prefix, { signal })) {
    const slash = object.key.indexOf('/');
    if (slash < 1 || !isOfHistory(object.key)) continue;
    const next = object.key.slice(0, slash);
    if (after !== undefined && compareKeys(`${next}/`, `${after}/`) <= 0) continue;
    if (next !== practice) {
      if (objects.length > 0) yield await judge(practice, objects);
      practice = next;
      objects = [];
    }
    if (objects.length < mostObjects) objects.push(object);
  }
  if (objects.length > 0) yield await judge(practice, objects);
}

async function verifyObjects(
  store: StorageAdapter,
  objects: readonly StoredObject[],
  options: VerifyHistoryOptions,
  isCut: boolean,
): Promise<ReadHistory> {
  const { practiceId, trustedKeys, knownHeads, concurrency = 8, signal } = options;
  const troubles: HistoryFinding[] = [];
  const notes: FoundNote[] = [];
  const unread = new Set<string>();
  const reads = new SmallReads(store, signal);
  const waiting = objects.filter(({ key }) => isNote(key))[Symbol.iterator]();
  const work = async (): Promise<void> => {
    for (const { key, size, modifiedAt } of waiting) {
      signal?.throwIfAborted();
      const archiveKey = archiveBeside(key);
      try {
        const text = size > largestNote ? '' : await reads.read(key, (ended) => readNote(store, key, ended));
        notes.push({ archiveKey, storedAt: modifiedAt, text });
      } catch (error) {
        signal?.throwIfAborted();
        unread.add(archiveKey);
        troubles.push({ kind: 'unreadable', key, code: codeOf(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work));
  const archives = objects.filter(({ key }) => !isNote(key));
  const history = judgeHistory({ practiceId, archives, notes, trustedKeys, knownHeads });
  const origins = new Map(history.origins);
  const findings = [
    // A note that could not be read is not a missing one.
    ...history.findings.filter((each) => !(each.kind === 'note-missing' && unread.has(each.key))),
    ...troubles,
  ];
  for (const key of unread) if (origins.has(key)) origins.set(key, { kind: 'not-judged' });
  const isRead = options.reads;
  if (isRead !== undefined) await readEach(store, archives.filter(isRead), { origins, findings, signal });
  if (isCut) findings.push({ kind: 'too-many', looked: objects.length });
  return { history: { ...history, origins, findings }, isAway: reads.isAway || reads.hasReturnedNone };
}

async function readEach(
  store: StorageAdapter,
  archives: readonly StoredObject[],
  {
    origins,
    findings,
    signal,
  }: {
    readonly origins: Map<string, ArchiveOrigin>;
    readonly findings: HistoryFinding[];
    readonly signal: AbortSignal | undefined;
  },
): Promise<void> {
  for (const { key, size } of archives) {
    const origin = origins.get(key);
    if (origin?.kind !== 'proven') continue;
    try {
      await verifyStored(store, key, { size, sha256: origin.sha256 }, { signal });
    } catch (error) {
      signal?.throwIfAborted();
      const { number } = origin;
      if (isBackupError(error, 'verification-failed')) {
        origins.set(key, { kind: 'overwritten', number });
        findings.push({ kind: 'overwritten', key, number, what: 'sha256' });
      } else findings.push({ kind: 'unreadable', key, code: codeOf(error) });
    }
  }
}

/**
 * The text of a note; empty if it is not one.
 *
 * @throws BackupError `storage-…`
 */
export async function readNote(
  store: StorageAdapter,
  key: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of store.get(key, { signal })) {
    size += chunk.length;
    if (size > largestNote) return '';
    chunks.push(chunk);
  }
  try {
    return fromUtf8(concatBytes(chunks));
  } catch {
    return '';
  }
}

function isOfHistory(key: string): boolean {
  return key.endsWith('.tar.age') || isNote(key);
}

function codeOf(error: unknown): BackupErrorCode {
  if (isBackupError(error)) return error.code;
  throw error;
}
