import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';

/** The table in the target that says how far a restore is; it is there exactly while the target is incomplete. */
export const JOURNAL_TABLE = 'supplemental_backup_restore';

const table: string = quoteName(JOURNAL_TABLE);

/** What an interrupted restore left behind. */
export interface RestoreJournal {
  /** Which archive, and what of it; empty when a restore cannot be taken up again. */
  readonly workKey: string;
  /** Rows of every table that is complete, by {@link TableDescription.index}. */
  readonly done: ReadonlyMap<number, number>;
}

/** Reads the journal of an interrupted restore. */
export async function readJournal(server: Connection, target: string): Promise<RestoreJournal> {
  const [mark] = await server.query(
    `SELECT TABLE_COMMENT AS mark FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(target)} AND TABLE_NAME = '${JOURNAL_TABLE}'`,
  );
  const rows = await server.query(`SELECT number, rows_loaded FROM ${quoteName(target)}.${table}`);
  return {
    workKey: /: (\S*)$/.exec(mark?.['mark'] ?? '')?.[1] ?? '',
    done: new Map(rows.map((row) => [Number(row['number']), Number(row['rows_loaded'])])),
  };
}

/**
 * Marks the target as incomplete, and with what, in one statement: it can be interrupted before or after it. InnoDB,
 * because a line must not be lost when the power is.
 */
export async function createJournal(server: Connection, target: string, workKey: string): Promise<void> {
  await server.query(
    `CREATE TABLE ${quoteName(target)}.${table} (number INT NOT NULL PRIMARY KEY, rows_loaded BIGINT NOT NULL)` +
      ` ENGINE=InnoDB COMMENT 'Restore in progress: ${workKey.replaceAll(/[^\w:,.-]/g, '')}'`,
  );
}

/** Notes that a table is complete. */
export async function journalTable(connection: Connection, index: number, rows: number): Promise<void> {
  await connection.query(`REPLACE INTO ${table} VALUES (${index}, ${rows})`);
}

/** The target is complete. */
export async function dropJournal(connection: Connection): Promise<void> {
  await connection.query(`DROP TABLE ${table}`);
}
