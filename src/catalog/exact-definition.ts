import { askForBytes, bytesOf, textOf } from '../database/byte-answers.js';
import type { Connection, TextRow } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { contentOf, join, type Token, tokenise } from '../database/tokens.js';
import { columnItems } from './column-items.js';
import { definitionQuestion } from './definitions.js';

/** A definition that any client can execute. */
export interface ExactDefinition {
  readonly statement: string;
  /**
   * Columns with a default or members that the server shows with a question mark and that no query returns.
   */
  readonly unknown: readonly string[];
}

/**
 * A table's definition with literals as hexadecimal where `SHOW CREATE TABLE` shows them wrongly:
 *
 * - bytes that are not text
 * - in ENUM, SET and defaults, what it replaces with a question mark: characters outside of the basic
 *   multilingual plane, and bytes that are no character of their character set
 * - members that are not text in a multi-byte character set, of which MySQL 5.6 shows only the start
 *
 * Other definitions are returned as shown, without a query.
 *
 * @param shown - the definition as text
 * @param options - `mayRead`: whether rows of the table may be read
 * @throws BackupError `database-…`
 */
export async function exactDefinition(
  reader: Connection,
  table: string,
  shown: string,
  { mayRead, signal }: { readonly mayRead: boolean; readonly signal: AbortSignal | undefined },
): Promise<ExactDefinition> {
  if (isExact(shown)) return { statement: shown, unknown: [] };
  // One batch restores the setting in this session, whose other answers are to be text.
  const [, rows] = await askForBytes(reader, [
    'SET @supplemental_backup_results = @@character_set_results, character_set_results = NULL',
    definitionQuestion(table),
    'SET character_set_results = @supplemental_backup_results',
  ]);
  const bytes = rows?.[0]?.['Create Table'];
  if (typeof bytes !== 'string') return { statement: shown, unknown: [] };
  const tokens = [...tokenise(bytes)];
  const unknown: string[] = [];
  for (const literal of doubtfulLiterals(tokens)) {
    const ask = literal.use === 'default' ? askForDefault : askForMembers;
    const { exact, isWhole } = mayRead
      ? await ask(reader, table, tokens, literal, signal)
      : { exact: [], isWhole: false };
    for (const [at, hex] of exact) tokens[at] = hexadecimal(hex);
    if (!isWhole && mayBeMore(literal)) unknown.push(nameOf(literal.column));
  }
  for (const [i, token] of tokens.entries()) {
    if (token.kind === 'text' && textOf(token.text) === undefined) {
      tokens[i] = hexadecimal(bytesOf(contentOf(token.text)).toString('hex'));
    }
  }
  return { statement: textOf(join(tokens)) ?? shown, unknown };
}

/** Whether a definition is right as shown, so that no query is needed. */
export function isExact(shown: string): boolean {
  return !/[?\ufffd]/.test(shown) && !mayBeCut(shown);
}

/** A literal, or the literals of an ENUM or SET, that may be shown wrongly. */
interface Doubtful {
  readonly use: 'default' | 'members';
  /** Name in backticks, as bytes. */
  readonly column: string;
  readonly item: readonly Token[];
  /** Token indices of the literals. */
  readonly at: readonly number[];
}

function* doubtfulLiterals(tokens: readonly Token[]): Generator<Doubtful> {
  for (const { from, to } of columnItems(tokens)) {
    const item = tokens.slice(from, to);
    const column = item.find(({ kind }) => kind === 'name')!.text;
    const texts: number[] = [];
    let isDefault = false;
    // Only for these types does a server accept a default that is not text.
    const isOfSeveral =
      /^`(?:[^`]|``)*` +(?:enum|set)\b/i.test(join(item).trim()) && isSeveral(setOf(item, tokens));
    for (let i = from; i < to; i++) {
      const { kind, text } = tokens[i]!;
      if (kind === 'text') {
        if (isDefault && (isDoubtful(text) || isOfSeveral)) yield { use: 'default', column, item, at: [i] };
        if (!isDefault && isMember(tokens, from, i)) texts.push(i);
      }
      if (kind !== 'space') isDefault = kind === 'word' && /^default$/i.test(text);
    }
    if (texts.length === 0) continue;
    const isAny = texts.some((i) => isDoubtful(tokens[i]!.text));
    if (isAny || isSeveral(setOf(item, tokens))) yield { use: 'members', column, item, at: texts };
  }
}

/** Whether a definition may have literals of which the server shows only the start. */
function mayBeCut(shown: string): boolean {
  return severalBytes.test(shown) && /\b(?:enum|set)\('/i.test(shown);
}

// Multi-byte character sets in which bytes need not be characters. UTF-8 is absent: its bytes are shown
// unchanged.
const several: readonly string[] =
  'big5 cp932 eucjpms euckr gb18030 gb2312 gbk sjis ucs2 ujis utf16 utf16le utf32'.split(' ');
const severalBytes: RegExp = new RegExp(`\\b(?:charset=|character set )(?:${several.join('|')})\\b`, 'i');

function isSeveral(set: string | undefined): boolean {
  return set !== undefined && several.includes(set);
}

/** The character set of a column: its own, or that of its table. */
function setOf(item: readonly Token[], statement: readonly Token[]): string | undefined {
  const options = statement.slice(statement.findLastIndex(({ text }) => /^engine$/i.test(text)));
  return named(item, 'character', 'set') ?? named(options, 'charset', '=');
}

/** The word that follows these. */
function named(tokens: readonly Token[], ...words: readonly string[]): string | undefined {
  const told = tokens
    .filter(({ kind }) => kind === 'word' || kind === 'symbol')
    .map(({ text }) => text.toLowerCase());
  const at = told.findIndex((_, i) => words.every((word, j) => told[i + j] === word));
  return at === -1 ? undefined : told[at + words.length];
}

/** Whether a literal is in the parentheses directly behind the type. */
function isMember(tokens: readonly Token[], from: number, at: number): boolean {
  const before = tokens.slice(from, at).filter(({ kind }) => kind !== 'space');
  return /^(?:enum|set)$/i.test(before[1]?.text ?? '') && !before.some(({ text }) => text === ')');
}

// Some servers show the replacement character for a byte that is no character; these are its bytes.
const noCharacter = Buffer.from('\ufffd').toString('latin1');

function isDoubtful(literal: string): boolean {
  return literal.includes('?') || literal.includes(noCharacter) || textOf(literal) === undefined;
}

// Single-byte character sets in which some bytes are no characters.
const partial = /^(?:ascii|cp1250|cp1251|cp1256|cp1257|dec8|geostd8|greek|hebrew|hp8|swe7|tis620)$/;

/**
 * Whether a question mark may be a replacement: only few character sets have characters or bytes that a
 * server replaces.
 */
function mayBeMore({ item }: Doubtful): boolean {
  const set = named(item, 'character', 'set');
  return set === undefined || isSeveral(set) || partial.test(set) || /^(?:binary|utf8mb4)$/.test(set);
}

/** The bytes of literals that are shown wrongly, by token index, and whether all are known. */
interface Found {
  readonly exact: readonly (readonly [at: number, hex: string])[];
  readonly isWhole: boolean;
}

async function askForDefault(
  reader: Connection,
  table: string,
  tokens: readonly Token[],
  { column, item, at }: Doubtful,
  signal: AbortSignal | undefined,
): Promise<Found> {
  // A session that holds a lock on the table cannot refer to it by an alias that was not locked.
  const from = quoteName(table);
  const set = setOf(item, tokens);
  const value = bothForms(`DEFAULT(${from}.${quoteName(nameOf(column))})`, set);
  const told = await askOnce(reader, table, value, signal);
  const token = tokens[at[0]!]!;
  const stored = told?.['raw_hex'];
  // Literals that are shown as their bytes need no query.
  if (typeof stored !== 'string') {
    return { exact: [], isWhole: !isDoubtful(token.text) || textOf(token.text) === undefined };
  }
  const isRight = told?.['is_text'] !== '0' && isShown(token, told?.['text_hex']);
  return { exact: isRight ? [] : [[at[0]!, stored]], isWhole: true };
}

/**
 * Queries a value that is the same in every row. For a table without rows, only columns that may be NULL
 * return it.
 */
async function askOnce(
  reader: Connection,
  table: string,
  value: string,
  signal: AbortSignal | undefined,
): Promise<TextRow | undefined> {
  const from = quoteName(table);
  const [row] = await reader.query(`SELECT ${value} FROM ${from} LIMIT 1`, { signal });
  if (row !== undefined) return row;
  const one = /^one$/i.test(table) ? 'other' : 'one';
  const none = `(SELECT 1 AS one) AS ${one} LEFT JOIN ${from} ON FALSE`;
  return (await reader.query(`SELECT ${value} FROM ${none}`, { signal }))[0];
}

async function askForMembers(
  reader: Connection,
  table: string,
  tokens: readonly Token[],
  { column, item, at }: Doubtful,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const name = quoteName(nameOf(column));
  const [, type] = item.filter(({ kind }) => kind !== 'space');
  const isSet = /^set$/i.test(type!.text);
  const left = new Set(at.filter((place) => isDoubtful(tokens[place]!.text)));
  // MySQL 8 and newer show a member that is not text as x'…', which is exact.
  const isBytes = (place: number): boolean => /^x$/i.test(tokens[place - 1]?.text ?? '');
  const from = quoteName(table);
  const set = setOf(item, tokens);
  const question = `SELECT DISTINCT ${numbered(name, set)} FROM ${from} WHERE ${name} IS NOT NULL`;
  const rows = [...(await reader.query(question, { signal }))];
  // A default is an ordinary value, and may be the only one that contains a certain member.
  if (hasTextAsDefault(item)) {
    const value = numbered(`DEFAULT(${from}.${name})`, set);
    rows.push((await askOnce(reader, table, value, signal)) ?? {});
  }
  const found = new Map<number, string>();
  for (const row of rows) {
    for (const { place, stored, text } of membersIn(row, at, isSet)) {
      left.delete(place);
      if (found.has(place) || isBytes(place)) continue;
      if (row['is_text'] !== '0' && isShown(tokens[place]!, text)) continue;
      // MySQL 5.6 loses all but the first zero bytes of such members, and no definition can restore them.
      if (stored.length % (2 * (bytesOfCharacter[set ?? ''] ?? 1)) !== 0) continue;
      found.set(place, stored);
    }
  }
  // Literals that are shown as their bytes need no row.
  const isWhole = [...left].every((place) => textOf(tokens[place]!.text) === undefined);
  return { exact: [...found], isWhole };
}

/** Bytes of a code unit in character sets where it is more than one byte. */
const bytesOfCharacter: Readonly<Record<string, number>> = { ucs2: 2, utf16: 2, utf16le: 2, utf32: 4 };

/** Expressions for a value's stored bytes, its text in UTF-8, and whether its bytes are text. */
function bothForms(value: string, set: string | undefined): string {
  const text = `IF(CHARSET(${value}) = 'binary', HEX(${value}), HEX(CONVERT(${value} USING utf8mb4)))`;
  const again = `CONVERT(CONVERT(${value} USING utf8mb4) USING ${set})`;
  // Older servers accept any bytes as UTF-8 in a member.
  const isText =
    set === undefined || /^(?:binary|utf8)/.test(set)
      ? `IF(CHARSET(${value}) LIKE 'utf8%', HEX(${value}) = HEX(CONVERT(${value} USING utf8mb4)), 1)`
      : `HEX(${again}) = HEX(${value})`;
  return `HEX(${value}) AS raw_hex, ${text} AS text_hex, ${isText} AS is_text`;
}

function isShown({ text }: Token, hex: string | null | undefined): boolean {
  return hex?.toLowerCase() === bytesOf(contentOf(text)).toString('hex');
}

/** MySQL 8 and newer write a default that is not ASCII as 0x…. */
function hasTextAsDefault(item: readonly Token[]): boolean {
  const told = item.filter(({ kind }) => kind !== 'space');
  return told.some(({ kind, text }, i) => {
    const next = told[i + 1];
    return (
      kind === 'word' && /^default$/i.test(text) && (next?.kind === 'text' || /^0x/i.test(next?.text ?? ''))
    );
  });
}

/** The columns to query for a value of an ENUM or SET. */
function numbered(value: string, set: string | undefined): string {
  return `CAST(${value} AS UNSIGNED) AS member_number, CHARSET(${value}) AS charset, ${bothForms(value, set)}`;
}

interface Member {
  /** Token index of its literal. */
  readonly place: number;
  /** Hexadecimal. */
  readonly stored: string;
  readonly text: string;
}

/**
 * The members in a value, in the order of the definition. A value of a SET has several, separated by commas.
 */
function membersIn(row: TextRow, at: readonly number[], isSet: boolean): readonly Member[] {
  const number = BigInt(row['member_number'] ?? 0);
  const [raw, text] = [row['raw_hex'] ?? '', row['text_hex'] ?? ''];
  if (!isSet) {
    const place = at[Number(number) - 1];
    return place === undefined ? [] : [{ place, stored: raw, text }];
  }
  const charset = row['charset'] ?? '';
  const places = at.filter((_, i) => (number & (1n << BigInt(i))) !== 0n);
  const stored = atCommas(raw, commas.get(charset) ?? '2c');
  const shown = atCommas(text, '2c');
  if (stored.length !== places.length || shown.length !== places.length) return [];
  return places.map((place, i) => ({ place, stored: stored[i]!, text: shown[i]! }));
}

/** The comma in character sets where it is more than one byte. */
const commas: ReadonlyMap<string, string> = new Map([
  ['ucs2', '002c'],
  ['utf16', '002c'],
  ['utf16le', '2c00'],
  ['utf32', '0000002c'],
]);

/** Splits hexadecimal text at commas that are aligned to a character. */
function atCommas(hex: string, comma: string): readonly string[] {
  const pieces = [''];
  for (let i = 0; i < hex.length; i += comma.length) {
    const unit = hex.slice(i, i + comma.length);
    if (unit.toLowerCase() === comma) pieces.push('');
    else pieces[pieces.length - 1] += unit;
  }
  return pieces;
}

function hexadecimal(hex: string): Token {
  return { kind: 'text', text: ` X'${hex.toLowerCase()}'` };
}

function nameOf(quoted: string): string {
  return (textOf(quoted) ?? quoted).slice(1, -1).replaceAll('``', '`');
}
