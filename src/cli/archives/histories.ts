import { dirname } from 'node:path';
import { isBackupError } from '../../errors.js';
import type { HistoryFinding } from '../../history/findings.js';
import { verifyHistory } from '../../history/verify-history.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { createFileSystemStorage } from '../../storage/file-system/file-system.js';
import type { CommandLine } from '../command.js';
import { openStore } from '../location.js';
import { isStoreUrl } from '../store-url.js';
import type { FoundArchive, FoundPractice } from './gather.js';

/** What the notes of a practice say about the sequence of its archives, in the place of the first of them. */
export interface HistoryHere {
  /** A sentence that names the keys that the notes are signed with. */
  readonly order: string;
  readonly unbrokenSince: { readonly number: number; readonly night: string } | null;
  readonly findings: readonly HistoryFinding[];
}

/** Only for practices whose archives are laid out as in a store: `PRACTICE/NIGHT/ID.tar.age`. */
export async function historiesOf(
  practices: readonly FoundPractice[],
  line: CommandLine,
): Promise<ReadonlyMap<string, HistoryHere>> {
  const histories = new Map<string, HistoryHere>();
  for (const { practiceId, archives } of practices) {
    const noted = archives.find(({ origin }) => origin.kind !== 'unsigned');
    const store = noted === undefined ? null : await storeOf(noted, line);
    if (store === null) continue;
    try {
      const history = await verifyHistory(store, { practiceId, signal: line.signal });
      const { keys, trust, unbrokenSince, findings } = history;
      histories.set(practiceId, { order: orderOf(keys, trust), unbrokenSince, findings });
    } catch (error) {
      line.signal.throwIfAborted();
      // The archives are listed without it.
      if (!isBackupError(error)) throw error;
    }
  }
  return histories;
}

function orderOf(keys: readonly string[], trust: 'first-use' | 'given' | 'none'): string {
  if (trust === 'none') return 'none of them has a valid signature.';
  return `signed with ${keys.join(', ')}; compare the key with a report of the office.`;
}

async function storeOf({ paths, label }: FoundArchive, line: CommandLine): Promise<StorageAdapter | null> {
  const [path] = paths;
  if (isStoreUrl(path)) {
    const { storage, key } = await openStore(path, line);
    return isInPlace(key.split('/'), label) ? storage : null;
  }
  return isInPlace(path.split(/[\\/]/), label)
    ? createFileSystemStorage({ path: dirname(dirname(dirname(path))), ownProcess: false })
    : null;
}

function isInPlace(pieces: readonly string[], { practiceId, archiveId }: FoundArchive['label']): boolean {
  const [practice, , name] = pieces.slice(-3);
  return practice === practiceId && name === `${archiveId}.tar.age`;
}
