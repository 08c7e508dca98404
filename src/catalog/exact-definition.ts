import { askForBytes, bytesOf, textOf } from '../database/byte-answers.js';
import type { Connection } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { contentOf, join, type Token, tokenise } from '../database/tokens.js';
import { columnItems } from './column-items.js';
import { definitionQuestion } from './definitions.js';

/** A definition that any client can send again. */
export interface ExactDefinition {
  readonly statement: string;
  /** Names of columns with a default or members that no row tells and that the server shows with a question mark. */
  readonly unknown: readonly string[];
}

/**
 * A table's definition with literals as hexadecimal where the server shows them as something else: bytes that are no text,
 * and in ENUM, SET and defaults also characters outside of the basic plane, for which it puts a question mark. What is
 * shown without either is right, and costs no question.
 *
 * @param shown - the definition as text
 * @param mayRead - whether its rows may be looked at
 * @throws BackupError `database-…`
 */
export async function exactDefinition(
  reader: Connection,
  table: string,
  shown: string,
  mayRead: boolean,
): Promise<ExactDefinition> {
  if (!/[?\ufffd]/.test(shown)) return { statement: shown, unknown: [] };
  // Tables without rows are read in any session, and most want their answers as text.
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
      ? await ask(reader, table, tokens, literal)
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

/** A literal, or the list of literals of an ENUM or SET, that may not be what it says. */
interface Doubtful {
  readonly use: 'default' | 'members';
  /** In backticks; bytes. */
  readonly column: string;
  readonly item: readonly Token[];
  /** Places of the literals. */
  readonly at: readonly number[];
}

function* doubtfulLiterals(tokens: readonly Token[]): Generator<Doubtful> {
  for (const { from, to } of columnItems(tokens)) {
    const item = tokens.slice(from, to);
    const column = item.find(({ kind }) => kind === 'name')!.text;
    const texts: number[] = [];
    let isDefault = false;
    for (let i = from; i < to; i++) {
      const { kind, text } = tokens[i]!;
      if (kind === 'text') {
        if (isDefault && isDoubtful(text)) yield { use: 'default', column, item, at: [i] };
        if (!isDefault && isMember(tokens, from, i)) texts.push(i);
      }
      if (kind !== 'space') isDefault = kind === 'word' && /^default$/i.test(text);
    }
    if (texts.some((i) => isDoubtful(tokens[i]!.text))) yield { use: 'members', column, item, at: texts };
  }
}

/** Whether a literal stands in the brackets right behind the type. */
function isMember(tokens: readonly Token[], from: number, at: number): boolean {
  const before = tokens.slice(from, at).filter(({ kind }) => kind !== 'space');
  return /^(?:enum|set)$/i.test(before[1]?.text ?? '') && !before.some(({ text }) => text === ')');
}

function isDoubtful(literal: string): boolean {
  return literal.includes('?') || textOf(literal) === undefined;
}

/** The characters that a server turns into question marks on the way exist in few character sets. */
function mayBeMore({ item }: Doubtful): boolean {
  const words = item.map(({ text }) => text.toLowerCase());
  const at = words.findIndex((word) => word === 'charset' || word === 'character');
  const named =
    at === -1 ? undefined : words.slice(at + 1).find((word) => /^\w+$/.test(word) && word !== 'set');
  return named === undefined || /^(?:binary|utf8mb4|utf16|utf16le|utf32|gb18030)$/.test(named);
}

/** The bytes of literals by their places, where they are not what is shown, and whether that is all of them. */
interface Found {
  readonly exact: readonly (readonly [at: number, hex: string])[];
  readonly isWhole: boolean;
}

async function askForDefault(
  reader: Connection,
  table: string,
  tokens: readonly Token[],
  { column, at }: Doubtful,
): Promise<Found> {
  // Whoever holds the table locked must not give it another name.
  const from = quoteName(table);
  const value = bothForms(`DEFAULT(${from}.${quoteName(nameOf(column))})`);
  const one = /^one$/i.test(table) ? 'other' : 'one';
  // A table without rows tells the defaults of columns that may be NULL, and no others.
  const [row] = await reader.query(`SELECT ${value} FROM ${from} LIMIT 1`);
  const [told] =
    row === undefined
      ? await reader.query(`SELECT ${value} FROM (SELECT 1 AS one) AS ${one} LEFT JOIN ${from} ON FALSE`)
      : [row];
  const [place] = at;
  const stored = told?.['raw_hex'];
  // Bytes that came as they are need no answer.
  if (typeof stored !== 'string') {
    return { exact: [], isWhole: textOf(tokens[place!]!.text) === undefined };
  }
  return { exact: isShown(tokens[place!]!, told?.['text_hex']) ? [] : [[place!, stored]], isWhole: true };
}

async function askForMembers(
  reader: Connection,
  table: string,
  tokens: readonly Token[],
  { column, item, at }: Doubtful,
): Promise<Found> {
  const name = quoteName(nameOf(column));
  const [, type] = item.filter(({ kind }) => kind !== 'space');
  const isSet = /^set$/i.test(type!.text);
  const left = new Set(at.filter((place) => isDoubtful(tokens[place]!.text)));
  const rows = await reader.query(
    `SELECT DISTINCT CAST(${name} AS UNSIGNED) AS member_number, ${bothForms(name)} FROM ${quoteName(table)}` +
      ` WHERE ${name} IS NOT NULL`,
  );
  const exact: (readonly [number, string])[] = [];
  for (const { member_number: number, raw_hex: stored, text_hex: text } of rows) {
    const place = placeOf(at, BigInt(number ?? 0), isSet);
    if (place === undefined || !left.delete(place) || isShown(tokens[place]!, text)) continue;
    exact.push([place, stored ?? '']);
  }
  // Bytes that came as they are need no row.
  const isWhole = [...left].every((place) => textOf(tokens[place]!.text) === undefined);
  return { exact, isWhole };
}

/** A value as it is stored, and as UTF-8 unless it is no text. */
function bothForms(value: string): string {
  const text = `IF(CHARSET(${value}) = 'binary', HEX(${value}), HEX(CONVERT(${value} USING utf8mb4)))`;
  return `HEX(${value}) AS raw_hex, ${text} AS text_hex`;
}

function isShown({ text }: Token, hex: string | null | undefined): boolean {
  return hex?.toLowerCase() === bytesOf(contentOf(text)).toString('hex');
}

/** Of a SET, only values with one member tell that member. */
function placeOf(at: readonly number[], number: bigint, isSet: boolean): number | undefined {
  if (!isSet) return at[Number(number) - 1];
  const bit = at.findIndex((_, i) => number === 1n << BigInt(i));
  return bit === -1 ? undefined : at[bit];
}

function hexadecimal(hex: string): Token {
  return { kind: 'text', text: ` X'${hex.toLowerCase()}'` };
}

function nameOf(quoted: string): string {
  return (textOf(quoted) ?? quoted).slice(1, -1).replaceAll('``', '`');
}
