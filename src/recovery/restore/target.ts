import { createHash } from 'node:crypto';
import type { DatabaseDescription } from '../../archive/model.js';
import type { DatabaseAddress } from '../../database/address.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { BackupError } from '../../errors.js';
import { JOURNAL_TABLE } from './journal.js';

/** A restore target: an address that names a database. */
export type TargetAddress = DatabaseAddress & { readonly database: string };

/** What stands in the target's place. */
export type TargetState = 'absent' | 'empty' | 'filled' | 'unfinished';

/** @throws TypeError when no database is named */
export function targetOf(address: DatabaseAddress): TargetAddress {
  const { database } = address;
  if (database === undefined || database === '') throw new TypeError('"target" must name a database');
  return { ...address, database };
}

/** The server of a target, with no database chosen. */
export function serverOf({ database: _, ...server }: TargetAddress): DatabaseAddress {
  return server;
}

const systemDatabases: ReadonlySet<string> = new Set([
  'information_schema',
  'mysql',
  'performance_schema',
  'sys',
]);

/**
 * Looks at the target without touching it.
 *
 * @throws BackupError `target-refused` when it belongs to the server itself
 */
export async function examineTarget(server: Connection, target: string): Promise<TargetState> {
  if (systemDatabases.has(target.toLowerCase())) {
    throw refused(target, `Database "${target}" belongs to the server itself.`);
  }
  const databases = await server.query('SHOW DATABASES');
  if (!databases.some((row) => Object.values(row)[0] === target)) return 'absent';
  const name = quoteText(target);
  const [row] = await server.query(
    `SELECT (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name}) AS tables_there,` +
      ` (SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name} AND TABLE_NAME = '${JOURNAL_TABLE}') AS journals,` +
      ` (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name}) AS routines,` +
      ` (SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name}) AS events_there`,
  );
  if (row?.['journals'] !== '0') return 'unfinished';
  const things = Number(row['tables_there']) + Number(row['routines']) + Number(row['events_there']);
  return things === 0 ? 'empty' : 'filled';
}

/**
 * Makes the target an empty database with the character set of the original.
 *
 * @param replace - whether what is in the target may be dropped
 * @throws BackupError `target-refused` when it is not empty or in use
 */
export async function makeTarget(
  server: Connection,
  target: string,
  description: Pick<DatabaseDescription, 'characterSet' | 'collation'>,
  replace: boolean,
): Promise<void> {
  const state = await examineTarget(server, target);
  if (state === 'filled' || state === 'unfinished') {
    if (!replace) {
      throw refused(
        target,
        state === 'filled'
          ? `Database "${target}" is not empty.`
          : `Database "${target}" holds what an interrupted restore left behind, which cannot be taken up from this archive.`,
      );
    }
    await refuseWhenInUse(server, target);
  }
  for (const word of [description.characterSet, description.collation]) {
    if (!/^\w+$/.test(word))
      throw new BackupError('archive-damaged', 'The defaults of the database are no names.');
  }
  const name = quoteName(target);
  if (state !== 'absent') await server.query(`DROP DATABASE ${name}`);
  await server.query(
    `CREATE DATABASE ${name} CHARACTER SET ${description.characterSet} COLLATE ${description.collation}`,
  );
}

/** A practice at work must not lose its database under its hands, whatever anybody said. */
async function refuseWhenInUse(server: Connection, target: string): Promise<void> {
  let others = await countSessions(server, target);
  // Sessions that have ended stay on the list for a moment.
  for (let look = 0; others > 0 && look < 10; look++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    others = await countSessions(server, target);
  }
  if (others === 0) return;
  throw refused(
    target,
    `Database "${target}" is in use: ${others} other connections work in it. Close all programs first.`,
  );
}

async function countSessions(server: Connection, target: string): Promise<number> {
  const rows = await server.query('SHOW PROCESSLIST');
  return rows.filter((row) => row['db'] === target && row['Command'] !== 'Killed').length;
}

function refused(target: string, sentence: string): BackupError {
  return new BackupError('target-refused', sentence, { details: { database: target } });
}

/**
 * Keeps a second restore away from the same target for as long as the session lives.
 *
 * @throws BackupError `already-running`
 */
export async function claimTarget(server: Connection, target: string): Promise<void> {
  const name = `supplemental-backup ${createHash('sha256').update(target).digest('hex').slice(0, 32)}`;
  const [row] = await server.query(`SELECT GET_LOCK('${name}', 0) AS mine`);
  if (row?.['mine'] === '1') return;
  throw new BackupError('already-running', `Another restore into database "${target}" is still running.`, {
    details: { database: target },
  });
}
