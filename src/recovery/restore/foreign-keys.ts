import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { sameName } from '../../database/server-names.js';
import { isAtLeast } from '../../database/server-version.js';
import { unquote } from '../../database/tokens.js';
import { alterTable, type TableItem } from '../ddl/table-statement.js';
import { tokenise } from '../ddl/tokens.js';
import { describeMissing, isRefusal, type MissingObject } from './missing.js';

/**
 * The foreign keys of all tables, which come when every table is there with its keys: a foreign key may refer
 * to any key of a table that is made later, or whose keys come after its rows (C12).
 */
export class ForeignKeys {
  readonly #owed: Map<string, readonly TableItem[]> = new Map();
  readonly #made: Map<string, readonly TableItem[]> = new Map();

  /** Those of one table. */
  owe(table: string, items: readonly TableItem[]): void {
    if (items.length > 0) this.#owed.set(table, items);
  }

  /** Those that came with their table. */
  note(table: string, items: readonly TableItem[]): void {
    if (items.length > 0) this.#made.set(table, items);
  }

  /** Forgets the keys of a table that is not there. */
  forget(table: string): void {
    this.#owed.delete(table);
    this.#made.delete(table);
  }

  /**
   * Adds all that are owed. The checks of the session are off, so that no row is looked at, and no table: a
   * foreign key to one that is missing would be taken, and then refuse every row that somebody adds.
   *
   * @param absent - tables that the server did not make, or whose rows it did not take
   * @returns those that the server refuses, or that have nothing to refer to
   */
  async add(
    connection: Connection,
    absent: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<readonly MissingObject[]> {
    const missing: MissingObject[] = [];
    const isAbsent = (item: TableItem): boolean =>
      absent.some((name) => sameName(referredTable(item), name, connection));
    const leaveOut = ({ kind, name, clause }: TableItem, table: string): void => {
      const message = `It refers to table "${referredTable({ kind, name, clause })}", which is missing.`;
      missing.push({ kind, name, table, errno: 0, message });
    };
    for (const [table, items] of this.#made) {
      for (const item of items.filter(isAbsent)) {
        await connection.query(`ALTER TABLE ${quoteName(table)} DROP FOREIGN KEY ${quoteName(item.name)}`);
        leaveOut(item, table);
      }
    }
    this.#made.clear();
    for (const [table, items] of this.#owed) {
      for (const item of items.filter(isAbsent)) leaveOut(item, table);
      const able = items.filter((item) => !isAbsent(item));
      missing.push(...(await addItems(connection, table, able, signal)));
      this.#owed.delete(table);
    }
    return missing;
  }
}

/**
 * Adds items to a table: in one go, and where that fails one by one. @returns those that the server refuses
 */
export async function addItems(
  connection: Connection,
  table: string,
  items: readonly TableItem[],
  signal: AbortSignal | undefined,
): Promise<readonly MissingObject[]> {
  const copying = items.some(refersToUnusualName) && (await garblesNames(connection));
  const add = (some: readonly TableItem[]) =>
    connection.query(`${alterTable(table, some)}${copying ? ', ALGORITHM=COPY' : ''}`, { signal });
  if (items.length > 1) {
    try {
      await add(items);
      return [];
    } catch (error) {
      if (!isRefusal(error)) throw error;
    }
  }
  const missing: MissingObject[] = [];
  for (const item of items) {
    try {
      await add([item]);
    } catch (error) {
      const { kind, name } = item;
      missing.push(await describeMissing(connection, { kind, name, table }, error, true));
    }
  }
  return missing;
}

/** The table that a foreign key refers to in its own database; undefined for one of another. */
function referredTable({ kind, clause }: TableItem): string | undefined {
  if (kind !== 'foreign-key') return undefined;
  const tokens = tokenise(clause);
  const at = tokens.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'REFERENCES');
  const end = tokens.findIndex(({ text }, i) => i > at && text === '(');
  const names = tokens.slice(at + 1, end).filter((token) => token.kind === 'name');
  return names.length === 1 ? unquote(names[0]!.text) : undefined;
}

/**
 * Which of a table's keys, foreign keys and checks are not there yet: a restore may have been stopped among
 * them.
 */
export async function notThere(
  connection: Connection,
  table: string,
  items: readonly TableItem[],
): Promise<readonly TableItem[]> {
  if (items.length === 0) return items;
  const where = `TABLE_SCHEMA = ${quoteText(connection.address.database!)} AND TABLE_NAME = ${quoteText(table)}`;
  const rows = await connection.query(
    `SELECT INDEX_NAME AS name, 'key' AS kind FROM information_schema.STATISTICS WHERE ${where}` +
      ' UNION SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE FROM information_schema.TABLE_CONSTRAINTS' +
      ` WHERE ${where} AND CONSTRAINT_TYPE IN ('CHECK', 'FOREIGN KEY')`,
  );
  const there = new Set(rows.map(({ name, kind }) => `${kind} ${name}`.toLowerCase()));
  return items.filter(({ kind, name }) => !there.has(`${kind.replace('-', ' ')} ${name}`.toLowerCase()));
}

/** Whether a foreign key refers to a table whose file has another name than the table. */
function refersToUnusualName({ kind, clause }: TableItem): boolean {
  if (kind !== 'foreign-key') return false;
  const tokens = tokenise(clause);
  const at = tokens.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'REFERENCES');
  const end = tokens.findIndex(({ text }, i) => i > at && text === '(');
  return tokens.slice(at + 1, end).some((token) => token.kind === 'name' && /\W/.test(unquote(token.text)));
}

/**
 * MySQL 5.6 adds a foreign key in place without looking its table up while checks are off, and writes down
 * the table's name where that of its file belongs: the key refers to no table then. A copy of the table is
 * made with the right one.
 */
async function garblesNames(connection: Connection): Promise<boolean> {
  const [server] = await connection.query('SELECT VERSION() AS version');
  const version = server?.['version'] ?? '';
  const isMariaDb = /mariadb/i.test(version);
  return isMariaDb ? !isAtLeast(version, 10, 5) : isAtLeast(version, 5, 6) && !isAtLeast(version, 8, 0);
}

/**
 * Takes all foreign keys off again: a table that one of them refers to cannot be made anew without its keys.
 */
export async function dropForeignKeys(connection: Connection): Promise<void> {
  const rows = await connection.query(
    'SELECT TABLE_NAME AS of_table, CONSTRAINT_NAME AS name FROM information_schema.TABLE_CONSTRAINTS' +
      ` WHERE TABLE_SCHEMA = ${quoteText(connection.address.database!)} AND CONSTRAINT_TYPE = 'FOREIGN KEY'`,
  );
  for (const { of_table: table, name } of rows) {
    await connection.query(`ALTER TABLE ${quoteName(table!)} DROP FOREIGN KEY ${quoteName(name!)}`);
  }
}
