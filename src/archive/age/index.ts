/**
 * `supplemental-backup/age`: standard age v1 files, streamed, in Node.js and browsers.
 *
 * @module
 */
export {
  generateHybridIdentity,
  generateX25519Identity,
  type Identity,
  type Recipient,
  Stanza,
} from 'age-encryption';
export { type DecryptAgeOptions, decryptAge } from './decrypt.js';
export { type EncryptAgeCommonOptions, type EncryptAgeOptions, encryptAge } from './encrypt.js';
export { identityToRecipient } from './keys.js';
