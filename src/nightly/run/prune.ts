import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import { whoCanOpen } from '../../admin/who-can-open.js';
import type { DumpWarning, Label } from '../../archive/model.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { type ListedBackup, listBackups } from '../list-backups.js';
import { planRetention, type RetainedArchive, type RetentionPolicy } from '../retention.js';

/** What retention goes by. */
export interface Pruning {
  readonly store: StorageAdapter;
  readonly practiceId: string;
  readonly policy: RetentionPolicy;
  readonly timeZone: string;
  readonly now: Date;
  /** Keys of archives known to have been verified. */
  readonly verified: ReadonlySet<string>;
  /** The administrators of today. */
  readonly admins: readonly AdminCandidate[];
  readonly signal: AbortSignal;
}

/**
 * Removes what retention does not ask for. Only archives of this practice whose outside can be read are ever removed;
 * whatever else lies in the store is not ours to judge.
 *
 * @returns the keys that were removed
 */
export async function prune(
  pruning: Pruning,
): Promise<{ readonly removed: readonly string[]; readonly warnings: readonly DumpWarning[] }> {
  const { store, practiceId, signal } = pruning;
  const listed = await listBackups(store, { practiceId, signal });
  const readable = listed.filter(
    (each): each is ListedBackup & { label: Label } => each.label !== null && isOurs(each, practiceId),
  );
  // A label from the future was dated by a clock that was wrong, and is not its holder's newest.
  const opens = openForLiving(
    readable.map(({ label }) => label).filter(({ createdAt }) => new Date(createdAt) <= pruning.now),
    pruning.admins,
  );
  const archives = readable.map(
    ({ key, label }): RetainedArchive => ({
      key,
      createdAt: new Date(label.createdAt),
      scope: label.scope,
      verified: pruning.verified.has(key),
      opensForLivingAdmin: opens.has(label.archiveId),
    }),
  );
  const { remove } = planRetention(archives, pruning);
  const removed: string[] = [];
  for (const { key } of remove) {
    await store.delete(key, { signal });
    removed.push(key);
  }
  const warnings = listed
    .filter(({ label }) => label === null)
    .map(({ key }) => ({
      code: 'archive-unreadable',
      message: `${key} in ${store.description} does not look like an archive; it was left alone.`,
    }));
  return { removed, warnings };
}

// The key of an archive names it; a file that was renamed or copied by hand is left alone.
function isOurs({ key, label }: ListedBackup, practiceId: string): boolean {
  return label?.practiceId === practiceId && key.endsWith(`/${label.archiveId}.tar.age`);
}

function openForLiving(labels: readonly Label[], admins: readonly AdminCandidate[]): ReadonlySet<string> {
  const { archives } = whoCanOpen(labels, { admins });
  return new Set(
    archives
      .filter(({ isHeldByAdmin, password }) => isHeldByAdmin === true && password === 'newest')
      .map(({ archiveId }) => archiveId),
  );
}
