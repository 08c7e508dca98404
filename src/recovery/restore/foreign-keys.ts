import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { sameName } from '../../database/server-names.js';
import { isAtLeast } from '../../database/server-version.js';
import { unquote } from '../../database/tokens.js';
import { alterTable, type TableItem } from '../ddl/table-statement.js';
import { tokenise } from '../ddl/tokens.js';
import { describeMissing, isRefusal, type MissingObject } from './missing.js';

/**
 * The foreign keys of all tables. They are added when every table exists with its keys: a foreign key may
 * refer to a key of a table that is created later, or whose keys are added after its rows (C12).
 */
export class ForeignKeys {
  readonly #owed: Map<string, readonly TableItem[]> = new Map();
  readonly #made: Map<string, readonly TableItem[]> = new Map();

  /** Registers the foreign keys of one table that are to be added. */
  owe(table: string, items: readonly TableItem[]): void {
    if (items.length > 0) this.#owed.set(table, items);
  }

  /** Registers foreign keys that were created with their table. */
  note(table: string, items: readonly TableItem[]): void {
    if (items.length > 0) this.#made.set(table, items);
  }

  /** Forgets the foreign keys of a table that does not exist. */
  forget(table: string): void {
    this.#owed.delete(table);
    this.#made.delete(table);
  }

  /**
   * Adds all registered foreign keys. The session's checks are off, so neither rows nor tables are checked: a
   * foreign key to a missing table would be accepted, and would then refuse every new row.
   *
   * @param absent - tables that the server refused, or whose rows it refused
   * @returns those that the server refuses, or that refer to an absent table
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

/** Adds items to a table: together, and if that fails, one by one. @returns those that the server refuses */
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

/** The table to which a foreign key refers in its own database; undefined for another database. */
function referredTable({ kind, clause }: TableItem): string | undefined {
  if (kind !== 'foreign-key') return undefined;
  const tokens = tokenise(clause);
  const at = tokens.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'REFERENCES');
  const end = tokens.findIndex(({ text }, i) => i > at && text === '(');
  const names = tokens.slice(at + 1, end).filter((token) => token.kind === 'name');
  return names.length === 1 ? unquote(names[0]!.text) : undefined;
}

/**
 * The keys, foreign keys and checks of a table that do not exist yet, since a restore may have been
 * interrupted while adding them.
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

/** Whether a foreign key refers to a table whose file name is not the table's name. */
function refersToUnusualName({ kind, clause }: TableItem): boolean {
  if (kind !== 'foreign-key') return false;
  const tokens = tokenise(clause);
  const at = tokens.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'REFERENCES');
  const end = tokens.findIndex(({ text }, i) => i > at && text === '(');
  return tokens.slice(at + 1, end).some((token) => token.kind === 'name' && /\W/.test(unquote(token.text)));
}

/**
 * MySQL 5.6 adds a foreign key in place without looking up the table it refers to while checks are off, and
 * stores the table's name instead of its file name, so that the key refers to no table. With the COPY
 * algorithm it stores the right name.
 */
async function garblesNames(connection: Connection): Promise<boolean> {
  const [server] = await connection.query('SELECT VERSION() AS version');
  const version = server?.['version'] ?? '';
  const isMariaDb = /mariadb/i.test(version);
  return isMariaDb ? !isAtLeast(version, 10, 5) : isAtLeast(version, 5, 6) && !isAtLeast(version, 8, 0);
}

/** Drops all foreign keys: a table to which one of them refers cannot be created again without its keys. */
export async function dropForeignKeys(connection: Connection): Promise<void> {
  const rows = await connection.query(
    'SELECT TABLE_NAME AS of_table, CONSTRAINT_NAME AS name FROM information_schema.TABLE_CONSTRAINTS' +
      ` WHERE TABLE_SCHEMA = ${quoteText(connection.address.database!)} AND CONSTRAINT_TYPE = 'FOREIGN KEY'`,
  );
  for (const { of_table: table, name } of rows) {
    await connection.query(`ALTER TABLE ${quoteName(table!)} DROP FOREIGN KEY ${quoteName(name!)}`);
  }
}
