import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import { whoCanOpen } from '../../admin/who-can-open.js';
import { type ListedBackup, listWith } from '../../history/list-backups.js';
import { noteKeyOf } from '../../history/note-body.js';
import type { DumpWarning, Label } from '../../model/parts.js';
import type { StorageAdapter, StoredObject } from '../../storage/adapter.js';
import { planRetention, type RetainedArchive, type RetentionPolicy } from '../retention.js';
import type { CopyReport } from './backup-report.js';
import { codeOf } from './failure.js';
import type { VerifiedCopy } from './journal-state.js';
import { claimPruning } from './pruning-claim.js';

/** Who made the archives at a place that the journal does not know. */
export interface Origins {
  /** Keys of archives whose note was found good, as every copy gets one once it was read back. */
  readonly proven: ReadonlySet<string>;
  /** Keys of archives that nothing is known of, or that a person has to check. They are never removed. */
  readonly strange: ReadonlySet<string>;
  /** Keys of archives that were removed, and whose notes are still there. */
  readonly leftNotes: readonly string[];
  /** All that was there when it was checked, by key. */
  readonly listed: ReadonlyMap<string, StoredObject>;
}

/** The input of retention. */
export interface Pruning {
  readonly store: StorageAdapter;
  readonly practiceId: string;
  readonly night: string;
  readonly policy: RetentionPolicy;
  readonly timeZone: string;
  readonly now: Date;
  /** Archives that the journal knows to have been verified here, and that are not removed yet. */
  readonly verified: readonly VerifiedCopy[];
  /**
   * What the notes say tonight of archives that the journal does not know; null if that could not be checked,
   * absent where nobody reads notes.
   */
  readonly origins?: Origins | null;
  /** The newest copy that was read back in this run. */
  readonly readBack: CopyReport;
  /** Distinguishes this spool from that of another machine. */
  readonly machine: string;
  /** The administrators of today. */
  readonly admins: readonly AdminCandidate[];
  readonly signal: AbortSignal;
  /** Called with all that are about to be removed. */
  readonly onGoing: (keys: readonly string[]) => Promise<void>;
  /** Called for each that is removed, as soon as it is. */
  readonly onRemoved: (key: string) => void;
}

/** A service that runs for months looks at the same archives every night. */
const labels = new Map<string, Label>();

type Readable = ListedBackup & { readonly label: Label };

/**
 * Removes what retention does not keep. Only archives of this practice with a readable label are ever
 * removed; anything else in the store is left alone.
 *
 * Another machine of the practice may prune at the same time. So nothing is removed unless the copy that was
 * read back in this run is there. What this journal does not know is removed only by the holder of the
 * night's claim, and only if it is of an earlier night and was listed again after the claim. So each machine
 * that removes something leaves a copy that no other may touch.
 */
export async function prune(pruning: Pruning): Promise<readonly DumpWarning[]> {
  const known = new Set(pruning.verified.map(({ key }) => key));
  const found = await look(pruning);
  if (found.mustStay) return found.warnings;
  const touched = touchedSince(found.listed, pruning);
  if (touched !== null) return [...found.warnings, ...touched];
  const ours = found.remove.filter((key) => known.has(key));
  const warnings = [...found.warnings, ...(await removeEach(ours, pruning))];
  await removeLeftNotes(pruning);
  const isTheirs = (key: string): boolean =>
    !known.has(key) && mayBeRemoved(key, pruning) && nightIn(key) < pruning.readBack.night;
  if (!found.remove.some(isTheirs)) return warnings;
  const claim = await claimPruning(pruning);
  if (!claim.isOurs) return warnings;
  try {
    const theirs = (await look(pruning)).remove.filter(isTheirs);
    return [...warnings, ...(await removeEach(theirs, pruning))];
  } finally {
    await claim.release();
  }
}

function mayBeRemoved(key: string, { origins }: Pruning): boolean {
  return origins === undefined || (origins !== null && !origins.strange.has(key));
}

/** Lists what is in the store now, and what of it may be removed. */
async function look(pruning: Pruning): Promise<{
  readonly listed: readonly ListedBackup[];
  readonly remove: readonly string[];
  readonly warnings: readonly DumpWarning[];
  /** Whether the store is not to be trusted tonight: it does not answer, or lacks what was read back in this run. */
  readonly mustStay: boolean;
}> {
  const { store, practiceId, readBack, signal } = pruning;
  const options = { practiceId, now: pruning.now, origins: false, signal };
  const { backups: listed, isAway } = await listWith(store, options, labels);
  if (isAway) {
    const unread = listed.filter(({ unreadable }) => unreadable !== undefined).length;
    const message = `${store.description} did not return several archives in a row, so it was asked for no others: ${unread} could not be read, and no older copy was removed.`;
    return { listed, remove: [], warnings: [{ code: 'retention-failed', message }], mustStay: true };
  }
  const readable = listed.filter((each): each is Readable => each.label !== null && isOurs(each, practiceId));
  const warnings = listed
    .filter(({ label }) => label === null)
    .map(({ key, unreadable }) => ({
      code: 'archive-unreadable',
      message:
        unreadable === undefined
          ? `${key} in ${store.description} does not look like an archive; it was left alone.`
          : `${key} in ${store.description} could not be read (${unreadable}); it was left alone.`,
    }));
  if (!readable.some(({ key }) => key === readBack.key)) {
    const message = `${readBack.key} was read back from ${store.description} but is now missing there, so no older copy was removed.`;
    return { listed, remove: [], warnings: [...warnings, { code: 'copy-gone', message }], mustStay: true };
  }
  const { remove } = planRetention(archivesOf(readable, pruning), pruning);
  return { listed, remove: remove.map(({ key }) => key), warnings, mustStay: false };
}

/**
 * Whether somebody has written a verified copy again, or removed one, since this run looked at the place. The
 * next night finds out what it is; until then the copies from before it stay.
 *
 * @returns what to tell; null where nothing was touched
 */
function touchedSince(
  listed: readonly ListedBackup[],
  { store, verified, origins }: Pruning,
): readonly DumpWarning[] | null {
  const now = new Map(listed.map((each) => [each.key, each]));
  let isTouched = false;
  for (const { key, state } of verified) {
    const before = origins?.listed.get(key);
    if (before === undefined || state === 'going') continue;
    const after = now.get(key);
    // Perhaps the other computer of the practice has removed it.
    if (after === undefined) isTouched = true;
    else if (after.size !== before.size || after.storedAt.getTime() !== before.modifiedAt.getTime()) {
      const message = `${key} in ${store.description} was written again while this run was at work, so no older copy was removed.`;
      return [{ code: 'retention-failed', message }];
    }
  }
  return isTouched ? [] : null;
}

/** A failure of one does not stop the others. */
async function removeEach(
  keys: readonly string[],
  { store, signal, onGoing, onRemoved }: Pruning,
): Promise<readonly DumpWarning[]> {
  const warnings: DumpWarning[] = [];
  if (keys.length > 0) await onGoing(keys);
  for (const key of keys) {
    try {
      await store.delete(key, { signal });
      // After its archive: a leftover note says what was removed, a leftover archive says nothing.
      await store.delete(noteKeyOf(key)!, { signal });
      onRemoved(key);
    } catch (error) {
      signal.throwIfAborted();
      const message = `${key} could not be removed from ${store.description} (${codeOf(error)}); the next night tries again.`;
      warnings.push({ code: 'retention-failed', message });
    }
  }
  return warnings;
}

/**
 * A removal that was broken off or not answered leaves a note, and to its readers an archive that is missing.
 * What cannot be removed tonight is found again.
 */
async function removeLeftNotes({ store, origins, signal }: Pruning): Promise<void> {
  for (const key of origins?.leftNotes ?? []) {
    try {
      // A list may be truncated.
      if ((await store.stat(key, { signal })) === null) await store.delete(noteKeyOf(key)!, { signal });
    } catch {
      signal.throwIfAborted();
    }
  }
}

function archivesOf(readable: readonly Readable[], pruning: Pruning): readonly RetainedArchive[] {
  // A label dated in the future comes from a wrong clock, and is not its holder's newest.
  const opens = openForLiving(
    readable.map(({ label }) => label).filter(({ createdAt }) => new Date(createdAt) <= pruning.now),
    pruning.admins,
  );
  const known = new Map(pruning.verified.map((copy) => [copy.key, copy]));
  // A file that nobody vouches for, such as one that was cut off, must not take the place of a copy that
  // another computer has read back.
  const isUnproven = (key: string): boolean =>
    pruning.origins !== undefined && pruning.origins?.proven.has(key) !== true;
  return readable.map(({ key, label, storedAt }) => {
    const copy = known.get(key);
    return {
      key,
      createdAt: new Date(label.createdAt),
      scope: label.scope,
      verified: copy !== undefined && copy.state === undefined,
      opensForLivingAdmin: opens.has(label.archiveId),
      byHand: copy === undefined ? isUnproven(key) : copy.byHand === true,
      storedAt,
    };
  });
}

// The key of an archive names it; a file that was renamed or copied by hand is left alone.
function isOurs({ key, label }: ListedBackup, practiceId: string): boolean {
  return label?.practiceId === practiceId && key.endsWith(`/${label.archiveId}.tar.age`);
}

function nightIn(key: string): string {
  return key.split('/').at(-2) ?? '';
}

function openForLiving(labels: readonly Label[], admins: readonly AdminCandidate[]): ReadonlySet<string> {
  const { archives } = whoCanOpen(labels, { admins });
  return new Set(
    archives
      .filter(({ isHeldByAdmin, password }) => isHeldByAdmin === true && password === 'newest')
      .map(({ archiveId }) => archiveId),
  );
}
