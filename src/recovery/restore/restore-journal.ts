import { randomBytes } from 'node:crypto';
import { isJournalMark, journalMark, journalTableName } from '../../catalog/restore-mark.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';

/** The progress of an interrupted restore. */
export interface RestoreJournal {
  /** Identifies the archive and the selected tables; empty when the restore cannot be continued. */
  readonly workKey: string;
  /** Rows of every complete table, or -1 for one that was begun, by {@link TableDescription.index}. */
  readonly done: ReadonlyMap<number, number>;
}

/**
 * The journal's name, and its comment, which distinguishes it from a table of the practice with such a name.
 */
interface Found {
  readonly name: string;
  readonly mark: string;
}

/** The journal in a database, if a restore into it was begun and not finished. */
export async function findJournal(server: Connection, target: string): Promise<Found | undefined> {
  const rows = await server.query(`SHOW TABLES FROM ${quoteName(target)} LIKE '${journalTableName}%'`);
  for (const row of rows) {
    const name = Object.values(row)[0] ?? '';
    const [about] = await server.query(
      `SELECT TABLE_COMMENT AS mark FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(target)} AND TABLE_NAME = ${quoteText(name)}`,
    );
    const mark = about?.['mark'] ?? '';
    if (isJournalMark(name, mark)) return { name, mark };
  }
  return undefined;
}

/** Reads the journal of an interrupted restore. */
export async function readJournal(server: Connection, target: string): Promise<RestoreJournal> {
  const found = await findJournal(server, target);
  if (found === undefined) return { workKey: '', done: new Map() };
  const rows = await server.query(
    `SELECT number, rows_loaded FROM ${quoteName(target)}.${quoteName(found.name)}`,
  );
  return {
    workKey: /: (\S*)$/.exec(found.mark)?.[1] ?? '',
    done: new Map(rows.map((row) => [Number(row['number']), Number(row['rows_loaded'])])),
  };
}

/**
 * Marks the target as incomplete, with the work key, in a single statement that cannot be half done. InnoDB,
 * because an entry must survive a power failure; another engine if InnoDB is disabled.
 *
 * @param names - of the tables to come, one of which may have the journal's name; undefined when unknown
 */
export async function createJournal(
  server: Connection,
  target: string,
  workKey: string,
  names?: readonly string[],
): Promise<void> {
  const create = (engine: string): Promise<unknown> =>
    server.query(
      `CREATE TABLE ${quoteName(target)}.${quoteName(nameBeside(names))} (number INT NOT NULL PRIMARY KEY, rows_loaded BIGINT NOT NULL)` +
        ` ENGINE=${engine} COMMENT '${journalMark}${workKey.replaceAll(/[^\w:,.-]/g, '')}'`,
    );
  try {
    await create('InnoDB');
  } catch (error) {
    if (!engineMissing.has(serverErrorNumber(error) ?? 0)) throw error;
    // Tables of Aria survive a crash; without Aria, MyISAM.
    await create('Aria').catch(() => create('MyISAM'));
  }
}

// Unknown engine; disabled engine.
const engineMissing: ReadonlySet<number> = new Set([1286, 1289]);

function nameBeside(names: readonly string[] | undefined): string {
  if (names === undefined) return `${journalTableName}_${randomBytes(6).toString('hex')}`;
  const taken = new Set(names.map((name) => name.toLowerCase()));
  let name = journalTableName;
  for (let n = 2; taken.has(name); n++) name = `${journalTableName}_${n}`;
  return name;
}

/** Name of the journal in a session's database. */
const nameOf = new WeakMap<Connection, string>();

async function quotedName(connection: Connection): Promise<string> {
  let name = nameOf.get(connection);
  if (name === undefined) {
    name = (await findJournal(connection, connection.address.database!))?.name ?? journalTableName;
    nameOf.set(connection, name);
  }
  return quoteName(name);
}

/** Records that a table is complete, or with -1 rows that it is begun. */
export async function journalTable(connection: Connection, index: number, rows: number): Promise<void> {
  await connection.query(`REPLACE INTO ${await quotedName(connection)} VALUES (${index}, ${rows})`);
}

/** Called when the target is complete. */
export async function dropJournal(connection: Connection): Promise<void> {
  const found = await findJournal(connection, connection.address.database!);
  if (found !== undefined) await connection.query(`DROP TABLE ${quoteName(found.name)}`);
}
