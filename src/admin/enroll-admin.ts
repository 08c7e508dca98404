import { identityToRecipient } from 'age-encryption';
import type { Password } from '../archive/index.js';
import { passphraseFromPassword } from '../archive/password/passphrase.js';
import { parseStoredPassword } from '../archive/password/stored-password.js';
import { followChain } from '../archive/unlock.js';
import { assertArgument } from '../arguments.js';
import { BackupError, during, isBackupError } from '../errors.js';
import type { Label } from '../model/parts.js';
import { chainFrom, type EarlierPair, openEarlier, openLabels } from './earlier-pairs.js';
import { type Enrollment, type EnrollmentStore, type KeyEpoch, leavesRoom } from './enrollment.js';
import { isPostQuantum, makeKeyPair, sealWithPassphrase } from './key-pair.js';
import type { KeyWarning } from './key-warning.js';
import { fitsMark, markOf } from './password-mark.js';
import { isSignedBy, signed, signerOf } from './record-signature.js';
import { type AdminPassword, acceptPassword, assertAdmin, refused } from './verify-admin-password.js';
import { fullWorkFactor, type WorkFactor } from './work-factor.js';

/** Options of {@link enrollAdmin} and {@link changeAdminPassword}. */
export interface EnrollOptions {
  /** Where the key pair is stored. */
  readonly store: EnrollmentStore;
  /**
   * Make a pair that withstands quantum computers as well: X25519 and ML-KEM-768 together. Adds about 4 kB to
   * labels.
   *
   * @defaultValue false
   */
  readonly postQuantum?: boolean | undefined;
  /** @defaultValue the present moment */
  readonly now?: Date | undefined;
  /**
   * Labels of the practice's archives, newest first. If the password does not open the stored pair, these
   * show the pair that it does open. The new pair can then be linked to it, and the next night knows who made
   * it.
   */
  readonly labels?: readonly Pick<Label, 'createdAt' | 'keyHolder' | 'unlock'>[] | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of an enrolment. */
export interface Enrolled {
  /** As it was stored. */
  readonly enrollment: Enrollment;
  /** What is weak about the password, and what it cannot open. */
  readonly warnings: readonly KeyWarning[];
}

/**
 * Gives an administrator a key pair that the password opens. To be called at every login, while the host has
 * the plaintext: a pair that still fits stays as it is, at the cost of one hash.
 *
 * Older archives stay open to the new pair wherever the same password opened the old one, such as archives
 * that were sealed with the stored hash before this administrator was first enrolled.
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
  return during('settings', () => enrollAdminWith(fullWorkFactor, admin, password, options));
}

/** {@link enrollAdmin} with a given amount of work. */
export async function enrollAdminWith(
  work: WorkFactor,
  admin: AdminPassword,
  password: Password,
  options: EnrollOptions,
): Promise<Enrolled> {
  assertAdmin('admin', admin);
  assertArgument('password', password, 'password');
  assertEnrollOptions(options);
  const { text, warnings } = acceptPassword(admin, password);
  return keep(options, admin, async (current) => {
    if (current === null) {
      return renew(
        work,
        admin,
        text,
        null,
        await openLabels(admin, null, text, options.labels),
        warnings,
        options,
      );
    }
    // Somebody else may have changed the record: only opening it shows that the password still works.
    const earlier = await openEarlier(current, [text]);
    const [newest] = earlier;
    const isWanted =
      current.unlock.kind === 'enrolled' &&
      (isPostQuantum(current.unlock.recipient) || options.postQuantum !== true);
    if (isWanted && newest!.identity !== null) {
      return confirm(work, admin, current, { ...newest!, identity: newest!.identity }, warnings);
    }
    const shown = newest!.identity === null ? await openLabels(admin, current, text, options.labels) : [];
    return renew(work, admin, text, current, [...earlier, ...shown], warnings, options);
  });
}

/** Keeps a pair that the password opens, and repairs its record if somebody else changed it. */
async function confirm(
  work: WorkFactor,
  admin: AdminPassword,
  current: Enrollment,
  pair: EarlierPair & { readonly identity: string },
  warnings: readonly KeyWarning[],
): Promise<Enrolled> {
  const stored = parseStoredPassword(admin.storedPassword.reveal());
  const { identity } = pair;
  const isWhole = isSignedBy(current, signerOf(identity));
  const fits = await fitsMark(current.mark, stored);
  if (isWhole && fits) return { enrollment: current, warnings };
  const told = [...warnings];
  // Records of earlier versions have no signature. A record whose signature was removed looks the same; its
  // recipient shows the difference.
  if (pair.isForeign || (current.signature !== undefined && !isWhole)) told.push(recordChanged(admin));
  const unlock = { ...current.unlock, recipient: await identityToRecipient(identity) };
  const older = await followChain(unlock, identity);
  const { endorsements: _, signature: __, signer: ___, ...record } = current;
  const enrollment = signed(
    {
      ...record,
      revision: current.revision + 1,
      unlock,
      // The same password with another hash: Open Dental replaces old hashes at a login.
      mark: fits ? current.mark : await markOf(stored, work),
    },
    identity,
    older.map((link) => link.identity),
  );
  return { enrollment, warnings: told };
}

/**
 * Gives an administrator a new key pair at a change of password, and lets it open everything that the old one
 * opened. To be called when the new password is stored, while the host still has both.
 *
 * @param admin - as {@link readAdmins} gave it, after the change
 * @param passwords - as typed; bytes are the caller's to wipe
 * @throws BackupError `password-refused` when the new one is empty or not what is stored now, or when the old
 * one does not open the old pair
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
  return during('settings', () => changeAdminPasswordWith(fullWorkFactor, admin, passwords, options));
}

/** {@link changeAdminPassword} with a given amount of work. */
export async function changeAdminPasswordWith(
  work: WorkFactor,
  admin: AdminPassword,
  passwords: { readonly oldPassword: Password; readonly newPassword: Password },
  options: EnrollOptions,
): Promise<Enrolled> {
  assertAdmin('admin', admin);
  assertArgument('passwords', passwords, 'object', { oldPassword: 'password', newPassword: 'password' });
  assertEnrollOptions(options);
  const { text, warnings } = acceptPassword(admin, passwords.newPassword);
  return keep(options, admin, async (current) => {
    if (current === null) return renew(work, admin, text, null, [], warnings, options);
    // If a night ran between change and call, the current pair may be one that the stored hash opens.
    const earlier = await openEarlier(current, [passwords.oldPassword, text]);
    if (earlier.every(({ identity }) => identity === null)) {
      throw refused(admin, 'The old password is not the one that opens the key of');
    }
    return renew(work, admin, text, current, earlier, warnings, options);
  });
}

function assertEnrollOptions(options: EnrollOptions): void {
  assertArgument('options', options, 'object', {
    store: 'object',
    postQuantum: 'boolean?',
    now: 'date?',
    labels: 'array?',
    signal: 'signal?',
  });
  assertArgument('options.store', options.store, 'object', { load: 'function', save: 'function' });
}

/** Makes a pair for the password, and links the earlier pairs whose identities are known. */
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
  const stored = parseStoredPassword(admin.storedPassword.reveal());
  const pair = await makeKeyPair(options.postQuantum === true);
  const epoch = Math.max(current?.epoch ?? 0, ...earlier.map((pair) => pair.epoch)) + 1;
  const { chain, identities } = await chainFrom(pair.recipient, earlier);
  const sealedIdentity = await sealWithPassphrase(pair.identity, passphraseFromPassword(password), work);
  const enrollment = signed(
    {
      userNum: admin.userNum,
      userName: admin.userName,
      revision: (current?.revision ?? 0) + 1,
      epoch,
      since: (options.now ?? new Date()).toISOString(),
      mark: await markOf(stored, work),
      unlock: { kind: 'enrolled', epoch, recipient: pair.recipient, sealedIdentity, chain },
      ...(current?.opening === undefined ? {} : { opening: current.opening }),
    },
    pair.identity,
    identities,
  );
  const lost = earlier.find(({ identity }) => identity === null);
  if (current === null || lost === undefined) return { enrollment, warnings };
  // The mark says that the password did not change, but it does not open the pair.
  const isExchanged = lost === earlier[0] && (lost.isForeign || (await fitsMark(current.mark, stored)));
  const warning = isExchanged ? keyExchanged(admin, lost) : chainBroken(admin, lost);
  return { enrollment, warnings: [...warnings, warning] };
}

function keyExchanged({ userName }: AdminPassword, { since }: KeyEpoch): KeyWarning {
  return {
    code: 'key-exchanged',
    message: `The stored backup key of "${userName}", of ${since.slice(0, 10)}, did not open with its password: somebody may have exchanged it. A new key was made. Check the archives made since then: they may not open with this password.`,
  };
}

function recordChanged({ userName }: AdminPassword): KeyWarning {
  return {
    code: 'record-changed',
    message: `Somebody without the password changed the stored backup key of "${userName}". It was repaired. Check the archives made since the last login: they may not open with this password.`,
  };
}

function recordUnreadable({ userName }: AdminPassword): KeyWarning {
  return {
    code: 'record-unreadable',
    message: `The stored backup key of "${userName}" could not be read and was replaced. Older archives open with the password of their time.`,
  };
}

function chainBroken({ userName }: AdminPassword, { since }: KeyEpoch): KeyWarning {
  return {
    code: 'chain-broken',
    message: `The password of "${userName}" was replaced without the old one. Archives sealed with the key of ${since.slice(0, 10)} or an earlier one open only with the password of their time.`,
  };
}

/** Changes the stored record, and tries again when another process changed it meanwhile. */
async function keep(
  { store, signal }: EnrollOptions,
  admin: AdminPassword,
  decide: (current: Enrollment | null) => Promise<Enrolled>,
): Promise<Enrolled> {
  const { userNum } = admin;
  const io = { signal };
  let wasUnreadable = false;
  for (let attempt = 0; attempt < 5; attempt++) {
    signal?.throwIfAborted();
    let current: Enrollment | null;
    try {
      current = await store.load(userNum, io);
    } catch (error) {
      if (!isBackupError(error, 'settings-invalid') || store.discardUnreadable === undefined) throw error;
      await store.discardUnreadable(userNum, io);
      wasUnreadable = true;
      continue;
    }
    if (current !== null && !leavesRoom(current) && store.discardUnreadable !== undefined) {
      await store.discardUnreadable(userNum, io);
      wasUnreadable = true;
      continue;
    }
    const decided = await decide(current);
    if (decided.enrollment !== current && !(await store.save(decided.enrollment, io))) continue;
    if (!wasUnreadable) return decided;
    return { ...decided, warnings: [...decided.warnings, recordUnreadable(admin)] };
  }
  throw new BackupError(
    'storage-transient',
    'The backup key could not be saved: another process keeps changing it.',
  );
}
