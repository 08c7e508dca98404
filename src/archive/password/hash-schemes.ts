import { md5 } from '@noble/hashes/legacy.js';
import { sha3_512 } from '@noble/hashes/sha3.js';
import { toBase64 } from '../../bytes.js';

/** A way in which Open Dental hashes passwords. */
export interface HashScheme {
  /** The text before the first `$` of a stored password. */
  readonly name: string;
  /**
   * The hash of a password, as the text that is stored.
   *
   * @param salt - the salt as text, exactly as stored: it is never decoded
   * @param password - as typed: without trimming or Unicode normalisation
   */
  hash(salt: string, password: string): string;
}

/** Schemes by name. A host adds its own by spreading {@link hashSchemes} into a new table. */
export type HashSchemes = Readonly<Record<string, HashScheme>>;

/** The schemes of Open Dental up to version 24.3. `None` has no hash and is not among them. */
export const hashSchemes: HashSchemes = {
  SHA3_512: {
    name: 'SHA3_512',
    // An empty password is stored as an empty hash, whatever the salt.
    hash: (salt, password) => (password === '' ? '' : toBase64(hashed(sha3_512, utf16(salt + password)))),
  },
  MD5: {
    name: 'MD5',
    // Unlike above, an empty password with a salt is stored as the hash of the salt.
    hash: (salt, password) => (salt + password === '' ? '' : toBase64(hashed(md5, utf16(salt + password)))),
  },
  MD5_ECW: {
    name: 'MD5_ECW',
    hash: (_salt, password) => hex(hashed(md5, ascii(password))),
  },
};

// The bytes of a password are wiped right after hashing.
function hashed(hash: (bytes: Uint8Array) => Uint8Array, secret: Uint8Array): Uint8Array {
  try {
    return hash(secret);
  } finally {
    secret.fill(0);
  }
}

// Not TextEncoder: the stored hashes are over UTF-16 code units, little-endian, without a byte order mark.
function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), true);
  return bytes;
}

// .NET's ASCII encoder writes a question mark for every code unit outside of ASCII, two for a surrogate pair.
function ascii(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, i) => {
    const unit = text.charCodeAt(i);
    return unit < 0x80 ? unit : 0x3f;
  });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
