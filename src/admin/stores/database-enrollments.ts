import type { DatabaseAddress } from '../../database/address.js';
import { checkAddress } from '../../database/check-address.js';
import { type Connection, openConnection, type TextRow } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import {
  type Enrollment,
  type EnrollmentStore,
  formatEnrollment,
  leavesRoom,
  parseEnrollment,
  unreadable,
} from '../enrollment.js';

/** The table that {@link createDatabaseEnrollments} makes. */
export const enrollmentTable = 'supplementalbackupkey';

const table = quoteName(enrollmentTable);
const revisionsKept = 3;
const duplicateKey = 1062;
const noSuchTable = 1146;

/**
 * Stores enrolments in a small table of the practice's own database, `supplementalbackupkey`, which is
 * created when it is first needed and is part of every archive. Each operation opens its own connection: it
 * must not be called while that table is locked.
 *
 * @param address - with the name of the practice's database; the user needs CREATE, SELECT, INSERT and DELETE
 *   on the table
 * @example
 * ```ts
 * await enrollAdmin(admin, password, { store: createDatabaseEnrollments(database) });
 * ```
 */
export function createDatabaseEnrollments(address: DatabaseAddress): EnrollmentStore {
  checkAddress(address);
  return {
    load(userNum, io) {
      return withConnection(address, io?.signal, async (query) => {
        const [row] = await query(`${rowsOf(userNum)} LIMIT 1`).catch(nothingYet);
        return row === undefined ? null : enrollmentOf(row, userNum);
      });
    },
    discardUnreadable(userNum, io) {
      return withConnection(address, io?.signal, async (query) => {
        for (const row of await query(`${rowsOf(userNum)} LIMIT 100`).catch(nothingYet)) {
          try {
            if (!leavesRoom(enrollmentOf(row, userNum))) throw unreadable(userNum);
          } catch {
            await query(
              `DELETE FROM ${table} WHERE UserNum = ${number(userNum)} AND Revision = ${number(row['Revision']!)}`,
            );
          }
        }
      });
    },
    save(enrollment, io) {
      const { revision } = enrollment;
      const userNum = number(enrollment.userNum);
      return withConnection(address, io?.signal, async (query) => {
        // The primary key decides who was first. A writer that is so late that the first rows were deleted
        // again is refused by the rows that remain.
        const insert = `INSERT INTO ${table} (UserNum, Revision, Record)
          SELECT ${userNum}, ${revision}, ${quoteText(formatEnrollment(enrollment))} FROM DUAL
          WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE UserNum = ${userNum} AND Revision > ${revision})`;
        try {
          await query(insert).catch(async (error: unknown) => {
            if (serverErrorNumber(error) !== noSuchTable) throw error;
            await createTable(query);
            await query(insert);
          });
        } catch (error) {
          if (serverErrorNumber(error) === duplicateKey) return false;
          throw error;
        }
        const [kept] = await query('SELECT ROW_COUNT() AS rowsKept');
        if (kept?.['rowsKept'] !== '1') return false;
        await query(
          `DELETE FROM ${table} WHERE UserNum = ${userNum} AND Revision <= ${revision - revisionsKept}`,
        );
        return true;
      });
    },
  };
}

type Query = Connection['query'];

function rowsOf(userNum: string): string {
  return `SELECT Revision, Record FROM ${table} WHERE UserNum = ${number(userNum)} ORDER BY Revision DESC`;
}

function nothingYet(error: unknown): readonly TextRow[] {
  if (serverErrorNumber(error) === noSuchTable) return [];
  throw error;
}

/** The column decides which record counts, so it must agree with the record. */
function enrollmentOf(row: TextRow, userNum: string): Enrollment {
  const enrollment = parseEnrollment(row['Record'] ?? '', userNum);
  if (row['Revision'] !== String(enrollment.revision)) throw unreadable(userNum);
  return enrollment;
}

// With the engine of the table of users: Open Dental's own backup tool treats a mixture of engines
// differently.
async function createTable(query: Query): Promise<void> {
  const [users] = await query(
    "SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'userod'",
  );
  const engine = users?.['engine'] ?? '';
  await query(
    `CREATE TABLE IF NOT EXISTS ${table} (
      UserNum bigint(20) NOT NULL,
      Revision int(11) NOT NULL,
      Record mediumtext NOT NULL,
      PRIMARY KEY (UserNum, Revision)
    ) ${/^\w+$/.test(engine) ? `ENGINE=${engine} ` : ''}DEFAULT CHARSET=utf8`,
  );
}

async function withConnection<Result>(
  address: DatabaseAddress,
  signal: AbortSignal | undefined,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  const io = { signal };
  const connection = await openConnection(address, io);
  try {
    return await work((sql) => connection.query(sql, io));
  } finally {
    await connection.close();
  }
}

function number(userNum: string): string {
  if (!/^-?\d{1,20}$/.test(userNum)) throw new RangeError('"userNum" must be a decimal number');
  return userNum;
}
