import { BackupError, isBackupError } from '../../errors.js';
import { hashOfNote } from '../../history/note.js';
import { noteKeyOf } from '../../history/note-body.js';
import { readNote } from '../../history/verify-history.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { verifyStored } from '../../storage/verify-stored.js';
import { codeOf } from '../run/failure.js';
import type { ProvableCopy } from './due-copies.js';
import type { ReadCopy, ReadFinding } from './read-finding.js';

/** Longest silence of a store, in milliseconds. */
export const longestSilence = 600_000;

/** How a place is read. */
export interface Scrub {
  readonly store: StorageAdapter;
  readonly signal: AbortSignal;
  /** Longest silence, in milliseconds. */
  readonly silence: number;
  /** Called for each copy before the next one begins. */
  readonly onRead: (read: ReadCopy) => Promise<void>;
}

/**
 * Reads copies of one place completely, one after the other, and compares them with what was written.
 *
 * @returns why not all of them were read; undefined where they were
 */
export async function scrubPlace(
  due: readonly ProvableCopy[],
  scrub: Scrub,
): Promise<ReturnType<typeof codeOf> | undefined> {
  const { signal, onRead } = scrub;
  for (const copy of due) {
    let found: ReadFinding;
    try {
      signal.throwIfAborted();
      found = await readWhole(copy, scrub);
    } catch (error) {
      if (signal.aborted) return codeOf(signal.reason);
      // The next night's list shows whether it was removed.
      if (isBackupError(error, 'storage-not-found')) continue;
      // Not by asking for this object: one that the store cannot even look at must not hide the others.
      const isThere = await isListed(copy.key, scrub).catch(() => null);
      if (signal.aborted) return codeOf(signal.reason);
      if (isThere === null) return codeOf(error);
      if (!isThere) continue;
      found = 'unread';
    }
    await onRead({ copy, found });
  }
  return undefined;
}

async function readWhole({ key, bytes, sha256, note }: ProvableCopy, scrub: Scrub): Promise<ReadFinding> {
  const { store } = scrub;
  try {
    await within(scrub, key, (signal, renew) =>
      verifyStored(store, key, { size: bytes, sha256 }, { signal, onProgress: renew }),
    );
  } catch (error) {
    if (isBackupError(error, 'verification-failed')) return 'spoiled';
    throw error;
  }
  if (note === undefined) return 'whole';
  try {
    const found = await within(scrub, key, (signal) => readNote(store, noteKeyOf(key)!, signal));
    return hashOfNote(found) === note ? 'whole' : 'note-changed';
  } catch (error) {
    // The next night's list shows that the note is missing.
    if (isBackupError(error, 'storage-not-found')) return 'whole';
    throw error;
  }
}

function isListed(key: string, scrub: Scrub): Promise<boolean> {
  return within(scrub, key, async (signal) => {
    for await (const object of scrub.store.list(key, { signal })) if (object.key === key) return true;
    return false;
  });
}

/** Work that is aborted after a silence. */
async function within<Result>(
  { store, signal, silence }: Scrub,
  key: string,
  work: (signal: AbortSignal, renew: () => void) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  let heard = performance.now();
  const look = (): void => {
    const left = heard + silence - performance.now();
    if (left > 0) timer = setTimeout(look, left);
    else {
      const message = `${key} in ${store.description} stopped arriving while it was read.`;
      controller.abort(new BackupError('storage-transient', message, { activity: 'store' }));
    }
  };
  let timer = setTimeout(look, silence);
  const leave = (): void => controller.abort(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    return await work(controller.signal, () => {
      heard = performance.now();
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}
