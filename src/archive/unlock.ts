import { type Identity, identityToRecipient } from 'age-encryption';
import { assertArgument } from '../arguments.js';
import type { AuditLog } from '../audit.js';
import { collectBytes, fromUtf8, utf8 } from '../bytes.js';
import { BackupError, isBackupError } from '../errors.js';
import type { ChainLink, Label, Unlock } from '../model/parts.js';
import { unwrapFileKey, wholeStanzasOf } from './age/damaged-header.js';
import { decryptAge } from './age/decrypt.js';
import { stanzasOf, unlockHeader } from './age/header.js';
import { checkIdentities } from './age/keys.js';
import { labelOf } from './label.js';
import { type Password, passphraseFor } from './password/passphrase.js';

/** Keys of an archive. At least one is needed. */
export interface ArchiveKeys {
  /** The password of the key holder, as typed. */
  readonly password?: Password | undefined;
  /** `AGE-SECRET-KEY-1…`, `AGE-SECRET-KEY-PQ-1…`, or custom identities. */
  readonly identities?: readonly (string | Identity)[] | undefined;
  /** Receives an entry when an archive was opened, or could not be. */
  readonly audit?: AuditLog | undefined;
  /**
   * Whether to open also an archive with a damaged label or another damaged line in its header. Its contents
   * are still authenticated by the key. Its label is null then, since its text cannot be trusted.
   *
   * @defaultValue false
   */
  readonly withoutLabel?: boolean | undefined;
}

// Largest accepted work factor in a label, as a power of two: 256 MiB. Writers use 17.
const maxLabelLogN = 18;
// A sealed identity is a single line.
const maxIdentityBytes = 4096;

/** Refuses invalid keys before anything is read. */
export function checkKeys(keys: ArchiveKeys): void {
  assertArgument('options', keys, 'object', {
    password: 'password?',
    identities: 'array?',
    audit: 'object?',
    withoutLabel: 'boolean?',
    signal: 'signal?',
  });
  checkIdentities(keys.identities ?? []);
  if (keys.password === undefined && (keys.identities ?? []).length === 0) {
    throw new TypeError('"password" or "identities" must be given');
  }
}

/** A header that was unlocked with a key. */
export interface UnlockedHeader {
  /** Authenticated; null if there is none, or if it is damaged. */
  readonly label: Label | null;
  /** Secret; the caller wipes it. */
  readonly fileKey: Uint8Array;
  /** Whether the header was changed, so that its label is not authenticated. */
  readonly isLabelDamaged: boolean;
}

/** The label in a header, unauthenticated. */
export interface ClaimedLabel {
  /** Null if there is none, or if it cannot be read. */
  readonly label: Label | null;
  /** Why the header cannot be read; null if it can. */
  readonly damage: BackupError | null;
}

/** Reads the label in a header without failing. */
export async function readLabel(header: Uint8Array): Promise<ClaimedLabel> {
  try {
    return { label: labelOf(await stanzasOf(header)), damage: null };
  } catch (error) {
    // A damaged label may look like one of another version or size.
    if (isBackupError(error)) return { label: null, damage: error };
    throw error;
  }
}

/**
 * Unlocks a header.
 *
 * @throws BackupError `wrong-key`; `archive-damaged`; `archive-limit-exceeded`; `archive-unsupported`
 */
export async function unlockArchiveHeader(
  header: Uint8Array,
  { label, damage }: ClaimedLabel,
  keys: ArchiveKeys,
): Promise<UnlockedHeader> {
  try {
    if (damage !== null) throw damage;
    return { label, fileKey: await unlockFileKey(header, label, keys), isLabelDamaged: false };
  } catch (error) {
    if (error !== damage && !isBackupError(error, 'archive-damaged')) throw error;
    const fileKey = await unlockDamaged(header, keys);
    if (fileKey === null) throw error;
    if (keys.withoutLabel === true) return { label: null, fileKey, isLabelDamaged: true };
    fileKey.fill(0);
    throw labelDamaged(error);
  }
}

/** The file key of a header that is damaged in another line; null when no key yields it. */
async function unlockDamaged(
  header: Uint8Array,
  { identities = [], password }: ArchiveKeys,
): Promise<Uint8Array | null> {
  const stanzas = wholeStanzasOf(header);
  const fileKey = await unwrapFileKey(stanzas, identities);
  if (fileKey !== null || password === undefined) return fileKey;
  try {
    const label = labelOf(stanzas);
    if (label === null) return null;
    return await unwrapFileKey(stanzas, [(await unlockLabel(label, password)).identity]);
  } catch (error) {
    // A password needs the label to yield a key.
    if (isBackupError(error)) return null;
    throw error;
  }
}

function labelDamaged(cause: unknown): BackupError {
  return new BackupError(
    'archive-damaged',
    'The label of the archive, or another line of its header, is damaged. The key still fits and authenticates the ' +
      'contents: the archive can be opened without its label (`withoutLabel`).',
    { cause, details: { isLabelDamaged: true } },
  );
}

/**
 * The file key of an archive: by the identities, and if none of them fits, by the identity that the password
 * yields. So a key file costs no scrypt and does not depend on the label.
 *
 * @throws BackupError `wrong-key`; `archive-damaged`; `archive-limit-exceeded`; `archive-unsupported`
 */
async function unlockFileKey(
  header: Uint8Array,
  label: Label | null,
  { identities = [], password }: ArchiveKeys,
): Promise<Uint8Array> {
  if (identities.length > 0) {
    try {
      return await unlockHeader(header, identities);
    } catch (error) {
      if (password === undefined || !isBackupError(error, 'wrong-key')) throw error;
    }
  }
  if (label === null || label.unlock.length === 0) {
    throw new BackupError('wrong-key', 'This archive cannot be opened with a password; it needs a key file.');
  }
  return unlockHeader(header, [(await unlockLabel(label, password!)).identity]);
}

/** An identity that was decrypted from a label. */
export interface UnlockedIdentity {
  /** Which password of the key holder; null for a stored hash. */
  readonly epoch: number | null;
  /** `age1…` or `age1pq1…`. */
  readonly recipient: string;
  /** `AGE-SECRET-KEY-…`: secret. */
  readonly identity: string;
}

/**
 * The identity that a password decrypts.
 *
 * @param label - of the archive; it need not be authenticated, since a wrong identity opens nothing
 * @param password - of the label's key holder, as typed
 * @throws BackupError `wrong-key`; `archive-damaged`; `archive-limit-exceeded`
 * @example
 * ```ts
 * const { identity } = await unlockLabel(label, password);
 * const archive = await openArchive(source, { identities: [identity] });
 * ```
 */
export async function unlockLabel(
  label: Pick<Label, 'keyHolder' | 'unlock'>,
  password: Password,
): Promise<UnlockedIdentity> {
  assertArgument('label', label, 'object', { unlock: 'array' });
  assertArgument('password', password, 'password');
  for (const unlock of label.unlock) {
    const identity = await openSealed(unlock, { passphrase: passphraseFor(unlock, password) });
    if (identity === null) continue;
    const epoch = unlock.kind === 'enrolled' ? unlock.epoch : null;
    return { epoch, recipient: unlock.recipient, identity };
  }
  const { keyHolder } = label;
  throw new BackupError(
    'wrong-key',
    keyHolder === undefined
      ? 'The password does not open this archive.'
      : `The password does not open this archive, which was sealed for the user "${keyHolder.userName}".`,
    keyHolder === undefined ? {} : { details: { ...keyHolder } },
  );
}

/**
 * All identities that a password decrypts: the label's own, then those of earlier passwords in the label,
 * newest first. They open the older archives of the same key holder.
 *
 * @param label - of the newest archive; it need not be authenticated, since a wrong identity opens nothing
 * @param password - of the label's key holder, as typed
 * @throws BackupError as {@link unlockLabel}
 * @example
 * ```ts
 * const identities = (await unlockChain(label, password)).map(({ identity }) => identity);
 * const older = await openArchive(source, { identities });
 * console.log(older.manifest.snapshotAt);
 * ```
 */
export async function unlockChain(
  label: Pick<Label, 'keyHolder' | 'unlock'>,
  password: Password,
): Promise<readonly UnlockedIdentity[]> {
  const newest = await unlockLabel(label, password);
  const own = label.unlock.find((unlock) => unlock.recipient === newest.recipient);
  return [newest, ...(own === undefined ? [] : await followChain(own, newest.identity))];
}

/**
 * The identities of earlier passwords that an `unlock` entry holds, newest first, as far as the chain can be
 * decrypted.
 *
 * @param identity - the entry's own
 */
export async function followChain(unlock: Unlock, identity: string): Promise<readonly UnlockedIdentity[]> {
  const unlocked: UnlockedIdentity[] = [];
  let opener = identity;
  for (const link of unlock.kind === 'enrolled' ? (unlock.chain ?? []) : []) {
    const older = await openSealed(link, { identities: [opener] });
    // Older entries are sealed to this one, so the chain ends here.
    if (older === null) break;
    opener = older;
    unlocked.push({ epoch: link.epoch, recipient: link.recipient, identity: older });
  }
  return unlocked;
}

/**
 * The identity that is sealed with a password, whatever recipient is stated beside it; null when the password
 * does not fit.
 *
 * @throws BackupError `archive-damaged`, `archive-limit-exceeded`, `archive-unsupported` when the entry holds
 *   no identity
 */
export function openSealedIdentity(unlock: Unlock, password: Password): Promise<string | null> {
  return readSealed(unlock.sealedIdentity, { passphrase: passphraseFor(unlock, password) });
}

type SealKey = { readonly passphrase: string } | { readonly identities: readonly string[] };

// Null when the key does not fit.
async function openSealed(
  sealed: Pick<ChainLink | Unlock, 'recipient' | 'sealedIdentity'>,
  key: SealKey,
): Promise<string | null> {
  const identity = await readSealed(sealed.sealedIdentity, key);
  if (identity === null || (await identityToRecipient(identity)) === sealed.recipient) return identity;
  throw notWhatItSays();
}

async function readSealed(sealedIdentity: string, key: SealKey): Promise<string | null> {
  let content: Uint8Array;
  try {
    const file = decryptAge(utf8(sealedIdentity), { ...key, maxScryptLogN: maxLabelLogN });
    content = await collectBytes(file, maxIdentityBytes);
  } catch (error) {
    if (isBackupError(error, 'wrong-key')) return null;
    if (isBackupError(error)) throw error;
    throw new BackupError('archive-limit-exceeded', 'An identity in the label is too long.');
  }
  try {
    const identity = fromUtf8(content)
      .split(/\r?\n/)
      .find((line) => line.startsWith('AGE-SECRET-KEY-'));
    if (identity !== undefined) {
      await identityToRecipient(identity);
      return identity;
    }
  } catch {
    // Reported below without a cause, which might quote the secret.
  } finally {
    content.fill(0);
  }
  throw notWhatItSays();
}

function notWhatItSays(): BackupError {
  return new BackupError('archive-damaged', 'An identity in the label does not match its recipient.');
}
