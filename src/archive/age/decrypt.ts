import type { Identity } from 'age-encryption';
import { engine as ownEngine } from '#engine';
import { assertArgument, assertByteSource } from '../../arguments.js';
import type { ByteSource } from '../../bytes.js';
import type { Engine } from '../../engine/engine.js';
import { BackupError } from '../../errors.js';
import { ByteReader } from '../byte-reader.js';
import { dearmor } from './armor.js';
import { takeHeader, unlockHeader } from './header.js';
import { checkIdentities, largestScryptLogN, passphraseIdentity } from './keys.js';
import { openPayload, payloadKey, payloadNonceBytes } from './stream.js';

/** Keys to try on an age file. */
export interface DecryptAgeOptions {
  /** `AGE-SECRET-KEY-1…`, `AGE-SECRET-KEY-PQ-1…`, or custom identities. */
  readonly identities?: readonly (string | Identity)[] | undefined;
  /** Opens a file that was sealed with a passphrase. */
  readonly passphrase?: string | undefined;
  /** Highest work factor of a passphrase that is accepted, as a power of two. @defaultValue 20 */
  readonly maxScryptLogN?: number | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Decrypts an age v1 file, binary or armored. It returns bytes only from chunks that have authenticated. A
 * file that was truncated or changed ends in an error after the last good chunk.
 *
 * @param source - the encrypted file
 * @param source - the encrypted file
 * @returns the content, in pieces; it can be iterated once
 * @throws BackupError `wrong-key`, `archive-damaged`, `archive-unsupported` or `archive-limit-exceeded`,
 * while iterating
 * @throws TypeError when no key is given or an identity is invalid
 * @example
 * ```ts
 * for await (const chunk of decryptAge(store.get(key), { identities: [identity] })) await file.write(chunk);
 * ```
 */
export function decryptAge(source: ByteSource, options: DecryptAgeOptions): AsyncGenerator<Uint8Array> {
  return decryptAgeWith(ownEngine, source, options);
}

/** {@link decryptAge} on a given engine. */
export function decryptAgeWith(
  engine: Engine,
  source: ByteSource,
  options: DecryptAgeOptions,
): AsyncGenerator<Uint8Array> {
  assertByteSource('source', source);
  assertArgument('options', options, 'object', {
    identities: 'array?',
    passphrase: 'text?',
    maxScryptLogN: 'number?',
    signal: 'signal?',
  });
  const identities: (string | Identity)[] = [...(options.identities ?? [])];
  checkIdentities(identities);
  if (options.passphrase !== undefined) {
    identities.push(
      passphraseIdentity(options.passphrase, options.maxScryptLogN ?? largestScryptLogN, engine),
    );
  }
  if (identities.length === 0) throw new TypeError('"identities" or "passphrase" must be given');
  return readAge(engine, new ByteReader(source, options.signal), identities);
}

async function* readAge(
  engine: Engine,
  source: ByteReader,
  identities: readonly (string | Identity)[],
): AsyncGenerator<Uint8Array> {
  let key: Uint8Array | null = null;
  try {
    const reader = await dearmor(source);
    const fileKey = await unlockHeader(await takeHeader(reader), identities);
    key = await takePayloadKey(reader, fileKey);
    yield* openPayload(reader, key, engine);
  } finally {
    key?.fill(0);
    await source.close();
  }
}

/** Reads the nonce at the start of a payload and derives the payload's key; wipes the file key. */
export async function takePayloadKey(reader: ByteReader, fileKey: Uint8Array): Promise<Uint8Array> {
  try {
    if (!(await reader.fill(payloadNonceBytes))) {
      throw new BackupError('archive-damaged', 'The archive ends right after its header.');
    }
    return payloadKey(fileKey, reader.take(payloadNonceBytes));
  } finally {
    fileKey.fill(0);
  }
}
