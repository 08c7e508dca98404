import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { seesOtherSessions } from '../../database/sees-sessions.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { databaseNameOn, sameName } from '../../database/server-names.js';
import { rowsOf } from '../../database/statements.js';
import { isSystemDatabase } from '../../database/system-databases.js';
import { BackupError } from '../../errors.js';
import type { DatabaseDescription } from '../../model/parts.js';
import { tokenise } from '../ddl/tokens.js';
import { claimName } from './own-account.js';
import { findJournal } from './restore-journal.js';
import type { TargetAddress } from './target-address.js';

/** What the target holds already. */
export type TargetState = 'absent' | 'empty' | 'filled' | 'unfinished';

/** The target with the name that its server has for it. */
export async function targetOn(server: Connection, target: TargetAddress): Promise<TargetAddress> {
  return { ...target, database: await databaseNameOn(server, target.database) };
}

/**
 * Examines the target without changing it.
 *
 * @throws BackupError `target-refused` when it is a system database of the server
 */
export async function examineTarget(server: Connection, target: string): Promise<TargetState> {
  if (isSystemDatabase(target)) {
    throw refused(target, `Database "${target}" belongs to the server itself.`);
  }
  const databases = await server.query('SHOW DATABASES');
  const there = databases.map((row) => Object.values(row)[0]).find((each) => sameName(each, target, server));
  if (typeof there !== 'string') return 'absent';
  const name = quoteText(there);
  if ((await findJournal(server, there)) !== undefined) return 'unfinished';
  const [tables, ...others] = await server.queryEach([
    `SELECT COUNT(*) AS things FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${name}`,
    // A server may be unable to show these lists, because its own tables are missing or damaged.
    `SELECT COUNT(*) AS things FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${name}`,
    `SELECT COUNT(*) AS things FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${name}`,
  ]);
  const counts = [rowsOf(tables), ...others.map((answer) => answer.rows ?? [])];
  return counts.every(([row]) => (row?.['things'] ?? '0') === '0') ? 'empty' : 'filled';
}

/**
 * Why nothing can be restored here, whatever the user's rights; undefined when the server can write tables of
 * InnoDB, or has no InnoDB. A server in rescue mode is only for copying from.
 */
export async function whyNotWritable(server: Connection): Promise<string | undefined> {
  const rows = await server.query(
    "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('innodb_read_only', 'innodb_force_recovery', 'version')",
  );
  const values = new Map(rows.map((row) => [row['Variable_name'], row['Value'] ?? '']));
  const recovery = Number(values.get('innodb_force_recovery') ?? 0);
  // In rescue mode (innodb_force_recovery) MySQL accepts no rows at all, MariaDB only in the lower levels.
  const highest = /mariadb/i.test(values.get('version') ?? '') ? 4 : 0;
  if (recovery > highest) {
    return `The server runs in a rescue mode in which InnoDB is read-only: start it without innodb_force_recovery (${recovery}).`;
  }
  return /^(?:on|1)$/i.test(values.get('innodb_read_only') ?? '')
    ? 'InnoDB is read-only on this server: start it without innodb_read_only.'
    : undefined;
}

/**
 * The comment of a database, as a literal; undefined without one. Only MariaDB since 10.5 has comments of
 * databases.
 *
 * @param createStatement - from the archive
 */
export function databaseComment(createStatement: string): string | undefined {
  const tokens = tokenise(createStatement).filter(({ kind }) => kind !== 'space');
  const at = tokens.findIndex(({ kind, text }) => kind === 'word' && /^comment$/i.test(text));
  const literal = tokens[tokens[at + 1]?.text === '=' ? at + 2 : at + 1];
  return at !== -1 && literal?.kind === 'text' ? literal.text : undefined;
}

/**
 * Creates the target as an empty database with the character set and the comment of the original.
 *
 * @param replace - whether the existing target may be dropped
 * @param comment - a literal
 * @throws BackupError `target-refused` when it is not empty or in use, or the server is read-only
 */
export async function makeTarget(
  server: Connection,
  target: string,
  description: Pick<DatabaseDescription, 'characterSet' | 'collation'>,
  replace: boolean,
  comment?: string,
): Promise<void> {
  const state = await examineTarget(server, target);
  const why = await whyNotWritable(server);
  if (why !== undefined) throw refused(target, why);
  if (state === 'filled' || state === 'unfinished') {
    if (!replace) {
      throw refused(
        target,
        state === 'filled'
          ? `Database "${target}" is not empty.`
          : `Database "${target}" holds an interrupted restore, which cannot be continued from this archive.`,
      );
    }
    await refuseWhenInUse(server, target);
  }
  for (const word of [description.characterSet, description.collation]) {
    if (!/^\w+$/.test(word))
      throw new BackupError(
        'archive-damaged',
        'The default character set or collation of the database is invalid.',
      );
  }
  const name = quoteName(target);
  try {
    if (state !== 'absent') await server.query(`DROP DATABASE ${name}`);
    await server.query(
      `CREATE DATABASE ${name} CHARACTER SET ${quoteName(description.characterSet)} COLLATE ${quoteName(description.collation)}` +
        (comment === undefined ? '' : ` COMMENT ${comment}`),
    );
  } catch (error) {
    if (!readOnlyErrnos.has(serverErrorNumber(error) ?? 0)) throw error;
    throw refused(target, 'The server is read-only, at least for this user: it may be a replica.', error);
  }
}

// --read-only or --super-read-only; read-only mode (K8).
const readOnlyErrnos: ReadonlySet<number> = new Set([1290, 1836]);

// A session that has ended remains in the server's list for a moment.
const listedMs = 1000;
// The last statement of a killed restore may be building the keys of a large table.
const lastStatementMs = 60_000;

/** A database in use must never be dropped, whatever the options say. */
async function refuseWhenInUse(server: Connection, target: string): Promise<void> {
  if (!(await seesOtherSessions(server))) throw refused(target, hiddenSessionsSentence(target));
  const others = await awaitSessions(server, target, listedMs);
  if (others === 0) return;
  throw refused(
    target,
    `Database "${target}" is in use: ${inWords(others)} in it. Close all programs first.`,
  );
}

/**
 * Waits until the server has ended the statements of an interrupted restore: a session without a client still
 * completes its last statement, which must not interfere with the work that follows.
 *
 * @throws BackupError `already-running`
 */
export async function awaitLastStatements(
  server: Connection,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const others = await awaitSessions(server, target, lastStatementMs, signal);
  if (others === 0) return;
  throw new BackupError(
    'already-running',
    `In database "${target}" ${inWords(others)}, perhaps running the last statement of the interrupted restore.`,
    { details: { database: target } },
  );
}

/** @returns how many sessions are still in the target after `timeout`, in milliseconds */
async function awaitSessions(
  server: Connection,
  target: string,
  timeout: number,
  signal?: AbortSignal,
): Promise<number> {
  const deadline = performance.now() + timeout;
  let others = await countSessions(server, target);
  while (others > 0 && performance.now() < deadline) {
    await delay(100, undefined, { signal });
    others = await countSessions(server, target);
  }
  return others;
}

/** Why a database that is not empty is not replaced by a user who cannot see other sessions (F11). */
export function hiddenSessionsSentence(target: string): string {
  return `The database user lacks PROCESS, so it is unknown whether other connections use database "${target}". Grant it, or drop the database by hand.`;
}

async function countSessions(server: Connection, target: string): Promise<number> {
  const rows = await server.query('SHOW PROCESSLIST');
  return rows.filter((row) => sameName(row['db'], target, server) && row['Command'] !== 'Killed').length;
}

function inWords(sessions: number): string {
  return sessions === 1 ? 'another connection works' : `${sessions} other connections work`;
}

function refused(target: string, sentence: string, cause?: unknown): BackupError {
  return new BackupError('target-refused', sentence, { cause, details: { database: target } });
}

// Seconds that the server gets to notice that the process of an earlier restore has ended.
const claimSeconds = 5;

/**
 * Prevents a second restore into the same target while this session exists.
 *
 * @throws BackupError `already-running`
 */
export async function claimTarget(server: Connection, target: string): Promise<void> {
  const name = claimName(server, target);
  const [row] = await server.query(`SELECT GET_LOCK('${name}', ${claimSeconds}) AS mine`);
  if (row?.['mine'] === '1') return;
  const [used] = await server.query(`SELECT IS_USED_LOCK('${name}') AS holder`);
  const holder = used?.['holder'] ?? undefined;
  throw new BackupError(
    'already-running',
    `Another restore into database "${target}" is still running${holder === undefined ? '' : `, over connection ${holder} of the server`}.`,
    { details: { database: target, connection: holder } },
  );
}
