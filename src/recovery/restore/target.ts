import type { DatabaseDescription } from '../../archive/model.js';
import type { DatabaseAddress } from '../../database/address.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { BackupError } from '../../errors.js';

/** A restore target: an address that names a database. */
export type TargetAddress = DatabaseAddress & { readonly database: string };

/** @throws TypeError when no database is named */
export function targetOf(address: DatabaseAddress): TargetAddress {
  const { database } = address;
  if (database === undefined || database === '') throw new TypeError('"target" must name a database');
  return { ...address, database };
}

const systemDatabases: ReadonlySet<string> = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
]);

/**
 * Makes the target an empty database with the character set of the original.
 *
 * @param replace - whether what is in the target may be dropped
 * @throws BackupError `target-refused` when it is not empty, in use, or the server's own
 */
export async function prepareTarget(
  server: Connection,
  target: string,
  description: DatabaseDescription,
  replace: boolean,
): Promise<void> {
  if (systemDatabases.has(target.toLowerCase())) {
    throw refused(target, `Database "${target}" belongs to the server itself.`);
  }
  const contents = await countContents(server, target);
  if (contents !== undefined && contents > 0) {
    if (!replace) {
      throw refused(
        target,
        `Database "${target}" is not empty: it holds ${contents} tables, routines or events.`,
      );
    }
    await refuseWhenInUse(server, target);
  }
  const name = quoteName(target);
  if (contents !== undefined) await server.query(`DROP DATABASE ${name}`);
  await server.query(
    `CREATE DATABASE ${name} CHARACTER SET ${description.characterSet} COLLATE ${description.collation}`,
  );
}

function refused(target: string, sentence: string): BackupError {
  return new BackupError('target-refused', sentence, { details: { database: target } });
}

/** Number of things in a database; undefined when there is none of that name. */
async function countContents(server: Connection, target: string): Promise<number | undefined> {
  const databases = await server.query('SHOW DATABASES');
  if (!databases.some((row) => Object.values(row)[0] === target)) return undefined;
  const name = quoteText(target);
  const [row] = await server.query(
    `SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name})` +
      ` + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name})` +
      ` + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name}) AS things`,
  );
  return Number(row?.['things']);
}

/** A practice at work must not lose its database under its hands, whatever anybody said. */
async function refuseWhenInUse(server: Connection, target: string): Promise<void> {
  const rows = await server.query('SHOW PROCESSLIST');
  const others = rows.filter((row) => row['db'] === target && Number(row['Id']) !== server.id);
  if (others.length === 0) return;
  throw refused(
    target,
    `Database "${target}" is in use: ${others.length} other connections work in it. Close all programs first.`,
  );
}
