import { type BackupErrorCode, isBackupError } from '../errors.js';
import { findLatestBackup, type LatestBackup } from '../history/list-backups.js';
import type { StorageAdapter } from '../storage/adapter.js';
import type { Opening } from './opening.js';
import type { ProvenPlace, ProvenStore, ProveOpeningOptions } from './opening-proof.js';
import { rememberHeads } from './remember-heads.js';
import { holder } from './resolve-last-admin.js';

/** The newest copy at a place, or why it could not be read. */
export interface NewestCopy {
  readonly place: string;
  readonly storage: StorageAdapter;
  readonly latest: LatestBackup | null;
  readonly code?: BackupErrorCode;
}

/** Looks for the newest copy at a place. */
export async function lookAtNewest(
  { place, storage }: ProvenStore,
  now: Date,
  { practiceId, trustedKeys, signal }: ProveOpeningOptions,
): Promise<NewestCopy> {
  const remembered = rememberHeads(storage);
  if (!storage.capabilities.ranges)
    return { place, storage: remembered, latest: null, code: 'storage-permanent' };
  try {
    const found = await findLatestBackup(remembered, { practiceId, trustedKeys, now, signal });
    return { place, storage: remembered, latest: found };
  } catch (error) {
    signal?.throwIfAborted();
    if (!isBackupError(error)) throw error;
    return { place, storage: remembered, latest: null, code: error.code };
  }
}

/** What the label of the newest copy says of a place, before it is opened. */
export function placeByLabel({ place, latest, code }: NewestCopy): ProvenPlace {
  if (code !== undefined) return { place, outcome: 'unreachable', code };
  if (latest?.label == null) return { place, outcome: 'empty' };
  const { archiveId, createdAt, keyHolder } = latest.label;
  return {
    place,
    outcome: 'not-opened',
    archiveId,
    createdAt,
    ...(keyHolder === undefined ? {} : { keyHolder: holder(keyHolder) }),
  };
}

/** Whether the newest copy at a place is older than the one that was opened there last, or is gone. */
export function isOlder({ place, latest, code }: NewestCopy, last: Opening | null): boolean {
  const before = last?.places.find((each) => each.place === place);
  if (before === undefined || code !== undefined) return false;
  const createdAt = latest?.label?.createdAt;
  return createdAt === undefined || Date.parse(createdAt) < Date.parse(before.createdAt);
}
