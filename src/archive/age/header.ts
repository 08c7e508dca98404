/**
 * The header of an age file, written and read by `age-encryption`. The payload is handled here, so the file
 * key must be obtained from the library: on writing through a recipient that wraps nothing and keeps a copy,
 * on reading through `decryptHeader`.
 */
import { Decrypter, Encrypter, type Identity, type Recipient, type Stanza } from 'age-encryption';
import { collectBytes } from '../../bytes.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { ByteReader } from '../byte-reader.js';
import { payloadNonceBytes } from './stream.js';

/** Largest header that is read, in bytes. */
export const maxHeaderBytes: number = 1024 * 1024;
/** Most stanzas that are read: each costs a public-key operation per identity. */
export const maxStanzas = 128;

const emptyPayloadBytes = payloadNonceBytes + 16;
const firstLine: Uint8Array = new TextEncoder().encode('age-encryption.org/v1\n');

/** A new header and its file key. */
export interface NewHeader {
  readonly bytes: Uint8Array;
  /** Secret; the caller wipes it. */
  readonly fileKey: Uint8Array;
}

/** Creates a header with a new file key. */
export async function makeHeader(recipients: readonly (string | Recipient)[]): Promise<NewHeader> {
  const encrypter = new Encrypter();
  const fileKeys: Uint8Array[] = [];
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKeys.push(key.slice());
      return [];
    },
  });
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  try {
    // As a stream: for bytes the library creates a `Response`, for which Node.js loads its whole HTTP client.
    const file = await collectBytes(await encrypter.encrypt(nothing()));
    return { bytes: file.slice(0, file.length - emptyPayloadBytes), fileKey: fileKeys[0]! };
  } catch (error) {
    for (const key of fileKeys) key.fill(0);
    throw error;
  }
}

function nothing(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.close() });
}

/**
 * Reads the header at the start of a file.
 *
 * @throws BackupError `archive-unsupported` when it is not an age file; `archive-limit-exceeded`;
 *   `archive-damaged`
 */
export async function takeHeader(reader: ByteReader): Promise<Uint8Array> {
  let searched = 0;
  for (let wanted = 4096; ; wanted *= 2) {
    const isWhole = await reader.fill(Math.min(wanted, maxHeaderBytes));
    const bytes = reader.peek(Math.min(reader.available, maxHeaderBytes));
    if (searched === 0 && !startsWith(bytes, firstLine)) {
      throw new BackupError('archive-unsupported', 'This file does not start like an age file.');
    }
    const end = headerEnd(bytes, searched);
    if (end > 0) return reader.take(end).slice();
    const isAll = !isWhole || bytes.length === maxHeaderBytes;
    const lastLineEnd = isAll ? lastLineWithin(bytes) : 0;
    if (lastLineEnd > 0) return reader.take(lastLineEnd).slice();
    if (bytes.length === maxHeaderBytes) {
      throw new BackupError('archive-limit-exceeded', 'The header of the archive is too long.');
    }
    if (!isWhole) throw new BackupError('archive-damaged', 'The archive ends within its header.');
    // The MAC line may span the end of the bytes that were searched.
    searched = Math.max(0, bytes.length - 128);
  }
}

// End of the header, after the line that starts with `---`; 0 if it is not in these bytes.
function headerEnd(bytes: Uint8Array, from: number): number {
  for (let i = bytes.indexOf(10, from); i >= 0; i = bytes.indexOf(10, i + 1)) {
    if (bytes[i + 1] === 45 && bytes[i + 2] === 45 && bytes[i + 3] === 45)
      return bytes.indexOf(10, i + 1) + 1;
  }
  return 0;
}

// End of the last line of a header whose beginning is lost; 0 if there is none.
function lastLineWithin(bytes: Uint8Array): number {
  const found = /--- [A-Za-z0-9+/]{43}\n/.exec(new TextDecoder('latin1').decode(bytes));
  return found === null ? 0 : found.index + found[0].length;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return bytes.length >= prefix.length && prefix.every((byte, i) => bytes[i] === byte);
}

/** The stanzas of a header, unauthenticated until the header is unlocked. */
export async function stanzasOf(header: Uint8Array): Promise<readonly Stanza[]> {
  const seen: (readonly Stanza[])[] = [];
  const decrypter = new Decrypter();
  decrypter.addIdentity({
    unwrapFileKey(stanzas) {
      seen.push(stanzas);
      return null;
    },
  });
  // That no key opens it is expected. Only a header that does not parse leaves the list empty.
  const error = await decrypter.decryptHeader(header).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const [found] = seen;
  if (found === undefined) throw damagedHeader(error);
  if (found.length > maxStanzas) {
    throw new BackupError('archive-limit-exceeded', 'The header of the archive has too many recipients.');
  }
  return found;
}

/**
 * The file key of a header, which authenticates the header. A custom identity that fails, as a hardware token
 * that is not plugged in, is skipped like one that does not fit. If none fits, its failure is the cause of
 * the error.
 *
 * @throws BackupError `wrong-key` when none of the identities fits; `archive-damaged`;
 *   `archive-limit-exceeded`
 */
export async function unlockHeader(
  header: Uint8Array,
  identities: readonly (string | Identity)[],
): Promise<Uint8Array> {
  await stanzasOf(header);
  const decrypter = new Decrypter();
  const failures: unknown[] = [];
  for (const identity of identities) {
    const isOwn = typeof identity === 'object' && 'unwrapFileKey' in identity;
    decrypter.addIdentity(isOwn ? passedOver(identity, failures) : identity);
  }
  let noneFits = false;
  // Identities are tried in order until one fits: this one is tried only after all others failed.
  decrypter.addIdentity({
    unwrapFileKey() {
      noneFits = true;
      return null;
    },
  });
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    if (isBackupError(error)) throw error;
    if (!noneFits) throw damagedHeader(error);
    if (failures.length === 0)
      throw new BackupError('wrong-key', 'None of the given keys fits this archive.');
    throw new BackupError(
      'wrong-key',
      'None of the given keys fits this archive, and one of them could not be used.',
      {
        cause: failures[0],
      },
    );
  }
}

/** An identity that counts as not fitting when it fails. Errors about the archive itself are still thrown. */
function passedOver(identity: Identity, failures: unknown[]): Identity {
  return {
    async unwrapFileKey(stanzas) {
      try {
        return await identity.unwrapFileKey(stanzas);
      } catch (error) {
        if (isBackupError(error)) throw error;
        failures.push(error);
        return null;
      }
    },
  };
}

function damagedHeader(cause: unknown): BackupError {
  return new BackupError('archive-damaged', 'The header of the archive cannot be read.', { cause });
}
