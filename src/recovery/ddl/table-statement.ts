import type { TableDescription } from '../../archive/model.js';
import { quoteName } from '../../database/identifiers.js';
import { join, makes, notADefinition, renameDatabase, type Token, tokenise } from './tokens.js';

/** How a table is made so that it loads fastest and ends as it was. */
export interface TableStatements {
  readonly create: string;
  /** Before the first rows, when there are any; then `after` follows the last. */
  readonly before: readonly string[];
  /** After the last rows, and without any rows too when `before` is empty. */
  readonly after: readonly string[];
}

/** When a table gets its secondary keys: with the table, or in one go after its rows. */
export type KeyTime = 'after-rows' | 'at-once';

/**
 * Plans the statements for one table. Keys come after the rows only where the end state is certain to be the same (C11).
 *
 * @param source - name of the database in the archive
 * @param target - name of the database to restore into
 */
export function planTable(
  table: TableDescription,
  source: string,
  target: string,
  keys: KeyTime,
): TableStatements {
  const given = tokenise(table.createStatement);
  if (!makes(given, 'TABLE', table.name)) throw notADefinition(`table "${table.name}"`);
  const tokens = renameDatabase(given, source, target);
  const name = quoteName(table.name);
  if (table.definitionOnly !== undefined || keys === 'at-once') {
    return { create: join(tokens), before: [], after: [] };
  }
  if (/^(?:myisam|aria)$/i.test(table.engine)) {
    return {
      create: join(tokens),
      before: [`ALTER TABLE ${name} DISABLE KEYS`],
      after: [`ALTER TABLE ${name} ENABLE KEYS`],
    };
  }
  const deferred = /^innodb$/i.test(table.engine) ? deferKeys(tokens) : undefined;
  if (deferred === undefined) return { create: join(tokens), before: [], after: [] };
  return {
    create: deferred.create,
    before: [],
    after: [`ALTER TABLE ${name} ${deferred.items.map((item) => `ADD ${item}`).join(', ')}`],
  };
}

interface Deferred {
  readonly create: string;
  readonly items: readonly string[];
}

/** The statement without its secondary keys and foreign keys, and those; undefined when they had better stay. */
function deferKeys(tokens: readonly Token[]): Deferred | undefined {
  const parts = split(tokens);
  if (parts === undefined) return undefined;
  const { head, items, tail } = parts;
  const kinds = items.map(kindOf);
  // These change how a table is laid out, or come in an order of their own.
  if (kinds.includes('special') || !kinds.includes('primary')) return undefined;
  // A table may count by a secondary key, which must be there from the start; those before it keep their places.
  const counted = items.find((item) => item.some((token) => /^auto_increment$/i.test(token.text)));
  const countedName = counted?.find((token) => token.kind === 'name')?.text;
  const countsByPrimary =
    countedName === undefined || firstColumn(items[kinds.indexOf('primary')]!) === countedName;
  if (!countsByPrimary) return undefined;
  const later = items.filter((_, i) => kinds[i] === 'key' || kinds[i] === 'foreign');
  if (later.length === 0) return undefined;
  const kept = items.filter((_, i) => kinds[i] !== 'key' && kinds[i] !== 'foreign');
  const create = `${join(head)}\n${kept.map((item) => `  ${join(item).trim()}`).join(',\n')}\n${join(tail)}`;
  return { create, items: later.map((item) => join(item).trim()) };
}

/** `CREATE TABLE … (`, the items between, and `) ENGINE=…`. */
function split(tokens: readonly Token[]):
  | {
      readonly head: readonly Token[];
      readonly items: readonly (readonly Token[])[];
      readonly tail: readonly Token[];
    }
  | undefined {
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

type ItemKind = 'column' | 'foreign' | 'key' | 'other' | 'primary' | 'special';

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
      return second?.kind === 'name' && third?.text.toUpperCase() === 'FOREIGN' ? 'foreign' : 'other';
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
