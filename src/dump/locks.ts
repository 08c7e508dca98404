import { type Connection, endSessions } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { serverErrorNumber, sessionReplaced } from '../database/server-failures.js';
import { BackupError } from '../errors.js';
import type { SnapshotEvent } from './events.js';
import {
  findTablesWithRows,
  openInnodbSnapshot,
  readPosition,
  rollbackToSnapshot,
  type SnapshotMoment,
} from './innodb-snapshot.js';
import type { LockPlan, LockSet } from './lock-sets.js';
import { configureLocker, configureReader } from './reader-session.js';
import type { SnapshotPlan } from './strategy.js';
import { WaitingWatch } from './watch-waiting.js';

/** How long to wait for locks, and how long other sessions may wait for ours. */
export interface LockTimeouts {
  /** Seconds to wait for all locks. Meanwhile the ones already granted block other sessions. */
  readonly grantSeconds: number;
  /** Milliseconds of pause before each further attempt; there is one attempt more than pauses. */
  readonly pausesMs: readonly number[];
  /**
   * Seconds that another session may wait for our locks before they are released and the run fails. If the
   * user cannot see whether sessions wait, one might do so from the start, so the locks are held no longer
   * than this. The same limit applies when a table that is about to be read is locked by another session.
   */
  readonly othersWaitSeconds: number;
}

/** Some of {@link LockTimeouts}; the others have their defaults. */
export type LockTimeoutOptions = { readonly [Name in keyof LockTimeouts]?: LockTimeouts[Name] | undefined };

/** The defaults. */
export const lockTimeouts: LockTimeouts = {
  grantSeconds: 5,
  pausesMs: [2000, 5000, 15_000, 60_000],
  othersWaitSeconds: 120,
};

/** Tables under read locks, and the session that holds them. Only that session reads the tables. */
export interface LockedTables {
  /** The session that holds the locks. */
  readonly session: Connection;
  /** Names of the tables to read in the session. */
  readonly tables: readonly string[];
  /**
   * Releases the locks and ends the session; has no effect when called again.
   *
   * @throws BackupError `database-connection-lost` when the session was lost, and the snapshot with it;
   *   `lock-not-granted` when the locks were released before
   */
  release(): Promise<void>;
}

/** Options of {@link LockTaker}. */
export interface LockTakerOptions {
  /** Opens a session, which is closed with all the others. */
  readonly connect: () => Promise<Connection>;
  /** Opens the session of the watch, which the lock taker closes. */
  readonly connectWatch: () => Promise<Connection>;
  /** Ids of all our sessions. */
  readonly ours: () => readonly number[];
  readonly schema: Connection;
  readonly timeouts: LockTimeouts;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: SnapshotEvent) => void) | undefined;
  /** Whether other users' sessions cannot be seen (F11). */
  readonly isBlind: boolean;
}

/** Sessions that are already open. */
export interface OpenedSessions {
  /** For tables without locks. */
  readonly readers: readonly Connection[];
  /** For holding locks. */
  readonly lockers: readonly Connection[];
}

/**
 * Takes read locks, opens snapshots under them, and watches how long other sessions wait.
 *
 * The sessions that hold locks have no snapshot: starting a transaction releases table locks (K4).
 */
export class LockTaker {
  readonly #options: LockTakerOptions;
  readonly #abort: AbortController = new AbortController();
  readonly #watch: WaitingWatch;
  readonly #held: Set<Connection> = new Set();
  #locked: readonly LockedTables[] = [];
  #lockedAt: number | undefined;
  #lockedMs = 0;
  #ending: Promise<void> | undefined;

  constructor(options: LockTakerOptions) {
    this.#options = options;
    this.#watch = new WaitingWatch({
      open: options.isBlind ? undefined : options.connectWatch,
      ours: options.ours,
      limitSeconds: options.timeouts.othersWaitSeconds,
      onLimit: (found) => this.#giveUp(found),
    });
  }

  /** Whether read locks are held. */
  get held(): boolean {
    return this.#held.size > 0;
  }

  /** The tables that are to be read under locks. */
  get locked(): readonly LockedTables[] {
    return this.#locked;
  }

  /** Aborted when the snapshot is lost. */
  get broken(): AbortSignal {
    return this.#abort.signal;
  }

  /** Seconds so far during which some table could not be written. */
  seconds(): number {
    const open = this.#lockedAt === undefined ? 0 : performance.now() - this.#lockedAt;
    return Math.round(this.#lockedMs + open) / 1000;
  }

  /**
   * Takes the snapshot: all locks first, then the transactions of InnoDB.
   *
   * @throws BackupError `lock-not-granted`, `privilege-missing`
   */
  async take(plan: SnapshotPlan, locks: LockPlan, sessions: OpenedSessions): Promise<SnapshotMoment> {
    const { connect, schema, timeouts } = this.#options;
    const { readers, lockers } = sessions;
    const { gate, sets } = locks;
    const all = sets.reduce((sum, { lock }) => sum + lock.length, gate?.lock.length ?? 0);
    // Everything slow is done before the first lock.
    const [gateSession] = await Promise.all([
      gate === undefined ? undefined : connect().then((session) => configureLocker(session, gate, timeouts)),
      ...readers.map((reader) => configureReader(reader, timeouts.othersWaitSeconds)),
      ...sets.map(async (set, i) => {
        await configureReader(lockers[i]!, timeouts.othersWaitSeconds);
        await configureLocker(lockers[i]!, set, timeouts);
      }),
      sets.length === 0 ? undefined : this.#watch.open(),
    ]);
    try {
      if (gate !== undefined || sets.length > 0) this.#lockedAt = performance.now();
      const late = AbortSignal.timeout(timeouts.grantSeconds * 1000);
      if (gateSession !== undefined) await this.#lock(gateSession, gate!.lock, { late, all });
      for (const [i, set] of sets.entries()) {
        await this.#lock(lockers[i]!, set.lock, { late, all });
        this.#held.add(lockers[i]!);
      }
      if (sets.length > 0) this.#watch.start();
      this.#locked = sets.map((set, i) => this.#lockedTables(set, lockers[i]!));
      if (plan.openSnapshots) await Promise.all(readers.map(openInnodbSnapshot));
      const takenAt = new Date();
      const position = await readPosition(schema);
      const withRows = await this.#tablesWithRows(plan, gateSession ?? lockers[0], readers);
      if (gateSession !== undefined) {
        await gateSession.query('UNLOCK TABLES');
        await gateSession.close();
      }
      if (!this.held) this.#stopClock();
      return { takenAt, position, withRows };
    } catch (error) {
      this.#watch.stop();
      this.#held.clear();
      this.#stopClock();
      throw this.broken.aborted ? this.broken.reason : error;
    }
  }

  /** Releases all locks. @throws what {@link LockedTables.release} throws */
  async release(): Promise<void> {
    await Promise.all(this.#locked.map((each) => each.release()));
  }

  /** Ends the watch; never rejects. */
  async close(): Promise<void> {
    await this.#watch.close();
    await this.#ending;
  }

  #lockedTables({ read }: LockSet, session: Connection): LockedTables {
    let released: Promise<void> | undefined;
    return {
      session,
      tables: read,
      release: () => {
        released ??= this.#release(session);
        return released;
      },
    };
  }

  async #release(session: Connection): Promise<void> {
    this.broken.throwIfAborted();
    // The locks may be released meanwhile, which ends this session: it would never reply.
    const options = { signal: this.broken };
    // A proxy that runs our statements in another session may have ended this one, and its locks, long ago.
    const [row] = await session.query('SELECT CONNECTION_ID() AS id', options);
    if (Number(row?.['id']) !== session.id) throw sessionReplaced();
    await session.query('UNLOCK TABLES', options);
    this.#held.delete(session);
    if (!this.held) {
      this.#watch.stop();
      this.#allReleased();
    }
    await session.close();
  }

  #allReleased(): void {
    this.#stopClock();
    this.#options.onEvent?.({ kind: 'unlocked', lockSeconds: this.seconds() });
  }

  #stopClock(): void {
    if (this.#lockedAt !== undefined) this.#lockedMs += performance.now() - this.#lockedAt;
    this.#lockedAt = undefined;
  }

  /** Queried in the session with the locks: any other could queue behind a session that waits for them. */
  async #tablesWithRows(
    plan: SnapshotPlan,
    locker: Connection | undefined,
    [reader]: readonly Connection[],
  ): Promise<ReadonlySet<string>> {
    if (!plan.openSnapshots) return new Set();
    const { tablesWithSnapshots } = plan;
    if (locker !== undefined) return findTablesWithRows(locker, tablesWithSnapshots, this.broken);
    const found = await findTablesWithRows(reader!, tablesWithSnapshots, this.broken);
    await reader!.query(rollbackToSnapshot);
    return found;
  }

  async #lock(
    session: Connection,
    tables: readonly string[],
    { late, all }: { readonly late: AbortSignal; readonly all: number },
  ): Promise<void> {
    const { grantSeconds } = this.#options.timeouts;
    const list = tables.map((table) => `${quoteName(table)} READ`).join(', ');
    // The server's timeout is per table; this one is for all of them.
    const { signal } = this.#options;
    try {
      await session.query(`LOCK TABLES ${list}`, {
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
    } catch (error) {
      // Locks that were granted block other sessions until this session has ended, and would delay the next
      // attempt.
      if (late.aborted) await this.#endAll([session, ...this.#held]);
      // A locked table has all its files open (F14).
      const errno = serverErrorNumber(error);
      if (isOutOfFiles(error)) {
        throw new BackupError(
          'database-query-failed',
          `The server may not open the files of ${all} tables at the same time: its open_files_limit is too low.`,
          { cause: error, details: { errno, tables: all } },
        );
      }
      // Timeout, or deadlock.
      if (!late.aborted && errno !== 1205 && errno !== 1213) throw error;
      throw new BackupError(
        'lock-not-granted',
        `The read locks were not granted within ${grantSeconds} seconds.`,
        { cause: error, details: { tables: all, seconds: grantSeconds } },
      );
    }
  }

  /**
   * The sessions may be in the middle of a table whose rows nobody reads any more, so they are killed from
   * another session.
   */
  #giveUp({ seconds, seen }: { readonly seconds: number; readonly seen: boolean }): void {
    if (!this.held) return;
    this.#abort.abort(this.#whyReleased(seconds, seen));
    const sessions = [...this.#held];
    this.#held.clear();
    this.#ending = this.#endAll(sessions).then(() => this.#allReleased());
  }

  async #endAll(sessions: readonly Connection[]): Promise<void> {
    for (const session of sessions) session.destroy();
    await endSessions(
      this.#options.schema.address,
      sessions.map(({ id }) => id),
    );
  }

  #whyReleased(seconds: number, seen: boolean): BackupError {
    if (this.#options.isBlind) {
      return new BackupError(
        'lock-not-granted',
        `The tables were still being read after ${seconds} seconds, and the database user may not see whether another session is waiting to write. GRANT PROCESS ON *.* lets it see that.`,
        { details: { seconds, missing: ['PROCESS'] } },
      );
    }
    return new BackupError(
      'lock-not-granted',
      seen
        ? `Another session had waited ${seconds} seconds to write while the tables were still being read.`
        : `The tables were still being read ${seconds} seconds after the server last said whether another session is waiting to write.`,
      { details: { seconds } },
    );
  }
}

function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof BackupError)) return false;
  const { errno, engineErrno } = error.details;
  // EE_OUT_OF_FILERESOURCES of the server, and EMFILE of the operating system.
  return errno === 23 || engineErrno === 24;
}
