import type { Connection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';

/** The table in the target that says how far a restore is; it is there exactly while the target is incomplete. */
export const JOURNAL_TABLE = 'supplemental_backup_restore';

const table: string = quoteName(JOURNAL_TABLE);

/** What an interrupted restore left behind. */
export interface JournalState {
  /** Which archive, and what of it; empty when a restore cannot be taken up again. */
  readonly work: string;
  /** Rows of every table that is complete, by {@link TableDescription.index}. */
  readonly done: ReadonlyMap<number, number>;
}

/** Reads the journal of an interrupted restore. */
export async function readJournal(server: Connection, target: string): Promise<JournalState> {
  const rows = await server.query(`SELECT kind, number, value FROM ${quoteName(target)}.${table}`);
  const done = new Map<number, number>();
  let work = '';
  for (const row of rows) {
    if (row['kind'] === 'work') work = row['value'] ?? '';
    if (row['kind'] === 'table') done.set(Number(row['number']), Number(row['value']));
  }
  return { work, done };
}

/** Marks the target as incomplete. InnoDB, because a line must not be lost when the power is. */
export async function createJournal(server: Connection, target: string, work: string): Promise<void> {
  const journal = `${quoteName(target)}.${table}`;
  await server.query(
    `CREATE TABLE ${journal} (kind VARCHAR(10) NOT NULL, number INT NOT NULL, value VARCHAR(200) NOT NULL,` +
      " PRIMARY KEY (kind, number)) ENGINE=InnoDB CHARACTER SET latin1 COMMENT 'Restore in progress'",
  );
  await server.query(`INSERT INTO ${journal} VALUES ('work', 0, '${work.replaceAll(/[^\w:,.-]/g, '')}')`);
}

/** Notes that a table is complete. */
export async function journalTable(connection: Connection, index: number, rows: number): Promise<void> {
  await connection.query(`REPLACE INTO ${table} VALUES ('table', ${index}, '${rows}')`);
}

/** The target is complete. */
export async function dropJournal(connection: Connection): Promise<void> {
  await connection.query(`DROP TABLE ${table}`);
}
