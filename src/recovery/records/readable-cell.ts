/** Values of column parts as text for people. Runs in browsers: the caller supplies the character sets. */
import type { ColumnValues, FixedValues, VariableValues } from '../../model/column-batch.js';
import type { ColumnDescription } from '../../model/parts.js';
import { maxShortText, writeDate, writeDatetime, writeTime } from '../load/server-text.js';

/** Returns the text of one row's value; null is NULL. */
export type ReadableValue = (row: number) => string | null;

/** Decodes bytes; null when they are not valid. */
export type TextDecoding = (bytes: Uint8Array) => string | null;

/** The decoder of a character set; null for an unknown one. */
export type CharacterSets = (characterSet: string) => TextDecoding | null;

/**
 * Converts one column of a batch to text for files that people read: dates as MySQL writes them, members of
 * ENUM and SET, text in Unicode, everything without a character set as `0x…`.
 *
 * @throws TypeError when the column keeps no values
 */
export function readableCell(
  column: ColumnDescription,
  values: ColumnValues,
  characterSets: CharacterSets,
): ReadableValue {
  const read =
    values.kind === 'fixed' ? fixedText(column, values) : variableText(column, values, characterSets);
  const { nulls } = values;
  return (row) => (nulls !== null && ((nulls[row >> 3]! >> (row & 7)) & 1) === 1 ? null : read(row));
}

function fixedText(column: ColumnDescription, values: FixedValues): (row: number) => string {
  const { data, width } = values;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const words = wordsOf(column.type);
  switch (column.form) {
    case 'i8':
      return (row) => String(view.getInt8(row));
    case 'u8':
      return (row) => String(view.getUint8(row));
    case 'i16':
      return (row) => String(view.getInt16(row * width, true));
    case 'u16':
      return (row) => {
        const number = String(view.getUint16(row * width, true));
        if (!column.type.startsWith('year')) return number;
        return number.padStart(column.type.startsWith('year(2)') ? 2 : 4, '0');
      };
    case 'i32':
      return (row) => String(view.getInt32(row * width, true));
    case 'u32':
      return (row) => String(view.getUint32(row * width, true));
    case 'i64':
      return (row) => String(view.getBigInt64(row * width, true));
    case 'u64':
      if (words === null) return (row) => String(view.getBigUint64(row * width, true));
      return column.type.startsWith('set')
        ? (row) => setText(words, view.getBigUint64(row * width, true))
        : (row) => enumText(words, view.getBigUint64(row * width, true));
    case 'f32':
      return (row) => shortestFloat(view.getFloat32(row * width, true));
    case 'f64':
      return (row) => String(view.getFloat64(row * width, true));
    default:
      throw new TypeError(`"column" of form ${column.form} has no values of fixed width`);
  }
}

function variableText(
  column: ColumnDescription,
  values: VariableValues,
  characterSets: CharacterSets,
): (row: number) => string {
  const starts = startsOf(values.lengths);
  const slice = (row: number): Uint8Array =>
    values.data.subarray(starts[row]!, starts[row]! + values.lengths[row]!);
  const digits = fractionDigits(column.type);
  switch (column.form) {
    case 'date':
      return (row) => dateText(slice(row));
    case 'datetime':
      return (row) => datetimeText(slice(row), digits);
    case 'time':
      return (row) => timeText(slice(row), digits);
    case 'bytes': {
      if (column.type.startsWith('bit')) return (row) => bitText(slice(row));
      const decode = characterSets(characterSetOf(column));
      // Invalid text is shown as bytes; replacement characters would hide its content.
      return decode === null
        ? (row) => hexText(slice(row))
        : (row) => decode(slice(row)) ?? hexText(slice(row));
    }
    default:
      throw new TypeError(`"column" of form ${column.form} has no values of variable width`);
  }
}

function startsOf(lengths: Uint32Array): Float64Array {
  const starts = new Float64Array(lengths.length);
  let at = 0;
  for (let row = 0; row < lengths.length; row += 1) {
    starts[row] = at;
    at += lengths[row]!;
  }
  return starts;
}

// The members of enum('a','b') or set('a','b'), as servers write them in every mode: a quote is doubled, and
// a backslash, a line feed and a zero byte are escaped with a backslash.
function wordsOf(type: string): readonly string[] | null {
  if (!/^(enum|set)\(/.test(type)) return null;
  return [...type.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)].map(([, word]) =>
    word!.replace(/''|\\(.)/gs, (mark, escaped: string | undefined) =>
      escaped === undefined ? mark[0]! : (escapes[escaped] ?? escaped),
    ),
  );
}

const escapes: Readonly<Record<string, string>> = { 0: '\0', n: '\n', r: '\r', t: '\t', Z: '\x1a' };

// 0 is what the server stores for an unknown member; it is shown as the empty text.
function enumText(words: readonly string[], index: bigint): string {
  return index === 0n ? '' : (words[Number(index) - 1] ?? String(index));
}

function setText(words: readonly string[], bits: bigint): string {
  return words.filter((_, index) => ((bits >> BigInt(index)) & 1n) === 1n).join(',');
}

// The shortest digits that read back as the same 32 bits.
function shortestFloat(value: number): string {
  for (let precision = 6; precision < 9; precision += 1) {
    const text = String(Number(value.toPrecision(precision)));
    if (Object.is(Math.fround(Number(text)), value)) return text;
  }
  return String(Number(value.toPrecision(9)));
}

function fractionDigits(type: string): number {
  const match = /^(?:datetime|timestamp|time)\((\d)\)/.exec(type);
  return match === null ? 0 : Number(match[1]);
}

function dateText(bytes: Uint8Array): string {
  return asServersRead(writeDate, bytes);
}

function datetimeText(bytes: Uint8Array, digits: number): string {
  return withFraction(asServersRead(writeDatetime, bytes), digits);
}

function timeText(bytes: Uint8Array, digits: number): string {
  return withFraction(asServersRead(writeTime, bytes), digits);
}

const scratch: Uint8Array = new Uint8Array(maxShortText);

function asServersRead(write: typeof writeDate, bytes: Uint8Array): string {
  return String.fromCharCode(...scratch.subarray(0, write(scratch, 0, bytes, 0, bytes.length)));
}

// Servers send any number of fractional digits, even none; people expect as many as the column has.
function withFraction(text: string, digits: number): string {
  if (digits === 0) return text;
  const [clock, micros = ''] = text.split('.');
  return `${clock}.${micros.padEnd(6, '0').slice(0, digits)}`;
}

function bitText(bytes: Uint8Array): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  return String(bits);
}

const pairs: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hexText(bytes: Uint8Array): string {
  let text = '0x';
  for (const byte of bytes) text += pairs[byte]!;
  return text;
}

// DECIMAL, JSON and the like have no character set, but are plain ASCII or UTF-8.
const plainTypes = /^(decimal|numeric|dec|fixed|json|inet4|inet6|uuid)\b/;

/** Whether the bytes of a type are plain ASCII or UTF-8, though it has no character set. */
export function isPlainType(type: string): boolean {
  return plainTypes.test(type);
}

/** The character set of a column's bytes. */
function characterSetOf({ type, characterSet }: ColumnDescription): string {
  return isPlainType(type) ? 'utf8mb4' : (characterSet ?? 'binary');
}

/** Whether a column may hold text written by people. */
export function holdsText({ form, type, characterSet }: ColumnDescription): boolean {
  if (/^(enum|set)\(/.test(type)) return true;
  return form === 'bytes' && !/^(decimal|numeric|dec|fixed|bit)\b/.test(type) && characterSet !== 'binary';
}
