import { missingMark, missingTableName } from '../../catalog/restore-mark.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { isMissingKind, type MissingObject } from './missing.js';

const table: string = quoteName(missingTableName);

/** What an earlier restore could not create. */
export interface MissingMark {
  /** Identifies the archive and the selected tables. */
  readonly workKey: string;
  readonly missing: readonly Pick<MissingObject, 'kind' | 'name' | 'table'>[];
}

/** The list in a database; undefined if there is none. */
export async function readMissing(server: Connection, target: string): Promise<MissingMark | undefined> {
  const [mark] = await server.query(
    `SELECT TABLE_COMMENT AS mark FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(target)} AND TABLE_NAME = '${missingTableName}'`,
  );
  const workKey = /^Not restored: (\S+)$/.exec(mark?.['mark'] ?? '')?.[1];
  if (workKey === undefined) return undefined;
  const rows = await server.query(`SELECT kind, name, table_name FROM ${quoteName(target)}.${table}`);
  return {
    workKey,
    missing: rows.flatMap(({ kind, name, table_name: of }) =>
      isMissingKind(kind)
        ? [{ kind, name: name ?? '', ...(of === null || of === undefined ? {} : { table: of }) }]
        : [],
    ),
  };
}

/**
 * Writes what is missing into a table, in place of any earlier list, so that the same restore can try only
 * that again. If nothing is missing, there is no table.
 *
 * @param workKey - empty when the restore cannot be continued; then there is no list
 */
export async function markMissing(
  connection: Connection,
  workKey: string,
  missing: readonly MissingObject[],
): Promise<void> {
  // The database may hold a table of the practice with that name.
  const earlier = await readMissing(connection, connection.address.database!);
  if (earlier !== undefined) await connection.query(`DROP TABLE ${table}`);
  if (missing.length === 0 || workKey === '') return;
  try {
    await connection.query(
      `CREATE TABLE ${table} (number INT NOT NULL PRIMARY KEY, kind VARCHAR(20) NOT NULL, name VARCHAR(200) NOT NULL,` +
        ' table_name VARCHAR(64), errno INT NOT NULL, message TEXT NOT NULL)' +
        ` DEFAULT CHARSET=utf8mb4 COMMENT '${missingMark}${workKey.replaceAll(/[^\w:,.-]/g, '')}'`,
    );
  } catch (error) {
    // A table of the archive has that name: it stays, and there is no list.
    if (serverErrorNumber(error) === tableExists) return;
    throw error;
  }
  const rows = missing.map(
    ({ kind, name, table: of, errno, message }, i) =>
      `(${i}, ${quoteText(kind)}, ${quoteText(name)}, ${of === undefined ? 'NULL' : quoteText(of)}, ${errno}, ${quoteText(message)})`,
  );
  await connection.query(`INSERT INTO ${table} VALUES ${rows.join(', ')}`);
}

const tableExists = 1050;
