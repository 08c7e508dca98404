import type { KeyHolder, Unlock } from '../archive/model.js';
import { passphraseFromStoredHash } from '../archive/password/passphrase.js';
import { parseStoredPassword, type StoredPassword } from '../archive/password/stored-password.js';
import { BackupError } from '../errors.js';
import { type Enrollment, type EnrollmentStore, keyEpochOf } from './enrollment.js';
import { makeKeyPair, sealWithPassphrase } from './key-pair.js';
import type { KeyWarning } from './key-warning.js';
import { fitsMark, markOf } from './password-mark.js';
import { type AdminCandidate, holder, type LastAdmin } from './resolve-last-admin.js';
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
  /** Where key pairs are kept. */
  readonly store: EnrollmentStore;
  /** @defaultValue 'prefer-enrolled' */
  readonly policy?: KeyPolicy;
  /**
   * A pair that is made here withstands quantum computers as well.
   *
   * @defaultValue false
   */
  readonly postQuantum?: boolean;
  /** @defaultValue the present moment */
  readonly now?: Date;
  readonly signal?: AbortSignal | undefined;
}

/** For whom an archive is sealed: `recipients` for `encryptArchive`, `keyHolder` and `unlock` for its label. */
export interface Seal {
  readonly recipients: readonly [string];
  readonly keyHolder: KeyHolder;
  readonly unlock: readonly [Unlock];
  readonly warnings: readonly KeyWarning[];
}

// The label has room for 256 KiB; the rest of it is small.
const longestUnlock = 192 * 1024;

/**
 * Finds, or makes, the public key for the last administrator. Needs no password. An archive gets one kind of key, never
 * both: what is weaker would count for both.
 *
 * Call it before the tables of the practice are locked, as it may write to the store and, once per change of password,
 * takes a third of a second; {@link isSameAdmin} tells inside the snapshot whether the answer still fits.
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
  if (last.kind !== 'found' && last.kind !== 'unsupported-hash') {
    throw unusable(last.kind, last.sentence, 'user' in last ? last.user : undefined);
  }
  const { admin } = last;
  const policy = options.policy ?? 'prefer-enrolled';
  const io = { signal: options.signal };
  const stored = parseStoredPassword(admin.storedPassword.reveal());
  const current = await options.store.load(admin.userNum, io);
  const fits = current !== null && (await fitsMark(current.mark, stored));
  if (policy !== 'stored-hash' && fits && current.unlock.kind === 'enrolled') {
    return shortened(sealOf(admin, current.unlock, last.warnings));
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
  const warnings = [...last.warnings, storedHash(admin), ...(isStale ? [stale(admin)] : [])];
  if (fits && current.unlock.kind === 'stored-hash') return sealOf(admin, current.unlock, warnings);
  return sealOf(admin, await sealWithStoredHash(work, admin, stored, current, options), warnings);
}

/** Makes a pair that the stored hash opens, and keeps it until the password changes. */
async function sealWithStoredHash(
  work: WorkFactor,
  admin: AdminCandidate,
  stored: StoredPassword,
  current: Enrollment | null,
  { store, postQuantum, now, signal }: SealForOptions,
): Promise<Unlock> {
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
  // When somebody else kept another pair meanwhile, this one serves this one archive: its label has all it takes.
  await store.save(
    {
      ...holder(admin),
      revision: (current?.revision ?? 0) + 1,
      epoch: (current?.epoch ?? 0) + 1,
      since: (now ?? new Date()).toISOString(),
      mark: await markOf(stored, work),
      unlock,
      ...(resting === undefined ? {} : { resting }),
    },
    { signal },
  );
  return unlock;
}

function sealOf(admin: AdminCandidate, unlock: Unlock, warnings: readonly KeyWarning[]): Seal {
  return { recipients: [unlock.recipient], keyHolder: holder(admin), unlock: [unlock], warnings };
}

/** Takes the oldest keys off a chain that is longer than a label may be. The store keeps them. */
function shortened(seal: Seal): Seal {
  const [unlock] = seal.unlock;
  if (unlock.kind !== 'enrolled' || unlock.chain === undefined) return seal;
  let room = longestUnlock - unlock.sealedIdentity.length - unlock.recipient.length;
  const kept = unlock.chain.findIndex((link) => {
    room -= JSON.stringify(link).length;
    return room < 0;
  });
  if (kept === -1) return seal;
  const message = `The label has room for the keys of ${kept} earlier passwords of "${seal.keyHolder.userName}", not for all ${unlock.chain.length}. Older archives open with the password of their time.`;
  return {
    ...seal,
    unlock: [{ ...unlock, chain: unlock.chain.slice(0, kept) }],
    warnings: [...seal.warnings, { code: 'chain-shortened', message }],
  };
}

function unusable(reason: string, sentence: string, user: KeyHolder | undefined): BackupError {
  const details = { reason, ...(user === undefined ? {} : holder(user)) };
  return new BackupError('no-usable-admin', sentence, { details });
}

function storedHash({ userName }: AdminCandidate): KeyWarning {
  return {
    code: 'stored-hash',
    message: `"${userName}" has not been enrolled with the password of today, so the archive is sealed with what the database stores of it: whoever can read the table of users can open it.`,
  };
}

function stale({ userName }: AdminCandidate): KeyWarning {
  return {
    code: 'enrollment-stale',
    message: `The password of "${userName}" changed since the enrolment, which is not used any more. The next login mends that.`,
  };
}
