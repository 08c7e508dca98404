import { concatBytes, fromUtf8, utf8 } from '../../bytes.js';
import { isBackupError } from '../../errors.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { replayableBytes } from '../../storage/replayable.js';

/** The right of one machine to prune a store on a night. */
export interface PruningClaim {
  /** False where another machine has it. */
  readonly isOurs: boolean;
  /** Gives it back; never rejects. */
  release(): Promise<void>;
}

/** Longer than any claim, in bytes. */
const longest = 256;

/**
 * Claims the night for one machine, by an object under the practice's keys that only the first of several can
 * create. Where a store lets a second one write over it, whatever it says proves nothing: two could each remove
 * the other's copy. There nobody has the claim, and each machine removes only what it made itself.
 *
 * @param claim.machine - tells this spool from that of another machine, also after a restart
 */
export async function claimPruning(claim: {
  readonly store: StorageAdapter;
  readonly practiceId: string;
  readonly night: string;
  readonly machine: string;
  readonly signal: AbortSignal;
}): Promise<PruningClaim> {
  const { store, machine, signal } = claim;
  const key = `${claim.practiceId}/${claim.night}/retention.claim`;
  const others: PruningClaim = { isOurs: false, release: async () => undefined };
  if (!store.capabilities.atomicIfAbsent) return others;
  try {
    await store.put(key, replayableBytes(utf8(machine)), { ifAbsent: true, signal });
  } catch (error) {
    if (!isBackupError(error, 'storage-exists')) throw error;
  }
  // Ours from before a restart counts as well.
  if ((await holderOf(store, key, signal)) !== machine) return others;
  return {
    isOurs: true,
    release: () => store.delete(key, { signal }).catch(() => undefined),
  };
}

async function holderOf(store: StorageAdapter, key: string, signal: AbortSignal): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of store.get(key, { signal })) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > longest) break;
  }
  return fromUtf8(concatBytes(chunks));
}
