import type { Recipient } from 'age-encryption';
import { engine as ownEngine } from '#engine';
import { assertArgument, assertByteSource } from '../../arguments.js';
import { type ByteSource, iterateBytes } from '../../bytes.js';
import type { Engine } from '../../engine/engine.js';
import { enarmor } from './armor.js';
import { makeHeader } from './header.js';
import { checkRecipients, defaultScryptLogN, passphraseRecipient } from './keys.js';
import { payloadKey, payloadNonceBytes, sealPayload } from './stream.js';

/** The recipients of {@link encryptAge}, or one passphrase; never both. */
export type EncryptAgeOptions = EncryptAgeCommonOptions &
  (
    | { readonly recipients: readonly (string | Recipient)[]; readonly passphrase?: never | undefined }
    | {
        readonly passphrase: string;
        /** Work factor of the passphrase as a power of two, 1 to 20. @defaultValue 17 */
        readonly scryptLogN?: number | undefined;
        readonly recipients?: never | undefined;
      }
  );

/** Options of every form of {@link encryptAge}. */
export interface EncryptAgeCommonOptions {
  /** Whether to write the armored form (`-----BEGIN AGE ENCRYPTED FILE-----`). @defaultValue false */
  readonly armor?: boolean | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Encrypts to a standard age v1 file, as a stream in constant memory.
 *
 * @example
 * ```ts
 * import { encryptAge } from 'supplemental-backup/age';
 *
 * for await (const chunk of encryptAge(bytes, { recipients: [recipient] })) await file.write(chunk);
 * ```
 * @param source - what to encrypt
 * @returns the encrypted file, in pieces; it can be iterated once
 * @throws TypeError when a recipient is invalid or missing, or a passphrase is given as well
 */
export function encryptAge(source: ByteSource, options: EncryptAgeOptions): AsyncGenerator<Uint8Array> {
  return encryptAgeWith(ownEngine, source, options);
}

/** {@link encryptAge} on a given engine. */
export function encryptAgeWith(
  engine: Engine,
  source: ByteSource,
  options: EncryptAgeOptions,
): AsyncGenerator<Uint8Array> {
  assertByteSource('source', source);
  assertArgument('options', options, 'object', {
    recipients: 'array?',
    passphrase: 'text?',
    scryptLogN: 'number?',
    signal: 'signal?',
  });
  let recipients: readonly (string | Recipient)[];
  if (options.passphrase !== undefined) {
    if (options.recipients !== undefined) {
      throw new TypeError('"passphrase" and "recipients" must not both be given');
    }
    const logN = options.scryptLogN ?? defaultScryptLogN;
    if (!Number.isInteger(logN) || logN < 1 || logN > 20)
      throw new RangeError('"scryptLogN" must be 1 to 20');
    if (options.passphrase === '') throw new TypeError('"passphrase" must not be empty');
    recipients = [passphraseRecipient(options.passphrase, logN, engine)];
  } else {
    // Callers in plain JavaScript may give neither.
    recipients = options.recipients ?? [];
    checkRecipients(recipients);
  }
  const file = writeAge(engine, iterateBytes(source, options.signal), recipients);
  return options.armor === true ? enarmor(file) : file;
}

/** An age file in pieces: header, nonce and sealed payload. */
export async function* writeAge(
  engine: Engine,
  payload: AsyncIterable<Uint8Array>,
  recipients: readonly (string | Recipient)[],
): AsyncGenerator<Uint8Array> {
  const header = await makeHeader(recipients);
  const nonce = crypto.getRandomValues(new Uint8Array(payloadNonceBytes));
  const key = payloadKey(header.fileKey, nonce);
  header.fileKey.fill(0);
  try {
    yield header.bytes;
    yield nonce;
    yield* sealPayload(payload, key, engine);
  } finally {
    key.fill(0);
  }
}
