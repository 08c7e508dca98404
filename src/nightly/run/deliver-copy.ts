import { inspectArchive } from '../../archive/index.js';
import { BackupError, isBackupError } from '../../errors.js';
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
 * Stores a sealed archive, reads it back and holds it against what was sealed. Resolves only when what the
 * store gives back is the archive, byte for byte.
 *
 * The writer cannot open what it sealed, so it compares digests; whether the content can be restored is for a
 * rehearsal by somebody who holds a key.
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
  const tell = (phase: 'publish' | 'verify') => (progress: { transferredBytes: number }) =>
    emit({
      kind: 'transfer-progress',
      phase,
      destination,
      transferredBytes: progress.transferredBytes,
      totalBytes: bytes,
    });
  try {
    await store.put(key, source, { ifAbsent: true, signal, onProgress: tell('publish') });
  } catch (error) {
    // Left by a run that died between storing it and noting so. Whether it is whole is found out below.
    if (!isBackupError(error, 'storage-exists')) throw error;
  }
  emit({ kind: 'phase', phase: 'verify', destination });
  try {
    await verifyStored(store, key, { size: bytes, sha256 }, { signal, onProgress: tell('verify') });
    await assertLabel(store, key, copy.archiveId, signal);
  } catch (error) {
    // Nobody should find under its final name what is known to be wrong; the sealed file is kept and sent
    // again.
    if (isBackupError(error, 'verification-failed') && store.capabilities.delete) {
      await store.delete(key, { signal }).catch(() => undefined);
    }
    throw error;
  }
}

/** The store must also serve it as an archive, to whoever looks without a key. */
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
