import { equalBytes } from '@noble/ciphers/utils.js';
import { utf8 } from '../../bytes.js';
import { type HashSchemes, hashSchemes } from './hash-schemes.js';

/** A parsed value of `userod.Password`. */
export interface StoredPassword {
  /** A name in {@link HashSchemes}, or `None`: the text is not a hash of any password. */
  readonly scheme: string;
  /** Salt text, as stored. */
  readonly salt: string;
  /** Hash text, as stored. Empty means that the password is empty. */
  readonly hash: string;
}

/** Options of {@link parseStoredPassword}. */
export interface ParseStoredPasswordOptions {
  /**
   * Whether the practice has the eClinicalWorks program link enabled. A text without a scheme is then a hash
   * of that program.
   *
   * @defaultValue false
   */
  readonly eClinicalWorks?: boolean | undefined;
  /** @defaultValue {@link hashSchemes} */
  readonly schemes?: HashSchemes | undefined;
}

// Open Dental parses the name as a .NET enumeration value, so a number is accepted as well.
const schemeOfNumeral: Readonly<Record<string, string>> = {
  '0': 'None',
  '1': 'MD5',
  '2': 'MD5_ECW',
  '3': 'SHA3_512',
};

const empty: StoredPassword = { scheme: 'None', salt: '', hash: '' };

/**
 * Parses a stored password by Open Dental's own rules: `HashType$Salt$Hash`, or one of the older forms
 * without a dollar sign. Never fails: text of no known form becomes `None`, with the whole text as its hash.
 *
 * @param text - `userod.Password`; NULL and the empty text are the empty password
 */
export function parseStoredPassword(
  text: string | null,
  options: ParseStoredPasswordOptions = {},
): StoredPassword {
  if (text === null || text === '') return empty;
  const fields = text.split('$');
  const scheme = fields.length === 3 ? schemeNamed(fields[0]!, options.schemes ?? hashSchemes) : undefined;
  if (scheme !== undefined) {
    return fields[2] === '' ? empty : { scheme, salt: fields[1]!, hash: fields[2]! };
  }
  if (text.length === 24 && text.endsWith('==') && !text.includes('$')) {
    return { scheme: 'MD5', salt: '', hash: text };
  }
  return { scheme: options.eClinicalWorks === true ? 'MD5_ECW' : 'None', salt: '', hash: text };
}

function schemeNamed(name: string, schemes: HashSchemes): string | undefined {
  const scheme = schemeOfNumeral[name] ?? name;
  return scheme === 'None' || Object.hasOwn(schemes, scheme) ? scheme : undefined;
}

/** A stored password as text, with its scheme in front. Text of no known form is returned unchanged. */
export function formatStoredPassword({ scheme, salt, hash }: StoredPassword): string {
  const text = `${scheme}$${salt}$${hash}`;
  // With two more dollar signs in the hash, the text could not be parsed again.
  return hash.includes('$') ? hash : text;
}

/**
 * The hash of a password, as the text that is stored.
 *
 * @throws RangeError when the table has no such scheme
 */
export function hashPassword(
  scheme: string,
  salt: string,
  password: string,
  schemes: HashSchemes = hashSchemes,
): string {
  if (!Object.hasOwn(schemes, scheme)) throw new RangeError(`"scheme" is unknown: ${scheme}`);
  return schemes[scheme]!.hash(salt, password);
}

/**
 * Whether a password is the stored one, compared in constant time. As in Open Dental, `None` accepts only the
 * empty password.
 */
export function verifyStoredPassword(
  stored: StoredPassword,
  password: string,
  schemes: HashSchemes = hashSchemes,
): boolean {
  if (!Object.hasOwn(schemes, stored.scheme)) return stored.scheme === 'None' && password === '';
  const given = utf8(schemes[stored.scheme]!.hash(stored.salt, password));
  const kept = utf8(stored.hash);
  try {
    return equalBytes(given, kept);
  } finally {
    given.fill(0);
    kept.fill(0);
  }
}

/** The protection that a stored password offers. */
export type StoredPasswordStrength =
  /** No password at all. */
  | 'empty'
  /** A hash of some password. */
  | 'hashed'
  /** Text that is not a hash of any password, so no archive can be sealed with it. */
  | 'unsupported';

/** Distinguishes an empty password, in any of its forms, from a hash and from text of no known scheme. */
export function storedPasswordStrength(
  stored: StoredPassword,
  schemes: HashSchemes = hashSchemes,
): StoredPasswordStrength {
  if (stored.hash === '') return 'empty';
  if (!Object.hasOwn(schemes, stored.scheme)) return 'unsupported';
  // The hash of an empty password looks like any other: a salted MD5, for example.
  return verifyStoredPassword(stored, '', schemes) ? 'empty' : 'hashed';
}
