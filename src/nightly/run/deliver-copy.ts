import { inspectArchive } from '../../archive/index.js';
import { BackupError, isBackupError } from '../../errors.js';
import { formatBytes } from '../../quantities.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { rangeSourceOf } from '../../storage/read-ranges.js';
import { replayableFile } from '../../storage/replayable.js';
import { verifyStored } from '../../storage/verify-stored.js';
import type { BackupEvent } from './events.js';
import type { PendingCopy } from './journal-state.js';

/** Where and how a sealed archive is sent. */
export interface Delivery {
  readonly store: StorageAdapter;
  /** The sealed file. */
  readonly path: string;
  readonly signal: AbortSignal;
  readonly emit: (event: BackupEvent) => void;
}

/**
 * Stores a sealed archive, reads it back and compares it. Resolves only when the store returns the archive
 * byte for byte.
 *
 * The writer cannot open what it sealed, so it compares digests. Only a rehearsal by somebody with a key
 * shows whether the content can be restored.
 *
 * @throws BackupError `verification-failed`, or a `storage-…` code
 */
export async function deliverCopy(
  { destination, copy }: PendingCopy,
  { store, path, signal, emit }: Delivery,
): Promise<void> {
  const { key, bytes, sha256 } = copy;
  emit({ kind: 'phase', phase: 'publish', destination });
  const source = await replayableFile(path, { sha256 });
  let sent = 0;
  const tell = (phase: 'publish' | 'verify') => (progress: { transferredBytes: number }) => {
    const { transferredBytes } = progress;
    if (phase === 'publish') sent = transferredBytes;
    emit({ kind: 'transfer-progress', phase, destination, transferredBytes, totalBytes: bytes });
  };
  try {
    await store.put(key, source, { ifAbsent: true, signal, onProgress: tell('publish') });
  } catch (error) {
    if (isBackupError(error, 'window-closed') && sent > 0 && !store.capabilities.resumablePut) {
      throw cutAtEndOfNight(store, { sent, bytes, cause: error });
    }
    // Left by a run that died between storing and recording it. Whether it is whole is checked below.
    if (!isBackupError(error, 'storage-exists')) throw error;
  }
  emit({ kind: 'phase', phase: 'verify', destination });
  try {
    await verifyStored(store, key, { size: bytes, sha256 }, { signal, onProgress: tell('verify') });
    await assertLabel(store, key, copy.archiveId, signal);
  } catch (error) {
    // A bad copy must not stay under its final name; the sealed file is kept and sent again.
    if (isBackupError(error, 'verification-failed') && store.capabilities.delete) {
      await store.delete(key, { signal }).catch(() => undefined);
    }
    throw error;
  }
}

/** A copy that is too large for one night would fail on every night, and nobody would know why. */
function cutAtEndOfNight(
  store: StorageAdapter,
  { sent, bytes, cause }: { readonly sent: number; readonly bytes: number; readonly cause: BackupError },
): BackupError {
  const message = `Only ${formatBytes(sent)} of ${formatBytes(bytes)} had been sent to ${store.description} when the time for backups of this night was over. This store cannot continue a transfer, so the next night begins anew. If a copy does not fit into a night, a longer window, a faster line or a store that continues transfers is needed.`;
  return new BackupError('window-closed', message, { cause, details: { sent, bytes } });
}

/** The store must also return it as an archive to a reader without a key. */
async function assertLabel(
  store: StorageAdapter,
  key: string,
  archiveId: string,
  signal: AbortSignal,
): Promise<void> {
  if (!store.capabilities.ranges) return;
  const { label } = await inspectArchive(await rangeSourceOf(store, key, { signal }), { signal });
  if (label?.archiveId === archiveId) return;
  throw new BackupError('verification-failed', `${key} in ${store.description} is another archive.`, {
    details: { key },
  });
}
