import { passphraseFromStoredHash } from '../archive/password/passphrase.js';
import { parseStoredPassword, type StoredPassword } from '../archive/password/stored-password.js';
import { assertArgument } from '../arguments.js';
import { BackupError, isBackupError } from '../errors.js';
import type { KeyHolder, Unlock } from '../model/parts.js';
import { type Enrollment, type EnrollmentStore, keyEpochOf } from './enrollment.js';
import { fingerprintOf } from './fingerprint.js';
import { makeKeyPair, sealWithPassphrase } from './key-pair.js';
import type { KeyWarning } from './key-warning.js';
import { markOf } from './password-mark.js';
import { judgeKey, type PinnedKey, pinOf } from './pinned-key.js';
import { signed } from './record-signature.js';
import { type AdminCandidate, holder, type LastAdmin } from './resolve-last-admin.js';
import { assertAdmin } from './verify-admin-password.js';
import { fullWorkFactor, type WorkFactor } from './work-factor.js';

/**
 * Which kind of key an archive may be sealed with.
 *
 * - `prefer-enrolled`: an enrolment that fits the password of today; without one, the stored hash
 * - `enrolled-only`: an enrolment that fits, or no archive
 * - `stored-hash`: the stored hash, always; for hosts that never enrol anybody
 */
export type KeyPolicy = 'enrolled-only' | 'prefer-enrolled' | 'stored-hash';

/** Options of {@link sealFor}. */
export interface SealForOptions {
  /** Where key pairs are stored. */
  readonly store: EnrollmentStore;
  /** @defaultValue 'prefer-enrolled' */
  readonly policy?: KeyPolicy | undefined;
  /**
   * A pair that is made here withstands quantum computers as well.
   *
   * @defaultValue false
   */
  readonly postQuantum?: boolean | undefined;
  /** @defaultValue the present moment */
  readonly now?: Date | undefined;
  /**
   * What the last archives for this administrator were sealed with: {@link Seal.pin} of that time, kept where
   * those who can write to the store of enrolments cannot write. It detects a key that was exchanged in the
   * store. Null the first time; without it nothing is compared, and no pin is made.
   */
  readonly pinned?: PinnedKey | null | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * For whom an archive is sealed: `recipients` for `encryptArchive`, `keyHolder` and `unlock` for its label.
 */
export interface Seal {
  /** Public keys to seal for. */
  readonly recipients: readonly [string, ...string[]];
  /** The administrator whose password opens the archive; for the label. */
  readonly keyHolder: KeyHolder;
  /** How the password opens it; for the label. */
  readonly unlock: readonly [Unlock, ...Unlock[]];
  /** What is weak or unusual about the key. */
  readonly warnings: readonly KeyWarning[];
  /** What to give as `pinned` the next time, where that was given. */
  readonly pin?: PinnedKey;
}

// The label has room for 256 KiB; the rest of it is small.
const longestUnlock = 192 * 1024;

/**
 * Finds, or makes, the public key for the last administrator. Needs no password. An archive gets one kind of
 * key, never both: the weaker one would decide.
 *
 * Call it before the tables of the practice are locked: it may write to the store, and takes a third of a
 * second once per change of password. Inside the snapshot, `isSameAdmin` of `supplemental-backup/admin` shows
 * whether the answer still fits.
 *
 * @throws BackupError `no-usable-admin` when there is no one to seal for; `details.reason` tells why
 * @throws BackupError what the store throws
 * @example
 * ```ts
 * const { recipients, keyHolder, unlock } = await sealFor(lastAdmin, { store: enrollments });
 * const label = { practiceId, database: 'opendental', scope: 'full', keyHolder, unlock } as const;
 * const archive = encryptArchive(dumpDatabase(database), { recipients, label });
 * ```
 */
export function sealFor(last: LastAdmin, options: SealForOptions): Promise<Seal> {
  return sealForWith(fullWorkFactor, last, options);
}

/** {@link sealFor} with a given amount of work. */
export async function sealForWith(work: WorkFactor, last: LastAdmin, options: SealForOptions): Promise<Seal> {
  assertArgument('last', last, 'object', { kind: 'text' });
  if (last.kind === 'found') assertAdmin('last.admin', last.admin);
  assertArgument('options', options, 'object', {
    store: 'object',
    policy: 'text?',
    postQuantum: 'boolean?',
    now: 'date?',
    signal: 'signal?',
  });
  if (last.kind !== 'found' && last.kind !== 'unsupported-hash') {
    throw unusable(last.kind, last.sentence, 'user' in last ? last.user : undefined);
  }
  const { admin } = last;
  const policy = options.policy ?? 'prefer-enrolled';
  const stored = parseStoredPassword(admin.storedPassword.reveal());
  const { current, isUnreadable } = await loadKept(options, admin.userNum);
  const pinned = options.pinned?.userNum === admin.userNum ? options.pinned : null;
  const judged = await judgeKey(current, pinned, stored);
  const pin = async (record: Enrollment): Promise<PinnedKey | undefined> =>
    options.pinned === undefined
      ? undefined
      : pinOf(work, admin, stored, record, judged.isSamePassword ? pinned : null);
  if (judged.kind === 'unproven' && (policy !== 'stored-hash' || judged.ways[0].kind === 'stored-hash')) {
    const warnings = [...last.warnings, unproven(admin, judged.pinned, current)];
    return shortened(sealOf(admin, judged.ways, warnings, judged.pinned));
  }
  const fits = judged.kind === 'fits';
  if (policy !== 'stored-hash' && fits && judged.current.unlock.kind === 'enrolled') {
    return shortened(sealOf(admin, [judged.current.unlock], last.warnings, await pin(judged.current)));
  }
  const isStale = current?.unlock.kind === 'enrolled' && !fits;
  if (policy === 'enrolled-only') {
    throw isStale
      ? unusable(
          'enrollment-stale',
          `The password of "${admin.userName}" changed since the enrolment.`,
          admin,
        )
      : unusable('not-enrolled', `"${admin.userName}" has not been enrolled yet.`, admin);
  }
  if (last.kind === 'unsupported-hash') throw unusable(last.kind, last.sentence, admin);
  const warnings = [
    ...last.warnings,
    storedHash(admin),
    ...(isStale ? [stale(admin)] : []),
    ...(isUnreadable ? [unreadableRecord(admin)] : []),
  ];
  if (fits && judged.current.unlock.kind === 'stored-hash') {
    return sealOf(admin, [judged.current.unlock], warnings, await pin(judged.current));
  }
  const made = await sealWithStoredHash(work, admin, stored, current, options);
  return sealOf(admin, [made.unlock], warnings, await pin(made));
}

/** A user's record. One that cannot be read does not end the night: the next login replaces it. */
async function loadKept(
  { store, signal }: SealForOptions,
  userNum: string,
): Promise<{ readonly current: Enrollment | null; readonly isUnreadable: boolean }> {
  try {
    return { current: await store.load(userNum, { signal }), isUnreadable: false };
  } catch (error) {
    // A store that cannot discard it cannot store a new one either.
    if (!isBackupError(error, 'settings-invalid') || store.discardUnreadable === undefined) throw error;
    return { current: null, isUnreadable: true };
  }
}

/** Makes a pair that the stored hash opens, and stores it until the password changes. */
async function sealWithStoredHash(
  work: WorkFactor,
  admin: AdminCandidate,
  stored: StoredPassword,
  current: Enrollment | null,
  { store, postQuantum, now, signal }: SealForOptions,
): Promise<Enrollment> {
  signal?.throwIfAborted();
  const pair = await makeKeyPair(postQuantum === true);
  const unlock: Unlock = {
    kind: 'stored-hash',
    hashType: stored.scheme,
    salt: stored.salt,
    recipient: pair.recipient,
    sealedIdentity: await sealWithPassphrase(pair.identity, passphraseFromStoredHash(stored), work),
  };
  const resting = current?.unlock.kind === 'enrolled' ? keyEpochOf(current) : current?.resting;
  const enrollment = signed(
    {
      ...holder(admin),
      revision: (current?.revision ?? 0) + 1,
      epoch: (current?.epoch ?? 0) + 1,
      since: (now ?? new Date()).toISOString(),
      mark: await markOf(stored, work),
      unlock,
      ...(resting === undefined ? {} : { resting }),
      ...(current?.opening === undefined ? {} : { opening: current.opening }),
    },
    pair.identity,
  );
  // If another process stored a pair meanwhile, this one serves only this archive, whose label holds all it
  // needs.
  await store.save(enrollment, { signal });
  return enrollment;
}

function sealOf(
  admin: AdminCandidate,
  ways: readonly [Unlock, ...Unlock[]],
  warnings: readonly KeyWarning[],
  pin: PinnedKey | undefined,
): Seal {
  const [first, ...others] = ways;
  return {
    recipients: [first.recipient, ...others.map(({ recipient }) => recipient)],
    keyHolder: holder(admin),
    unlock: ways,
    warnings,
    ...(pin === undefined ? {} : { pin }),
  };
}

/** Takes the oldest keys off a chain that is longer than a label may be. The store keeps them. */
function shortened(seal: Seal): Seal {
  const [first, ...others] = seal.unlock;
  let room = longestUnlock;
  let omitted = 0;
  let kept = 0;
  const cut = (unlock: Unlock): Unlock => {
    room -= unlock.sealedIdentity.length + unlock.recipient.length;
    if (unlock.kind !== 'enrolled' || unlock.chain === undefined) return unlock;
    const chain = unlock.chain.filter((link) => {
      room -= JSON.stringify(link).length;
      return room >= 0;
    });
    kept += chain.length;
    omitted += unlock.chain.length - chain.length;
    return chain.length === unlock.chain.length ? unlock : { ...unlock, chain };
  };
  const unlock: readonly [Unlock, ...Unlock[]] = [cut(first), ...others.map(cut)];
  if (omitted === 0) return seal;
  const message = `The label has room for the keys of ${kept} earlier passwords of "${seal.keyHolder.userName}", not for all ${kept + omitted}. Older archives open with the password of their time.`;
  return { ...seal, unlock, warnings: [...seal.warnings, { code: 'chain-shortened', message }] };
}

function unusable(reason: string, sentence: string, user: KeyHolder | undefined): BackupError {
  const details = { reason, ...(user === undefined ? {} : holder(user)) };
  return new BackupError('no-usable-admin', sentence, { details });
}

function storedHash({ userName }: AdminCandidate): KeyWarning {
  return {
    code: 'stored-hash',
    message: `"${userName}" has not been enrolled with the present password, so the archive is sealed with its hash in the database: whoever can read the table of users can open it.`,
  };
}

function stale({ userName }: AdminCandidate): KeyWarning {
  return {
    code: 'enrollment-stale',
    message: `The password of "${userName}" changed since the enrolment, which is therefore not used. The next login repairs that.`,
  };
}

function unreadableRecord({ userName }: AdminCandidate): KeyWarning {
  return {
    code: 'record-unreadable',
    message: `The stored backup key of "${userName}" cannot be read, so it is not used. The next login repairs that.`,
  };
}

function unproven({ userName }: AdminCandidate, pinned: PinnedKey, current: Enrollment | null): KeyWarning {
  const found =
    current === null
      ? 'is missing'
      : current.unlock.recipient === pinned.unlock.recipient
        ? 'was changed'
        : `is another one (${fingerprintOf(current.unlock.recipient)}, not ${fingerprintOf(pinned.unlock.recipient)})`;
  return {
    code: 'key-unproven',
    message: `The stored backup key of "${userName}" ${found}, although the password is the same and nothing shows that "${userName}" changed it. The archive opens with the key of the last archives. Have that person log in, and find out who can write to the keys.`,
  };
}
