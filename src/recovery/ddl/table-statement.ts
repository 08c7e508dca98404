import { quoteName } from '../../database/identifiers.js';
import type { TableDescription } from '../../model/parts.js';
import { acceptDefinition } from './accept-definition.js';
import { join, renameDatabase, type Token, tokenise } from './tokens.js';

/** Statements that create a table so that it loads fastest and ends as it was. */
export interface TableStatements {
  readonly create: string;
  /** Run before the first rows, if there are any; then `after` follows the last row. */
  readonly before: readonly string[];
  /** Run after the last rows; also without any rows if `before` is empty. */
  readonly after: readonly string[];
  /** The items that `after` adds, to add them singly to a server that refuses some. */
  readonly items: readonly TableItem[];
  /** Added when every table exists with its keys: a foreign key refers to a key of another table. */
  readonly foreignKeys: readonly TableItem[];
  /** The foreign keys that `create` creates. */
  readonly foreignKeysMade: readonly TableItem[];
}

/** A part of a definition that can be added to an existing table. */
export interface TableItem {
  readonly kind: 'check' | 'foreign-key' | 'key';
  readonly name: string;
  /** The `ADD …` clause of ALTER TABLE. */
  readonly clause: string;
}

/**
 * When a table gets its secondary keys: with the table, together after its rows, or singly after its rows,
 * for a server that refuses some. `whole` means with the table and including foreign keys, for a server that
 * shows a table differently after it was altered.
 */
export type KeyTime = 'after-rows' | 'at-once' | 'one-by-one' | 'whole';

/**
 * Plans the statements for one table. Keys come after the rows only where the result is certain to be the
 * same (C11); foreign keys always come last. Every statement is built from an accepted definition.
 *
 * @param source - name of the database in the archive
 * @param target - name of the database to restore into
 * @throws BackupError `archive-damaged`
 */
export function planTable(
  table: TableDescription,
  source: string,
  target: string,
  keys: KeyTime,
): TableStatements {
  const { tokens: given } = acceptDefinition('table', table.name, table.createStatement, {
    database: source,
  });
  const tokens = renameDatabase(given, source, target);
  const name = quoteName(table.name);
  const parts = split(tokens);
  const asItIs = { create: join(tokens), before: [], after: [], items: [], foreignKeys: [] };
  if (parts === undefined) return { ...asItIs, foreignKeysMade: [] };
  const kinds = parts.items.map(kindOf);
  const foreignKeys = itemsWhere(parts, (i) => kinds[i] === 'foreign');
  if (keys === 'whole') return { ...asItIs, foreignKeysMade: foreignKeys };
  const whole = foreignKeys.length === 0 ? join(tokens) : without(parts, (i) => kinds[i] === 'foreign');
  // An ARCHIVE table refuses numbers below its next AUTO_INCREMENT value, and finds that value again from its
  // rows.
  const counts = (some: readonly Token[]): boolean => some.some(({ text }) => /^auto_increment$/i.test(text));
  const countsOn = /^archive$/i.test(table.engine) && counts(parts.tail) && parts.items.some(counts);
  const before = countsOn ? [`ALTER TABLE ${name} AUTO_INCREMENT = 1`] : [];
  const atOnce: TableStatements = {
    create: whole,
    before,
    after: [],
    items: [],
    foreignKeys,
    foreignKeysMade: [],
  };
  if (table.definitionOnly !== undefined && keys !== 'one-by-one') return atOnce;
  if (keys === 'at-once') return atOnce;
  if (keys === 'after-rows' && /^(?:myisam|aria)$/i.test(table.engine)) {
    return {
      ...atOnce,
      before: [`ALTER TABLE ${name} DISABLE KEYS`],
      after: [`ALTER TABLE ${name} ENABLE KEYS`],
    };
  }
  const isLater =
    keys === 'one-by-one' ? separable(parts.items, kinds) : deferrable(table, parts.items, kinds);
  const items = itemsWhere(parts, isLater);
  if (items.length === 0) return atOnce;
  return {
    create: without(parts, (i) => kinds[i] === 'foreign' || isLater(i)),
    before,
    after: [alterTable(table.name, items)],
    items,
    foreignKeys,
    foreignKeysMade: [],
  };
}

/** The checks in a table's definition. */
export function checksIn(createStatement: string): readonly TableItem[] {
  const parts = split(tokenise(createStatement));
  return parts === undefined ? [] : itemsWhere(parts, (i) => kindOf(parts.items[i]!) === 'check');
}

/** Adds all of these items to a table. */
export function alterTable(table: string, items: readonly TableItem[]): string {
  return `ALTER TABLE ${quoteName(table)} ${items.map(({ clause }) => clause).join(', ')}`;
}

/** The definition without the paths that it names, which may belong to another table or server. */
export function withoutPlaces(table: TableDescription): TableDescription {
  const tokens = tokenise(table.createStatement);
  const open = split(tokens)?.head.length ?? 0;
  const kept = [...tokens];
  for (let i = tokens.length - 1; i >= open; i--) {
    const end = endOfPlace(tokens, i);
    if (end !== undefined) kept.splice(i, end - i);
  }
  return kept.length === tokens.length ? table : { ...table, createStatement: join(kept) };
}

/** The definition without foreign keys into other databases, and their number. */
export function withoutOutsideKeys(createStatement: string): {
  readonly createStatement: string;
  readonly outsideKeys: number;
} {
  const parts = split(tokenise(createStatement));
  const isOutside = (item: readonly Token[]): boolean => {
    const words = item.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
    return words.some(({ kind, text }, i) => {
      return kind === 'word' && /^references$/i.test(text) && words[i + 2]?.text === '.';
    });
  };
  const outsideKeys = parts?.items.filter(isOutside).length ?? 0;
  if (parts === undefined || outsideKeys === 0) return { createStatement, outsideKeys: 0 };
  return { createStatement: without(parts, (i) => isOutside(parts.items[i]!)), outsideKeys };
}

// The prefix of a table name whose file has a name in the encoding of old servers.
const oldName = '#mysql50#';

/** The name under which a table can be created: no server creates one with the prefix. */
export function usualName(name: string): string {
  return name.startsWith(oldName) ? name.slice(oldName.length) : name;
}

/** The definition with the usual name. */
export function withUsualName(table: TableDescription): TableDescription {
  const name = usualName(table.name);
  if (name === table.name) return table;
  const tokens = tokenise(table.createStatement);
  const at = tokens.findIndex((token) => token.kind === 'name');
  const renamed = tokens.map((token, i) => (i === at ? { ...token, text: quoteName(name) } : token));
  return { ...table, name, createStatement: join(renamed) };
}

/** End of `DATA DIRECTORY = '…'` or the like if it starts here. */
function endOfPlace(tokens: readonly Token[], at: number): number | undefined {
  const ahead: number[] = [];
  for (let i = at; i < tokens.length && ahead.length < 4; i++) {
    if (tokens[i]!.kind !== 'space' && tokens[i]!.text !== '=') ahead.push(i);
  }
  const [first = at, second = at, third = at] = ahead;
  const word = (i: number): string => (tokens[i]?.kind === 'word' ? tokens[i].text.toUpperCase() : '');
  if (at !== first) return undefined;
  if (
    ['DATA', 'INDEX'].includes(word(first)) &&
    word(second) === 'DIRECTORY' &&
    tokens[third]?.kind === 'text'
  ) {
    return third + 1;
  }
  return undefined;
}

type IsItem = (index: number) => boolean;

/**
 * The keys that are better added after the rows; none where the order or layout of the table would change.
 */
function deferrable(
  table: TableDescription,
  items: readonly (readonly Token[])[],
  kinds: readonly ItemKind[],
): IsItem {
  const none = (): boolean => false;
  // A server refuses to alter a system-versioned table.
  if (!/^innodb$/i.test(table.engine) || table.versioned !== undefined) return none;
  // These change the layout of a table, or have an order of their own.
  if (kinds.includes('special') || !kinds.includes('primary')) return none;
  // MariaDB may refuse to alter a table because of a default that it accepted on creation (1067).
  if (items.some((item, i) => kinds[i] === 'column' && hasComputedDefault(item))) return none;
  // The AUTO_INCREMENT column may need a secondary key from the start; the keys before it keep their order.
  const counted = countedColumn(items);
  if (counted !== undefined && firstColumn(items[kinds.indexOf('primary')]!) !== counted) return none;
  return (i) => kinds[i] === 'key';
}

/** Whether a column's default is an expression other than the current time. */
function hasComputedDefault(item: readonly Token[]): boolean {
  const told = item.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  const at = told.findIndex(({ kind, text }) => kind === 'word' && /^default$/i.test(text));
  if (at === -1) return false;
  const [first, second] = told.slice(at + 1);
  const isCall = first?.kind === 'word' && second?.text === '(' && !/^current_timestamp$/i.test(first.text);
  return first?.text === '(' || isCall;
}

/** Everything except the columns, the primary key, and the key of the AUTO_INCREMENT column. */
function separable(items: readonly (readonly Token[])[], kinds: readonly ItemKind[]): IsItem {
  const counted = countedColumn(items);
  const counting =
    counted === undefined
      ? -1
      : items.findIndex((item, i) => ['key', 'primary'].includes(kinds[i]!) && firstColumn(item) === counted);
  return (i) => i !== counting && ['check', 'key', 'special'].includes(kinds[i]!);
}

function countedColumn(items: readonly (readonly Token[])[]): string | undefined {
  const counted = items.find((item) => item.some((token) => /^auto_increment$/i.test(token.text)));
  return counted?.find((token) => token.kind === 'name')?.text;
}

function itemsWhere({ items }: Parts, isWanted: IsItem): readonly TableItem[] {
  return items.flatMap((item, i) => {
    if (!isWanted(i)) return [];
    const kind = kindOf(item);
    return {
      kind: kind === 'foreign' ? 'foreign-key' : kind === 'check' ? 'check' : 'key',
      name: nameOf(item),
      clause: `ADD ${join(item).trim()}`,
    } as const;
  });
}

function nameOf(item: readonly Token[]): string {
  const open = item.findIndex((token) => token.text === '(');
  const name =
    item.slice(0, open).find((token) => token.kind === 'name') ?? item.find((token) => token.kind === 'name');
  return name === undefined ? join(item).trim() : name.text.slice(1, -1).replaceAll('``', '`');
}

function without({ head, items, tail }: Parts, isLeftOut: IsItem): string {
  const kept = items.filter((_, i) => !isLeftOut(i));
  return `${join(head)}\n${kept.map((item) => `  ${join(item).trim()}`).join(',\n')}\n${join(tail)}`;
}

interface Parts {
  readonly head: readonly Token[];
  readonly items: readonly (readonly Token[])[];
  readonly tail: readonly Token[];
}

/** `CREATE TABLE … (`, the items, and `) ENGINE=…`. */
function split(tokens: readonly Token[]): Parts | undefined {
  const open = tokens.findIndex((token) => token.kind === 'symbol' && token.text === '(');
  if (open === -1) return undefined;
  const items: Token[][] = [[]];
  let depth = 0;
  for (let i = open + 1; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind === 'symbol') {
      if (token.text === '(') depth++;
      if (token.text === ')') {
        if (depth === 0) return { head: tokens.slice(0, open + 1), items, tail: tokens.slice(i) };
        depth--;
      }
      if (token.text === ',' && depth === 0) {
        items.push([]);
        continue;
      }
    }
    items.at(-1)!.push(token);
  }
  return undefined;
}

type ItemKind = 'check' | 'column' | 'foreign' | 'key' | 'other' | 'primary' | 'special';

function kindOf(item: readonly Token[]): ItemKind {
  const words = item.filter((token) => token.kind !== 'space' && token.kind !== 'comment');
  const [first, second, third] = words;
  if (first?.kind === 'name') return 'column';
  switch (first?.text.toUpperCase()) {
    case 'PRIMARY':
      return 'primary';
    case 'KEY':
      return 'key';
    case 'UNIQUE':
      return words.some((token) => /^(?:overlaps)$/i.test(token.text)) ? 'special' : 'key';
    case 'FULLTEXT':
    case 'SPATIAL':
    case 'VECTOR':
      return 'special';
    case 'CONSTRAINT':
      if (second?.kind !== 'name') return 'other';
      if (third?.text.toUpperCase() === 'CHECK') return 'check';
      return third?.text.toUpperCase() === 'FOREIGN' ? 'foreign' : 'other';
    case 'CHECK':
      return 'check';
    case 'FOREIGN':
      return 'foreign';
    default:
      return 'other';
  }
}

function firstColumn(key: readonly Token[]): string | undefined {
  const open = key.findIndex((token) => token.text === '(');
  return key.slice(open).find((token) => token.kind === 'name')?.text;
}
