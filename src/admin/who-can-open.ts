import type { Password } from '../archive/index.js';
import { type UnlockedIdentity, unlockChain } from '../archive/index.js';
import { assertArgument, assertEach, assertOptions } from '../arguments.js';
import { isBackupError } from '../errors.js';
import type { KeyHolder, Label, LabelKit, Unlock } from '../model/parts.js';
import { fingerprintOf } from './fingerprint.js';
import type { KeyWarning } from './key-warning.js';
import { type AdminCandidate, holder } from './resolve-last-admin.js';

/** Who can open which archive. */
export interface CanOpenMap {
  /** In the order given. */
  readonly archives: readonly ArchiveAccess[];
  /** What is weak or unusual about the keys. */
  readonly warnings: readonly KeyWarning[];
}

/** Who can open one archive. */
export interface ArchiveAccess {
  /** As in the label. */
  readonly archiveId: string;
  /** When the archive was made; ISO 8601, UTC. */
  readonly createdAt: string;
  /** Whose password opens it; null when only a key file does. */
  readonly keyHolder: KeyHolder | null;
  /**
   * How the password leads to the key: by an enrolment, or by the hash that the database stored. `key-file`:
   * no password opens it.
   */
  readonly keySource: Unlock['kind'] | 'key-file';
  /** Which key pair of the key holder, where the label says so. */
  readonly epoch: number | null;
  /**
   * Which of the holder's passwords open it: that of its time only, or also the newest one, with the help of
   * the holder's newest archive given.
   */
  readonly password: 'newest' | 'none' | 'of-its-time';
  /** To which keys the label says that it was sealed, as people compare them; see {@link fingerprintOf}. */
  readonly recipients: readonly RecipientShown[];
  /** Whether the key holder is an administrator of today; null when none were given. */
  readonly isHeldByAdmin: boolean | null;
  /** The recovery kits that open it as well. */
  readonly recoveryKits: readonly LabelKit[];
}

/** A public key, and what people compare of it. */
export interface RecipientShown {
  /** `age1…` or `age1pq1…`. */
  readonly recipient: string;
  /** A short name of the key, to be compared by people. */
  readonly fingerprint: string;
}

/**
 * Says for each archive who can open it and with which password. Pure; labels need no key to be read.
 *
 * Labels name only passwords: further recipients, such as a key file of the owner's in a safe, do not show in
 * them.
 *
 * @param labels - of the practice's archives, see `inspectArchive`
 * @param options - `admins`: those of today, see {@link readAdmins}
 * @example
 * ```ts
 * const { archives, warnings } = whoCanOpen(labels, { admins: await readAdmins(connection) });
 * for (const { createdAt, keyHolder } of archives) console.log(createdAt, keyHolder?.userName);
 * for (const { message } of warnings) console.warn(message);
 * ```
 */
export function whoCanOpen(
  labels: readonly Label[],
  options: { readonly admins?: readonly AdminCandidate[] | undefined } = {},
): CanOpenMap {
  assertEach('labels', labels, { archiveId: 'text', createdAt: 'text', unlock: 'array' });
  assertOptions(options, { admins: 'array?' });
  const admins = options.admins?.filter(({ isHidden }) => !isHidden).map(({ userNum }) => userNum);
  const current = admins === undefined ? null : new Set(admins);
  const reachable = new Set([...newestLabels(labels).values()].flatMap(recipientsReached));
  const archives = labels.map((label): ArchiveAccess => {
    const [unlock] = label.unlock;
    const keyHolder = label.keyHolder === undefined ? null : holder(label.keyHolder);
    const isReached = label.unlock.some(({ recipient }) => reachable.has(recipient));
    return {
      archiveId: label.archiveId,
      createdAt: label.createdAt,
      keyHolder,
      keySource: unlock?.kind ?? 'key-file',
      epoch: unlock?.kind === 'enrolled' ? unlock.epoch : null,
      password: unlock === undefined ? 'none' : isReached ? 'newest' : 'of-its-time',
      recipients: label.unlock.map(({ recipient }) => ({ recipient, fingerprint: fingerprintOf(recipient) })),
      isHeldByAdmin: current === null || keyHolder === null ? null : current.has(keyHolder.userNum),
      recoveryKits: label.recoveryKits ?? [],
    };
  });
  return { archives, warnings: [...holdersGone(archives), ...onePerson(archives)] };
}

/**
 * All identities that a password leads to through the labels given: those of the archives of its time, and
 * those of older archives through the chains in newer labels. They open what the password alone would not.
 *
 * @param labels - of the practice's archives, in any order
 * @param password - as typed
 * @returns newest first; empty when the password opens none
 * @throws BackupError `archive-damaged`, `archive-limit-exceeded`, `archive-unsupported`: what is wrong with
 * the newest such label, when no other opened
 * @example
 * ```ts
 * const identities = (await unlockArchives(labels, password)).map(({ identity }) => identity);
 * for await (const part of decryptArchive(store.get(key), { identities })) console.log(part.kind);
 * ```
 */
export async function unlockArchives(
  labels: readonly Label[],
  password: Password,
): Promise<readonly UnlockedIdentity[]> {
  assertEach('labels', labels, { createdAt: 'text', unlock: 'array' });
  assertArgument('password', password, 'password');
  const unlocked = new Map<string, UnlockedIdentity>();
  const failures: unknown[] = [];
  const tried = new Set<string>();
  for (const label of [...labels].sort(byAge).reverse()) {
    // Each attempt costs one scrypt, so no sealed identity is tried twice, nor one whose key is already
    // known.
    const untried = label.unlock.filter(
      (unlock) => !unlocked.has(unlock.recipient) && !tried.has(unlock.sealedIdentity),
    );
    for (const unlock of untried) {
      tried.add(unlock.sealedIdentity);
      try {
        const identities = await unlockChain({ ...label, unlock: [unlock] }, password);
        for (const identity of identities) unlocked.set(identity.recipient, identity);
      } catch (error) {
        if (!isBackupError(error)) throw error;
        // One damaged label must not hide the others.
        if (error.code !== 'wrong-key') failures.push(error);
      }
    }
  }
  if (unlocked.size === 0 && failures.length > 0) throw failures[0];
  return [...unlocked.values()];
}

function newestLabels(labels: readonly Label[]): ReadonlyMap<string, Label> {
  const newest = new Map<string, Label>();
  for (const label of [...labels].sort(byAge)) {
    if (label.keyHolder !== undefined) newest.set(label.keyHolder.userNum, label);
  }
  return newest;
}

function recipientsReached({ unlock }: Label): readonly string[] {
  return unlock.flatMap((way) => [
    way.recipient,
    ...(way.kind === 'enrolled' ? (way.chain ?? []).map(({ recipient }) => recipient) : []),
  ]);
}

function byAge(left: Label, right: Label): number {
  return left.createdAt < right.createdAt ? -1 : Number(left.createdAt > right.createdAt);
}

function holdersGone(archives: readonly ArchiveAccess[]): readonly KeyWarning[] {
  const gone = new Map<string, string>();
  for (const { keyHolder, isHeldByAdmin } of archives) {
    if (keyHolder !== null && isHeldByAdmin === false) gone.set(keyHolder.userNum, keyHolder.userName);
  }
  return [...gone.values()].map((userName) => ({
    code: 'holder-gone',
    message: `"${userName}" holds the key of some archives and is not an administrator any more. Only that person's password opens them.`,
  }));
}

function onePerson(archives: readonly ArchiveAccess[]): readonly KeyWarning[] {
  const living = archives.filter(({ isHeldByAdmin }) => isHeldByAdmin !== false);
  const holders = new Map(
    living.flatMap(({ keyHolder }) => (keyHolder === null ? [] : [[keyHolder.userNum, keyHolder.userName]])),
  );
  const [only] = holders.values();
  // A kit is a second way in, whoever is gone.
  if (living.every(({ recoveryKits }) => recoveryKits.length > 0)) return [];
  if (holders.size !== 1 || living.some(({ keyHolder }) => keyHolder === null)) return [];
  return [
    {
      code: 'one-person',
      message: `Only "${only}" can open the archives. If that password is lost, so are the archives.`,
    },
  ];
}
