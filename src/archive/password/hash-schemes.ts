import { md5 } from '@noble/hashes/legacy.js';
import { sha3_512 } from '@noble/hashes/sha3.js';
import { toBase64 } from '../../bytes.js';

/** One way in which Open Dental turns a password into the hash it stores. */
export interface HashScheme {
  /** As it stands before the first `$` of a stored password. */
  readonly name: string;
  /**
   * The hash of a password, as the text that is stored.
   *
   * @param salt - the salt as text, exactly as stored: it is never decoded
   * @param password - as typed: no trimming, no Unicode normalisation
   */
  hash(salt: string, password: string): string;
}

/** A table of schemes by name. A host adds its own by spreading {@link hashSchemes} into a new table. */
export type HashSchemes = Readonly<Record<string, HashScheme>>;

/**
 * The schemes of Open Dental up to version 24.3 that hold a hash. `None` holds none and is not among them.
 */
export const hashSchemes: HashSchemes = {
  SHA3_512: {
    name: 'SHA3_512',
    // An empty password is stored as an empty hash, whatever the salt.
    hash: (salt, password) => (password === '' ? '' : toBase64(hashed(sha3_512, utf16(salt + password)))),
  },
  MD5: {
    name: 'MD5',
    // Unlike above, a salted empty password is the hash of its salt.
    hash: (salt, password) => (salt + password === '' ? '' : toBase64(hashed(md5, utf16(salt + password)))),
  },
  MD5_ECW: {
    name: 'MD5_ECW',
    hash: (_salt, password) => hex(hashed(md5, ascii(password))),
  },
};

// The bytes of a password are wiped as soon as they are hashed.
function hashed(hash: (bytes: Uint8Array) => Uint8Array, secret: Uint8Array): Uint8Array {
  try {
    return hash(secret);
  } finally {
    secret.fill(0);
  }
}

// Not TextEncoder: the stored hashes are over UTF-16 code units, little end first, without a mark.
function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), true);
  return bytes;
}

// .NET's ASCII encoder writes a question mark for every code unit it cannot take, two for a surrogate pair.
function ascii(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, i) => {
    const unit = text.charCodeAt(i);
    return unit < 0x80 ? unit : 0x3f;
  });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
