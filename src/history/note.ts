/**
 * Signed notes: a text with signatures that anybody can check, in the form of https://c2sp.org/signed-note.
 * The text ends with a line feed, an empty line follows, then one line `— name base64` for each signature.
 */
import { assertArgument } from '../arguments.js';
import { concatBytes, fromBase64, toBase64, utf8 } from '../bytes.js';
import { isSignatureOf, sha256Of } from './signatures.js';

/** Ed25519, in the notation of signed notes. */
const algorithm = 0x01;
/** No note is larger, in bytes. */
export const largestNote: number = 32 * 1024;
/** No note needs more of them. */
const mostSignatures = 16;
const mark = '\u2014 ';

/** A public key with the name in its signatures. */
export interface NoteKey {
  /** Whose key it is. */
  readonly name: string;
  /** Distinguishes keys of the same name: eight hexadecimal digits. */
  readonly id: string;
  /** 32 bytes of Ed25519. */
  readonly publicKey: Uint8Array;
}

/** One signature of a note, not verified. */
export interface NoteSignature {
  /** The name of its key. */
  readonly name: string;
  /** A short name of the key. */
  readonly id: string;
  /** The bytes of the signature. */
  readonly signature: Uint8Array;
}

/** A note as it was read, not verified. */
export interface SignedNote {
  /** What is signed: whole lines. */
  readonly text: string;
  /** In the order of the note. */
  readonly signatures: readonly NoteSignature[];
}

/** Makes a key of a name and its 32 public bytes. @throws RangeError for a name that a note cannot hold */
export function noteKey(name: string, publicKey: Uint8Array): NoteKey {
  if (!isName(name)) throw new RangeError('the name of a key has no white space and no "+"');
  if (publicKey.length !== 32) throw new RangeError('an Ed25519 key has 32 bytes');
  return { name, id: idOf(name, publicKey), publicKey };
}

/**
 * A key as text: `name+id+base64`.
 * @example
 * ```ts
 * const key = parseNoteKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
 * if (key !== null) console.log(formatNoteKey(key));
 * ```
 */
export function formatNoteKey(key: NoteKey): string {
  assertNoteKey(key);
  const { name, id, publicKey } = key;
  return `${name}+${id}+${toBase64(concatBytes([Uint8Array.of(algorithm), publicKey]))}`;
}

/**
 * Parses such a key. Null for an invalid one, or one of an unknown algorithm.
 * @example
 * ```ts
 * console.log(parseNoteKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW')?.name);
 * ```
 */
export function parseNoteKey(text: string): NoteKey | null {
  assertArgument('text', text, 'text');
  if (text.length > 400) return null;
  // Base64 may have a "+" too.
  const [name = '', id = '', ...rest] = text.split('+');
  const bytes = bytesOf(rest.join('+'));
  if (!isName(name) || bytes?.length !== 33 || bytes[0] !== algorithm) return null;
  const publicKey = bytes.subarray(1);
  return id === idOf(name, publicKey) ? { name, id, publicKey } : null;
}

/** Assembles a note. @param signatures - at least one */
export function formatNote(text: string, signatures: readonly NoteSignature[]): string {
  assertText(text);
  const lines = signatures.map(
    ({ name, id, signature }) => `${mark}${name} ${toBase64(concatBytes([fromHex(id), signature]))}\n`,
  );
  return `${text}\n${lines.join('')}`;
}

/**
 * Parses a note. Signatures of unknown algorithms or keys are kept; none is verified.
 *
 * @returns null for what is no note
 * @example
 * ```ts
 * console.log(parseNote('no note') === null);
 * ```
 */
export function parseNote(note: string): SignedNote | null {
  assertArgument('note', note, 'text');
  if (note.length > largestNote || !isPlain(note) || !note.endsWith('\n')) return null;
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return null;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > mostSignatures) return null;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === null) return null;
    signatures.push(signature);
  }
  return { text: note.slice(0, end + 1), signatures };
}

/**
 * Whether a note has a valid signature of a key.
 * @example
 * ```ts
 * const key = parseNoteKey('PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW');
 * const note = parseNote('text');
 * if (note !== null && key !== null) console.log(isSignedBy(note, key));
 * ```
 */
export function isSignedBy(note: SignedNote, key: NoteKey): boolean {
  assertArgument('note', note, 'object', { text: 'text', signatures: 'array' });
  assertNoteKey(key);
  const { text, signatures } = note;
  return signatures.some(
    ({ name, id, signature }) =>
      name === key.name &&
      id === key.id &&
      signature.length === 64 &&
      isSignatureOf(utf8(text), signature, key.publicKey),
  );
}

/** The SHA-256 of a whole note, lower-case hex, by which a later note refers to it. */
export function hashOfNote(note: string): string {
  assertArgument('note', note, 'text');
  return toHex(sha256Of(utf8(note)));
}

function assertNoteKey(key: NoteKey): void {
  assertArgument('key', key, 'object', { name: 'text', id: 'text', publicKey: 'bytes' });
}

function parseSignature(line: string): NoteSignature | null {
  if (!line.startsWith(mark)) return null;
  const [name = '', base64 = '', ...rest] = line.slice(mark.length).split(' ');
  const bytes = bytesOf(base64);
  if (rest.length > 0 || !isName(name) || bytes === null || bytes.length < 5) return null;
  return { name, id: toHex(bytes.subarray(0, 4)), signature: bytes.subarray(4) };
}

function idOf(name: string, publicKey: Uint8Array): string {
  return toHex(sha256Of(concatBytes([utf8(`${name}\n`), Uint8Array.of(algorithm), publicKey]))).slice(0, 8);
}

function isName(name: string): boolean {
  return name !== '' && name.length <= 200 && !/[\s+]/u.test(name) && isPlain(name);
}

/** Neither control characters, except for line feeds, nor halves of characters. */
function isPlain(text: string): boolean {
  return !/[\u0000-\u0009\u000b-\u001f\u007f]|\p{Surrogate}|\ufffd/u.test(text);
}

function assertText(text: string): void {
  if (!text.endsWith('\n') || !isPlain(text))
    throw new RangeError('the text of a note is whole, plain lines');
}

function bytesOf(base64: string): Uint8Array | null {
  try {
    const bytes = fromBase64(base64);
    return toBase64(bytes) === base64 ? bytes : null;
  } catch {
    return null;
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}
