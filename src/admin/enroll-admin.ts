import type { ChainLink, Unlock } from '../archive/model.js';
import { type Password, passphraseFromPassword } from '../archive/password/passphrase.js';
import { parseStoredPassword } from '../archive/password/stored-password.js';
import { unlockLabel } from '../archive/unlock.js';
import { BackupError, isBackupError } from '../errors.js';
import { type Enrollment, type EnrollmentStore, type KeyEpoch, keyEpochOf } from './enrollment.js';
import { isPostQuantum, makeKeyPair, sealToRecipient, sealWithPassphrase } from './key-pair.js';
import type { KeyWarning } from './key-warning.js';
import { fitsMark, markOf } from './password-mark.js';
import { type AdminPassword, acceptPassword, refused } from './verify-admin-password.js';
import { fullWorkFactor, type WorkFactor } from './work-factor.js';

/** Options of {@link enrollAdmin} and {@link changeAdminPassword}. */
export interface EnrollOptions {
  /** Where the key pair is kept. */
  readonly store: EnrollmentStore;
  /**
   * Make a pair that withstands quantum computers as well: X25519 and ML-KEM-768 together. Adds about 4 kB to labels.
   *
   * @defaultValue false
   */
  readonly postQuantum?: boolean;
  /** @defaultValue the present moment */
  readonly now?: Date;
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of an enrolment. */
export interface Enrolled {
  readonly enrollment: Enrollment;
  /** What is weak about the password, and what it cannot open. */
  readonly warnings: readonly KeyWarning[];
}

/**
 * Gives an administrator a key pair that the password opens. To be called at every login, while the host has the
 * plaintext for a moment: a pair that still fits is left as it is, at the cost of one hash.
 *
 * Older archives stay open to the new pair wherever the same password opened the old one, such as archives that were
 * sealed with the stored hash before this administrator was first enrolled.
 *
 * @param admin - as {@link readAdmins} gave it, after the login
 * @param password - as typed; bytes are the caller's to wipe
 * @throws BackupError `password-refused` when it is empty or not this administrator's
 * @throws BackupError what the store throws
 * @example
 * ```ts
 * await enrollAdmin(admin, password, { store: enrollments });
 * ```
 */
export function enrollAdmin(
  admin: AdminPassword,
  password: Password,
  options: EnrollOptions,
): Promise<Enrolled> {
  return enrollAdminWith(fullWorkFactor, admin, password, options);
}

/** {@link enrollAdmin} with a given amount of work. */
export async function enrollAdminWith(
  work: WorkFactor,
  admin: AdminPassword,
  password: Password,
  options: EnrollOptions,
): Promise<Enrolled> {
  const { text, warnings } = acceptPassword(admin, password);
  return keep(options, admin, async (current) => {
    if (current === null) return renew(work, admin, text, null, [], warnings, options);
    const wanted = options.postQuantum === true;
    const isUsable =
      current.unlock.kind === 'enrolled' && (isPostQuantum(current.unlock.recipient) || !wanted);
    const stored = parseStoredPassword(admin.storedPassword.reveal());
    if (isUsable && (await fitsMark(current.mark, stored))) return { enrollment: current, warnings };
    const earlier = await openEarlier(current, [text]);
    if (isUsable && earlier[0]?.identity !== null) {
      // The same password in another form: Open Dental replaces old hashes at a login.
      const mark = await markOf(stored, work);
      const enrollment = { ...current, revision: current.revision + 1, mark };
      return { enrollment, warnings };
    }
    return renew(work, admin, text, current, earlier, warnings, options);
  });
}

/**
 * Gives an administrator a new key pair at a change of password, and lets it open everything that the old one opened.
 * To be called when the new password is stored, while the host still has both.
 *
 * @param admin - as {@link readAdmins} gave it, after the change
 * @param passwords - as typed; bytes are the caller's to wipe
 * @throws BackupError `password-refused` when the new one is empty or not what is stored now, or when the old one does
 * not open the old pair
 * @throws BackupError what the store throws
 * @example
 * ```ts
 * await changeAdminPassword(changedAdmin, { oldPassword: password, newPassword }, { store: enrollments });
 * ```
 */
export function changeAdminPassword(
  admin: AdminPassword,
  passwords: { readonly oldPassword: Password; readonly newPassword: Password },
  options: EnrollOptions,
): Promise<Enrolled> {
  return changeAdminPasswordWith(fullWorkFactor, admin, passwords, options);
}

/** {@link changeAdminPassword} with a given amount of work. */
export async function changeAdminPasswordWith(
  work: WorkFactor,
  admin: AdminPassword,
  passwords: { readonly oldPassword: Password; readonly newPassword: Password },
  options: EnrollOptions,
): Promise<Enrolled> {
  const { text, warnings } = acceptPassword(admin, passwords.newPassword);
  return keep(options, admin, async (current) => {
    if (current === null) return renew(work, admin, text, null, [], warnings, options);
    // After a night between change and call, the pair of today may be one that the stored hash already opens.
    const earlier = await openEarlier(current, [passwords.oldPassword, text]);
    if (earlier.every(({ identity }) => identity === null)) {
      throw refused(admin, 'The old password is not the one that opens the key of');
    }
    return renew(work, admin, text, current, earlier, warnings, options);
  });
}

/** A pair that was kept, and its secret half where a password at hand opens it. */
interface EarlierPair extends KeyEpoch {
  readonly identity: string | null;
}

/** Opens what is kept, newest first. */
async function openEarlier(
  current: Enrollment,
  passwords: readonly Password[],
): Promise<readonly EarlierPair[]> {
  const earlier: EarlierPair[] = [];
  for (const pair of [keyEpochOf(current), ...(current.resting === undefined ? [] : [current.resting])]) {
    earlier.push({ ...pair, identity: await open(pair.unlock, passwords) });
  }
  return earlier;
}

/** Makes a pair for the password, and links the pairs before it whose identities are at hand. */
async function renew(
  work: WorkFactor,
  admin: AdminPassword,
  password: string,
  current: Enrollment | null,
  earlier: readonly EarlierPair[],
  warnings: readonly KeyWarning[],
  options: EnrollOptions,
): Promise<Enrolled> {
  options.signal?.throwIfAborted();
  const pair = await makeKeyPair(options.postQuantum === true);
  const epoch = (current?.epoch ?? 0) + 1;
  const chain = await chainFrom(pair.recipient, earlier);
  const sealedIdentity = await sealWithPassphrase(pair.identity, passphraseFromPassword(password), work);
  const lost = earlier.find(({ identity }) => identity === null);
  return {
    enrollment: {
      userNum: admin.userNum,
      userName: admin.userName,
      revision: (current?.revision ?? 0) + 1,
      epoch,
      since: (options.now ?? new Date()).toISOString(),
      mark: await markOf(parseStoredPassword(admin.storedPassword.reveal()), work),
      unlock: { kind: 'enrolled', epoch, recipient: pair.recipient, sealedIdentity, chain },
    },
    warnings: lost === undefined ? warnings : [...warnings, chainBroken(admin, lost)],
  };
}

/** Seals each identity to the pair after it. */
async function chainFrom(newest: string, earlier: readonly EarlierPair[]): Promise<readonly ChainLink[]> {
  const chain: ChainLink[] = [];
  let after = newest;
  for (const { epoch, unlock, identity } of earlier) {
    if (identity === null) continue;
    const { recipient } = unlock;
    chain.push({ epoch, recipient, sealedIdentity: await sealToRecipient(identity, after) });
    if (unlock.kind === 'enrolled') chain.push(...(unlock.chain ?? []));
    after = recipient;
  }
  return chain;
}

async function open(unlock: Unlock, passwords: readonly Password[]): Promise<string | null> {
  for (const password of passwords) {
    try {
      return (await unlockLabel({ unlock: [unlock] }, password)).identity;
    } catch (error) {
      if (!isBackupError(error, 'wrong-key')) throw error;
    }
  }
  return null;
}

function chainBroken({ userName }: AdminPassword, { since }: KeyEpoch): KeyWarning {
  return {
    code: 'chain-broken',
    message: `The password of "${userName}" was replaced without the old one. Archives since ${since.slice(0, 10)} and before keep opening with the password of their time only.`,
  };
}

/** Decides on what the store has, and decides again when somebody else kept something meanwhile. */
async function keep(
  { store, signal }: EnrollOptions,
  { userNum }: AdminPassword,
  decide: (current: Enrollment | null) => Promise<Enrolled>,
): Promise<Enrolled> {
  const io = { signal };
  for (let attempt = 0; attempt < 5; attempt++) {
    signal?.throwIfAborted();
    const current = await store.load(userNum, io);
    const decided = await decide(current);
    if (decided.enrollment === current || (await store.save(decided.enrollment, io))) return decided;
  }
  throw new BackupError('storage-transient', 'The backup key could not be kept: others keep changing it.');
}
