import type { Connection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { sameName } from '../../database/server-names.js';

const noSuchTable = 1146;
const noSuchColumn = 1054;
const viewOfNoUse = 1356;
// A view with more missing columns is listed as missing, since each of them takes an attempt.
const mostAttempts = 300;

/**
 * Creates a view that was already broken at the source. A server keeps such a view but refuses to create one,
 * so placeholders for the missing tables and columns exist for a moment (O2).
 *
 * @param make - creates the view
 * @param takeAway - drops a view that is broken too, which the caller creates again later; false if that is
 *   not possible
 * @returns whether it could be created
 */
export async function makeBrokenView(
  connection: Connection,
  make: () => Promise<void>,
  takeAway: (view: string) => Promise<boolean>,
): Promise<boolean> {
  const placed = new Map<string, Set<string>>();
  try {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      try {
        await make();
        return true;
      } catch (error) {
        if (!(await canPlace(connection, error, placed, takeAway))) return false;
      }
    }
    return false;
  } finally {
    for (const table of placed.keys()) await connection.query(`DROP TABLE IF EXISTS ${quoteName(table)}`);
  }
}

// If the server refuses a placeholder, only this view is affected.
async function canPlace(...given: Parameters<typeof placeMissing>): Promise<boolean> {
  try {
    return await placeMissing(...given);
  } catch (error) {
    if (serverErrorNumber(error) === undefined) throw error;
    return false;
  }
}

/**
 * The table's name from `database.name` in a message, if the database is the target. Names may contain dots.
 */
function nameInTarget(text: string, connection: Connection): string | undefined {
  const database = connection.address.database!;
  const name = text.slice(database.length + 1);
  const isHere =
    text[database.length] === '.' && sameName(text.slice(0, database.length), database, connection);
  return isHere && name !== '' ? name : undefined;
}

async function placeMissing(
  connection: Connection,
  error: unknown,
  placed: Map<string, Set<string>>,
  takeAway: (view: string) => Promise<boolean>,
): Promise<boolean> {
  const errno = serverErrorNumber(error);
  if (errno !== noSuchTable && errno !== noSuchColumn && errno !== viewOfNoUse) return false;
  const errors = await connection.query('SHOW ERRORS');
  const told = errors.find((row) => row['Code'] === String(errno));
  const [, name = ''] = /'([^']*)'/.exec(told?.['Message'] ?? '') ?? [];
  if (errno === viewOfNoUse) {
    const view = nameInTarget(name, connection);
    // After the view is dropped, the next attempt reports a missing table of its name.
    return view !== undefined && (await takeAway(view));
  }
  if (errno === noSuchTable) {
    const table = nameInTarget(name, connection);
    if (table === undefined || placed.has(table)) return false;
    await connection.query(`CREATE TABLE ${quoteName(table)} (supplemental_backup_placeholder INT)`);
    placed.set(table, new Set());
    return true;
  }
  // The column may belong to any of the placeholders: the message may name only an alias.
  const column = name.split('.').at(-1);
  if (column === undefined || column === '') return false;
  const [table, columns] = [...placed].find(([, has]) => !has.has(column)) ?? [];
  if (table === undefined || columns === undefined) return false;
  await connection.query(`ALTER TABLE ${quoteName(table)} ADD ${quoteName(column)} INT`);
  columns.add(column);
  return true;
}
