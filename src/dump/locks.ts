import { type Connection, endSessions } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { lostAtTable } from '../database/lost-at-table.js';
import { serverErrorNumber, sessionReplaced } from '../database/server-failures.js';
import { rowsOf, type StatementAnswer } from '../database/statements.js';
import { BackupError, isBackupError } from '../errors.js';
import { settleReader } from './reader-session.js';
import { innodbStandsStill } from './rescue-mode.js';
import type { SnapshotEvent } from './snapshot.js';
import type { SnapshotPlan } from './strategy.js';

/** How long to wait for locks, and how long others may wait for ours. */
export interface LockPatience {
  /** Seconds to wait for locks before letting go: meanwhile those granted already hold others up. */
  readonly grantSeconds: number;
  /** Milliseconds of pause before each further attempt; as many attempts as there are pauses, and one. */
  readonly pausesMs: readonly number[];
  /**
   * Seconds that somebody may wait for our locks before they are let go and the run is given up. Where the login cannot
   * see who waits, somebody might from the first moment on, and the locks are held no longer than this.
   */
  readonly othersWaitSeconds: number;
}

/** The patience of a night. */
export const lockPatience: LockPatience = {
  grantSeconds: 5,
  pausesMs: [2000, 5000, 15_000, 60_000],
  othersWaitSeconds: 120,
};

/** What a lock taker works with. */
export interface LockTakerOptions {
  readonly connect: () => Promise<Connection>;
  readonly schema: Connection;
  readonly patience: LockPatience;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: SnapshotEvent) => void) | undefined;
  /** Whether the sessions of others cannot be seen (F11). */
  readonly isBlind: boolean;
}

/** The moment of the picture. */
export interface Picture {
  readonly takenAt: Date;
  readonly position: Readonly<Record<string, string>> | undefined;
  /** Tables with snapshots that had rows at that moment. */
  readonly withRows: ReadonlySet<string>;
}

/** Where the reading sessions go back to after each table, to let go of its definition but not of the snapshot. */
export const savepoint = 'picture';

/**
 * Takes read locks and opens snapshots under them, and watches that nobody waits too long.
 *
 * Locks are held by sessions of their own: a transaction would end them (K4). Readers then read past waiting writers
 * with HIGH_PRIORITY, which cannot write before our locks end.
 */
export class LockTaker {
  readonly #options: LockTakerOptions;
  readonly #abort: AbortController = new AbortController();
  #holder: Connection | undefined;
  #lockedAt: number | undefined;
  #lockedMs = 0;
  #watch: NodeJS.Timeout | undefined;

  constructor(options: LockTakerOptions) {
    this.#options = options;
  }

  /** Whether read locks are held. */
  get held(): boolean {
    return this.#holder !== undefined;
  }

  /** Aborted when the picture is lost. */
  get broken(): AbortSignal {
    return this.#abort.signal;
  }

  /** Seconds during which somebody could not write, so far. */
  seconds(): number {
    const open = this.#lockedAt === undefined ? 0 : performance.now() - this.#lockedAt;
    return Math.round(this.#lockedMs + open) / 1000;
  }

  /**
   * Takes the picture.
   *
   * @throws BackupError `lock-not-granted`, `privilege-missing`
   */
  async take(plan: SnapshotPlan, readers: readonly Connection[]): Promise<Picture> {
    const { connect, schema } = this.#options;
    const needsLocks = plan.lockBriefly.length + plan.lockWhileReading.length > 0;
    const { grantSeconds } = this.#options.patience;
    await Promise.all(readers.map((reader) => settleReader(reader, grantSeconds)));
    if (needsLocks) this.#lockedAt = performance.now();
    let gate: Connection | undefined;
    try {
      if (plan.lockBriefly.length > 0) {
        gate = await connect();
        // With autocommit InnoDB would grant the lock while a change is still uncommitted, and it could come in between.
        await gate.query('SET SESSION autocommit = 0');
        await this.#lock(gate, plan.lockBriefly);
      }
      if (plan.lockWhileReading.length > 0) {
        const holder = await connect();
        await this.#lock(holder, plan.lockWhileReading);
        this.#holder = holder;
      }
      if (plan.openSnapshots) await Promise.all(readers.map(openInnodbSnapshot));
      const takenAt = new Date();
      const position = await readPosition(schema);
      const withRows = plan.openSnapshots
        ? await findTablesWithRows(readers[0]!, plan.tablesWithSnapshots)
        : new Set<string>();
      if (gate !== undefined) {
        await gate.query('UNLOCK TABLES');
        await gate.close();
      }
      if (this.#holder === undefined) this.#stopClock();
      else this.#watchOthers(readers);
      return { takenAt, position, withRows };
    } catch (error) {
      this.#stopClock();
      throw error;
    }
  }

  /** Lets go of the locks. @throws BackupError when the session that held them is gone, and so was the picture */
  async release(): Promise<void> {
    const holder = this.#holder;
    if (holder === undefined) return;
    this.#holder = undefined;
    this.stopWatching();
    // A proxy that gives our words to another session may have ended this one, and its locks, long before.
    const [row] = await holder.query('SELECT CONNECTION_ID() AS id');
    if (Number(row?.['id']) !== holder.id) throw sessionReplaced();
    await holder.query('UNLOCK TABLES');
    this.#stopClock();
    this.#options.onEvent?.({ kind: 'unlocked', lockSeconds: this.seconds() });
    await holder.close();
  }

  stopWatching(): void {
    clearInterval(this.#watch);
  }

  #stopClock(): void {
    if (this.#lockedAt !== undefined) this.#lockedMs += performance.now() - this.#lockedAt;
    this.#lockedAt = undefined;
  }

  async #lock(connection: Connection, tables: readonly string[]): Promise<void> {
    const { grantSeconds } = this.#options.patience;
    await connection.query(`SET SESSION lock_wait_timeout = ${grantSeconds}`);
    // A server without InnoDB does not know this one.
    await connection.queryEach([`SET SESSION innodb_lock_wait_timeout = ${grantSeconds}`]);
    const list = tables.map((table) => `${quoteName(table)} READ`).join(', ');
    // The server's limit is per table; this one is for all of them together.
    const { signal } = this.#options;
    const late = AbortSignal.timeout(grantSeconds * 1000);
    try {
      await connection.query(`LOCK TABLES ${list}`, {
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
    } catch (error) {
      // What was granted of them holds others up until the session is gone, and the next attempt comes behind this one.
      if (late.aborted) await endSessions(connection.address, [connection.id]);
      // A table that is locked is open, with all its files (F14).
      const errno = serverErrorNumber(error);
      if (isOutOfFiles(error)) {
        throw new BackupError(
          'database-query-failed',
          `The server may not open the files of ${tables.length} tables at the same time: its open_files_limit is too low.`,
          { cause: error, details: { errno, tables: tables.length } },
        );
      }
      if (!late.aborted && errno !== 1205) throw error;
      throw new BackupError(
        'lock-not-granted',
        `The read locks were not granted within ${grantSeconds} seconds.`,
        { cause: error, details: { tables: tables.length, seconds: grantSeconds } },
      );
    }
  }

  #watchOthers(readers: readonly Connection[]): void {
    const { schema, patience, isBlind } = this.#options;
    if (isBlind) {
      this.#watch = setTimeout(() => {
        if (this.#holder !== undefined) this.#letGo(patience.othersWaitSeconds).catch(() => undefined);
      }, patience.othersWaitSeconds * 1000);
      this.#watch.unref();
      return;
    }
    const ours = [...readers, schema, this.#holder!].map((connection) => connection.id).join(', ');
    const question =
      'SELECT MAX(TIME) AS seconds FROM information_schema.PROCESSLIST' +
      ` WHERE DB = DATABASE() AND STATE LIKE 'Waiting for table%' AND ID NOT IN (${ours})`;
    let asking = false;
    const ask = async () => {
      if (asking) return;
      asking = true;
      try {
        const [row] = await schema.query(question);
        const seconds = Number(row?.['seconds'] ?? 0);
        if (seconds < patience.othersWaitSeconds || this.#holder === undefined) return;
        await this.#letGo(seconds);
      } catch {
        // A lost connection shows in the reading itself.
      } finally {
        asking = false;
      }
    };
    this.#watch = setInterval(() => void ask(), Math.min(1000, (patience.othersWaitSeconds * 1000) / 4));
    this.#watch.unref();
  }

  async #letGo(seconds: number): Promise<void> {
    this.#abort.abort(
      this.#options.isBlind
        ? new BackupError(
            'lock-not-granted',
            `The tables were still being read after ${seconds} seconds, and the database user may not see whether somebody waits to write. GRANT PROCESS ON *.* lets it see.`,
            { details: { seconds, missing: ['PROCESS'] } },
          )
        : new BackupError(
            'lock-not-granted',
            `Somebody had waited ${seconds} seconds to write when the tables were still being read.`,
            { details: { seconds } },
          ),
    );
    await this.release();
  }
}

function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof BackupError)) return false;
  const { errno, engineErrno } = error.details;
  // The server's own number for it, and the system's.
  return errno === 23 || engineErrno === 24;
}

/** Opens a snapshot and makes sure that it is one (K1). */
async function openInnodbSnapshot(connection: Connection): Promise<void> {
  await connection.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  // The list still holds what the settling of the session left there, about variables this server does not know.
  const warnings = (await connection.query('SHOW WARNINGS')).filter((row) => row['Code'] !== '1193');
  if (warnings.length > 0 && !(await innodbStandsStill(connection))) {
    throw new BackupError(
      'database-query-failed',
      'The database server did not open a consistent snapshot.',
      { details: { serverCodes: warnings.map((row) => row['Code'] ?? '') } },
    );
  }
  await connection.query(`SAVEPOINT ${savepoint}`);
}

/**
 * Which tables have rows in the snapshot: some servers show a table that was truncated later as an empty one, and do not
 * say so (K6). Each is asked for by a statement of its own, so that a refusal, and a server that goes down, has the name of
 * its table (F10).
 */
async function findTablesWithRows(
  connection: Connection,
  tables: readonly string[],
): Promise<ReadonlySet<string>> {
  const answers = await connection.queryEach(
    tables.map((table) => `SELECT EXISTS(SELECT 1 FROM ${quoteName(table)}) AS has_rows`),
  );
  const found = new Set(tables.filter((table, i) => hasRows(answers[i], table)));
  await connection.query(`ROLLBACK TO SAVEPOINT ${savepoint}`);
  return found;
}

function hasRows(answer: StatementAnswer | undefined, table: string): boolean {
  const error = answer?.error;
  if (error === undefined) return rowsOf(answer)[0]?.['has_rows'] === '1';
  // A damaged table is met again when its rows are read, by those who know what to do about it.
  if (isBackupError(error, 'table-damaged')) return false;
  if (isBackupError(error, 'database-connection-lost')) throw lostAtTable(error, table);
  if (serverErrorNumber(error) === undefined) throw error;
  const { code, details } = error as BackupError;
  throw new BackupError(code, `Table "${table}" cannot be read (${details['errno']}).`, {
    cause: error,
    details: { ...details, table },
  });
}

/** Binary log file, position and GTID set; undefined without a log or without the privilege to see it (K7). */
async function readPosition(connection: Connection): Promise<Readonly<Record<string, string>> | undefined> {
  for (const sql of ['SHOW MASTER STATUS', 'SHOW BINARY LOG STATUS']) {
    try {
      const [row] = await connection.query(sql);
      if (row === undefined) return undefined;
      const position: Record<string, string> = {};
      if (row['File']) position['file'] = row['File'];
      if (row['Position']) position['position'] = row['Position'];
      if (row['Executed_Gtid_Set']) position['gtid'] = row['Executed_Gtid_Set'];
      return position;
    } catch (error) {
      if (serverErrorNumber(error) === undefined) throw error;
    }
  }
  return undefined;
}
