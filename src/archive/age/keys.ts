import {
  Decrypter,
  Encrypter,
  type Identity,
  type Recipient,
  identityToRecipient as recipientOf,
  Stanza,
} from 'age-encryption';
import { engine as ownEngine } from '#engine';
import { assertArgument } from '../../arguments.js';
import { utf8 } from '../../bytes.js';
import type { Engine } from '../../engine/engine.js';
import { BackupError } from '../../errors.js';

/**
 * Default work factor of a passphrase, as a power of two: 128 MiB and about a third of a second of native
 * code.
 */
export const defaultScryptLogN = 17;
/** Highest accepted work factor: 1 GiB of memory. A hostile header must not exhaust the machine. */
export const largestScryptLogN = 20;

const scryptLabel = 'age-encryption.org/v1/scrypt';
const saltBytes = 16;
// The nonce may be all zeros, because each key that wraps a file key is used only once.
const zeroNonce: Uint8Array = new Uint8Array(12);

/** Refuses invalid recipients before any work is done. */
export function checkRecipients(recipients: readonly (string | Recipient)[]): void {
  assertArgument('recipients', recipients, 'array');
  if (recipients.length === 0) throw new TypeError('"recipients" must not be empty');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw new TypeError('"recipients" holds something that is not an age recipient');
    }
  }
}

/** Refuses invalid identities. The message never quotes one, since it is secret. */
export function checkIdentities(identities: readonly (string | Identity)[]): void {
  assertArgument('identities', identities, 'array');
  const decrypter = new Decrypter();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw new TypeError('"identities" holds something that is not an age identity');
    }
  }
}

/**
 * The public half of a key.
 *
 * @param identity - `AGE-SECRET-KEY-1…`, `AGE-SECRET-KEY-PQ-1…`, or a key of the Web Crypto API
 * @throws TypeError when it is not an age identity. The message never quotes it, since it is secret
 * @example
 * ```ts
 * const identity = await generateX25519Identity();
 * console.log(await identityToRecipient(identity));
 * ```
 */
export async function identityToRecipient(identity: string | CryptoKey): Promise<string> {
  try {
    return await recipientOf(identity);
  } catch {
    throw new TypeError('"identity" must be an age identity');
  }
}

/** A passphrase as a recipient; age allows no other recipient beside it. */
export function passphraseRecipient(
  passphrase: string,
  logN: number = defaultScryptLogN,
  engine: Engine = ownEngine,
): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
      const key = await wrappingKey(passphrase, salt, logN, engine);
      try {
        const body = new Uint8Array(fileKey.length + 16);
        engine.seal(key, zeroNonce, fileKey, body);
        return [new Stanza(['scrypt', base64(salt), String(logN)], body)];
      } finally {
        key.fill(0);
      }
    },
  };
}

/** A passphrase as an identity. */
export function passphraseIdentity(
  passphrase: string,
  maxLogN: number = largestScryptLogN,
  engine: Engine = ownEngine,
): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const stanza = stanzas.find((candidate) => candidate.args[0] === 'scrypt');
      if (stanza === undefined) return null;
      const [, salt, logN] = stanza.args;
      const isSound =
        stanzas.length === 1 &&
        stanza.args.length === 3 &&
        stanza.body.length === 32 &&
        /^[A-Za-z0-9+/]{22}$/.test(salt!) &&
        /^[1-9][0-9]*$/.test(logN!);
      if (!isSound || base64(fromBase64(salt!)) !== salt) {
        throw new BackupError(
          'archive-damaged',
          'The passphrase stanza in the header of the file is malformed.',
        );
      }
      if (Number(logN) > maxLogN) {
        throw new BackupError(
          'archive-limit-exceeded',
          'Opening this file with a passphrase would take more memory than is allowed.',
        );
      }
      const key = await wrappingKey(passphrase, fromBase64(salt!), Number(logN), engine);
      try {
        return engine.open(key, zeroNonce, stanza.body);
      } finally {
        key.fill(0);
      }
    },
  };
}

async function wrappingKey(
  passphrase: string,
  salt: Uint8Array,
  logN: number,
  engine: Engine,
): Promise<Uint8Array> {
  const label = utf8(scryptLabel);
  const labelled = new Uint8Array(label.length + salt.length);
  labelled.set(label);
  labelled.set(salt, label.length);
  const secret = utf8(passphrase);
  try {
    return await engine.scrypt(secret, labelled, 2 ** logN);
  } finally {
    secret.fill(0);
  }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, '');
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
