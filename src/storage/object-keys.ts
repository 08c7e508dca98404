import { utf8 } from '../bytes.js';

/** Longest key in UTF-8 bytes: the limit of S3-compatible stores. */
const maxKeyBytes = 1024;
/** Longest segment in UTF-8 bytes: what every file system in use can name. */
const maxSegmentBytes = 255;
const beyond = /[\ud800-\uffff]/;
const loneSurrogate = /\p{Surrogate}/u;
// Control characters can end lines in logs and requests; the backslash is a separator on Windows.
const forbidden = /[\u0000-\u001f\u007f\\]/u;

/** Names of internal files in a store begin with this; no segment of a key may. */
export const ownPrefix = '.supplemental-';

/** Whether a name in a store is internal and not an object. */
export function isOwnName(name: string): boolean {
  // In lower case, because `a` and `A` are one file on most shares.
  return name.toLowerCase().startsWith(ownPrefix);
}

/**
 * Checks a key of an object.
 *
 * @param key - segments with `/` between them: at most 255 bytes of UTF-8 each
 * @throws TypeError when it is not a text; RangeError when it is empty, too long, has an empty segment, `.`
 *   or `..`, a backslash or a control character, or a segment that begins with `.supplemental-`
 * @example
 * ```ts
 * assertKey('4711/2026-02-01/full.tar.age');
 * ```
 */
export function assertKey(key: string): void {
  if (typeof key !== 'string') throw new TypeError(`"key" must be a text, not ${typeof key}`);
  if (key.length === 0) throw new RangeError('"key" is empty');
  if (loneSurrogate.test(key)) throw new RangeError('"key" is not well-formed Unicode');
  if (forbidden.test(key)) throw new RangeError('"key" has a backslash or a control character');
  if (utf8(key).length > maxKeyBytes) throw new RangeError(`"key" is longer than ${maxKeyBytes} bytes`);
  for (const segment of key.split('/')) {
    if (segment === '' || segment === '.' || segment === '..') {
      throw new RangeError('"key" has an empty, "." or ".." segment');
    }
    if (isOwnName(segment)) throw new RangeError(`"key" has a segment that begins with ${ownPrefix}`);
    if (utf8(segment).length > maxSegmentBytes) {
      throw new RangeError(`"key" has a segment longer than ${maxSegmentBytes} bytes`);
    }
  }
}

/** Orders keys by their UTF-8 bytes, as object stores do; the order of JavaScript differs beyond U+FFFF. */
export function compareKeys(left: string, right: string): number {
  if (left === right) return 0;
  // Below the surrogates, where most keys are, the two orders are the same.
  if (!beyond.test(left) && !beyond.test(right)) return left < right ? -1 : 1;
  const a = utf8(left);
  const b = utf8(right);
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) {
    if (a[i] !== b[i]) return a[i]! - b[i]!;
  }
  return a.length - b.length;
}
