/**
 * The words of a recovery kit: the 32 bytes of an age identity as 24 words of the BIP-39 list, the last of
 * which holds a checksum. Each sheet of a split kit has 25 words; two of three sheets yield the bytes. Runs
 * in browsers.
 */
import { bech32 } from '@scure/base';
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { combine } from 'shamir-secret-sharing';
import { engine } from '#engine';
import { assertArgument } from '../arguments.js';
import { concatBytes } from '../bytes.js';
import { BackupError } from '../errors.js';

/** Bytes of the secret of a kit. */
export const kitSecretBytes = 32;

const kitWords = 24;
const sheetWords = kitWords + 1;
/** Limit for typed or scanned text. */
const longestText = 10_000;

/** What is wrong with words that were typed. */
export type KitFault =
  /** A word is not in the list; `details.word` counts from 1. */
  | 'unknown-word'
  /** All words are in the list, but the checksum does not match: one is wrong, or two are swapped. */
  | 'checksum'
  /** There are too few or too many. */
  | 'count'
  /** It is one sheet of three; two are needed. */
  | 'one-sheet'
  /** They belong to another kit. */
  | 'other-kit';

/** The words of an undivided kit. */
export function wordsOfKit(secret: Uint8Array): string {
  return entropyToMnemonic(secret, wordlist);
}

/**
 * The words of one of three sheets. The last word holds the number of the sheet, and three bits of a
 * checksum.
 */
export function wordsOfSheet(share: Uint8Array): string {
  const last = (share[kitSecretBytes]! << 3) | checkOf(share);
  return `${entropyToMnemonic(share.subarray(0, kitSecretBytes), wordlist)} ${wordlist[last]!}`;
}

/**
 * The age identities that the words of a recovery kit stand for, as typed or scanned: the 24 words of a kit,
 * or 25 words of each of two of its three sheets, in one text. Case, line breaks and numbers between them are
 * ignored. The words do not say which kind of key the kit holds; the identity of the other kind opens
 * nothing.
 *
 * @throws BackupError `wrong-key` when they cannot be those of a kit; `details.reason` has the reason, and no
 *   word is quoted
 * @example
 * ```ts
 * const typed = `${'abandon '.repeat(23)}art`;
 * console.log((await identitiesOfKit(typed)).length, 'keys to open an archive with');
 * ```
 */
export async function identitiesOfKit(words: string): Promise<readonly string[]> {
  assertArgument('words', words, 'text');
  const secret = await secretOf(words);
  try {
    return identitiesOfSecret(secret);
  } finally {
    secret.fill(0);
  }
}

/** The two age identities of 32 bytes: X25519, and the post-quantum hybrid. */
export function identitiesOfSecret(secret: Uint8Array): readonly [string, string] {
  const words = bech32.toWords(secret);
  const encode = (prefix: string): string => bech32.encode(prefix, words, false).toUpperCase();
  return [encode('age-secret-key-'), encode('age-secret-key-pq-')];
}

async function secretOf(text: string): Promise<Uint8Array> {
  const words = text.length > longestText ? [] : (text.toLowerCase().match(/[a-z]+/g) ?? []);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) {
    const message = `Word ${unknown + 1} of the recovery kit is not in the word list: it is mistyped.`;
    throw new BackupError('wrong-key', message, { details: { reason: 'unknown-word', word: unknown + 1 } });
  }
  if (words.length === kitWords) return entropyOf(words, 'The words');
  if (words.length === sheetWords) {
    throw fault('one-sheet', 'These are the words of one sheet of three; those of any two are needed.');
  }
  if (words.length === 0 || words.length % sheetWords !== 0 || words.length > 3 * sheetWords) {
    const wanted = `${kitWords}, or ${sheetWords} on each of two sheets`;
    throw fault('count', `A recovery kit has ${wanted}; these are ${words.length} words.`);
  }
  const shares: Uint8Array[] = [];
  for (let at = 0; at < words.length; at += sheetWords) {
    shares.push(shareOf(words.slice(at, at + sheetWords), shares.length + 1));
  }
  const numbers = new Set(shares.map((share) => share[kitSecretBytes]));
  if (numbers.size < 2)
    throw fault('one-sheet', 'This is the same sheet twice; two different ones are needed.');
  try {
    return await combine(shares);
  } finally {
    for (const share of shares) share.fill(0);
  }
}

function shareOf(words: readonly string[], sheet: number): Uint8Array {
  const name = `The words of sheet ${sheet}`;
  const last = wordlist.indexOf(words[kitWords]!);
  const share = concatBytes([entropyOf(words.slice(0, kitWords), name), Uint8Array.of(last >> 3)]);
  if (checkOf(share) === (last & 7)) return share;
  throw mismatch(name);
}

function entropyOf(words: readonly string[], name: string): Uint8Array {
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    // The cause is omitted, since it might quote the words.
    throw mismatch(name);
  }
}

function checkOf(share: Uint8Array): number {
  return Number.parseInt(engine.sha256(share).slice(0, 2), 16) & 7;
}

function mismatch(name: string): BackupError {
  return fault(
    'checksum',
    `${name} are all in the word list, but their checksum is wrong: one word is wrong, or two are swapped.`,
  );
}

/** The error for words that are not those of a kit. */
export function fault(reason: KitFault, sentence: string): BackupError {
  return new BackupError('wrong-key', sentence, { details: { reason } });
}
