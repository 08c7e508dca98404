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

/** How long to wait for locks, and how long others may wait for ours. */
export interface LockTimeouts {
  /** Seconds to wait for locks before letting go: meanwhile those granted already hold others up. */
  readonly grantSeconds: number;
  /** Milliseconds of pause before each further attempt; as many attempts as there are pauses, and one. */
  readonly pausesMs: readonly number[];
  /**
   * Seconds that somebody may wait for our locks before they are let go and the run is given up. Where the
   * login cannot see who waits, somebody might from the first moment on, and the locks are held no longer
   * than this. As long is waited for a table that somebody else has locked when it is about to be read.
   */
  readonly othersWaitSeconds: number;
}

/** {@link LockTimeouts} as far as one wants another one. */
export type LockTimeoutOptions = { readonly [Name in keyof LockTimeouts]?: LockTimeouts[Name] | undefined };

/** What a night uses. */
export const lockTimeouts: LockTimeouts = {
  grantSeconds: 5,
  pausesMs: [2000, 5000, 15_000, 60_000],
  othersWaitSeconds: 120,
};

/** Tables under read locks, and the session that holds those. The tables are read in it, and in no other. */
export interface LockedTables {
  /** The session that holds the locks. */
  readonly session: Connection;
  /** Names of the tables to read in the session. */
  readonly tables: readonly string[];
  /**
   * Lets go of the locks and ends the session; without effect when that was done before.
   *
   * @throws BackupError `database-connection-lost` when the session is gone, and so was the snapshot;
   *   `lock-not-granted` when the locks were given up before
   */
  release(): Promise<void>;
}

/** What a lock taker works with. */
export interface LockTakerOptions {
  /** Opens a session, which is closed with all the others. */
  readonly connect: () => Promise<Connection>;
  /** Opens a session to watch from, which the lock taker closes. */
  readonly connectWatch: () => Promise<Connection>;
  /** Numbers of all our sessions. */
  readonly ours: () => readonly number[];
  readonly schema: Connection;
  readonly timeouts: LockTimeouts;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: SnapshotEvent) => void) | undefined;
  /** Whether the sessions of others cannot be seen (F11). */
  readonly isBlind: boolean;
}

/** Sessions that are open already. */
export interface OpenedSessions {
  /** They read what no lock holds. */
  readonly readers: readonly Connection[];
  /** They are to hold locks. */
  readonly lockers: readonly Connection[];
}

/**
 * Takes read locks and opens snapshots under them, and watches that nobody waits too long.
 *
 * Locks are held by sessions without snapshots: a transaction would end them (K4).
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

  /** Seconds during which somebody could not write, so far. */
  seconds(): number {
    const open = this.#lockedAt === undefined ? 0 : performance.now() - this.#lockedAt;
    return Math.round(this.#lockedMs + open) / 1000;
  }

  /**
   * Takes the snapshot: all locks, and then the transactions of InnoDB.
   *
   * @throws BackupError `lock-not-granted`, `privilege-missing`
   */
  async take(plan: SnapshotPlan, locks: LockPlan, sessions: OpenedSessions): Promise<SnapshotMoment> {
    const { connect, schema, timeouts } = this.#options;
    const { readers, lockers } = sessions;
    const { gate, sets } = locks;
    const all = sets.reduce((sum, { lock }) => sum + lock.length, gate?.lock.length ?? 0);
    // Everything that takes time is done before the first lock.
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

  /** Lets go of all locks. @throws what {@link LockedTables.release} throws */
  async release(): Promise<void> {
    await Promise.all(this.#locked.map((each) => each.release()));
  }

  /** Ends the watching; never rejects. */
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
    // The locks may be given up meanwhile; a session that was ended for that would never answer.
    const options = { signal: this.broken };
    // A proxy that gives our words to another session may have ended this one, and its locks, long before.
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

  /** Asked where the locks are: any other session could wait behind whoever waits for those. */
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
    // The server's limit is per table; this one is for all of them together.
    const { signal } = this.#options;
    try {
      await session.query(`LOCK TABLES ${list}`, {
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
    } catch (error) {
      // What was granted of them holds others up until the session is gone, and the next attempt comes behind
      // this one.
      if (late.aborted) await this.#endAll([session, ...this.#held]);
      // A table that is locked is open, with all its files (F14).
      const errno = serverErrorNumber(error);
      if (isOutOfFiles(error)) {
        throw new BackupError(
          'database-query-failed',
          `The server may not open the files of ${all} tables at the same time: its open_files_limit is too low.`,
          { cause: error, details: { errno, tables: all } },
        );
      }
      // Waited for too long, or in a circle.
      if (!late.aborted && errno !== 1205 && errno !== 1213) throw error;
      throw new BackupError(
        'lock-not-granted',
        `The read locks were not granted within ${grantSeconds} seconds.`,
        { cause: error, details: { tables: all, seconds: grantSeconds } },
      );
    }
  }

  /**
   * The sessions may be in the middle of a table, with nobody who takes its rows: they are ended from
   * outside.
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
        `The tables were still being read after ${seconds} seconds, and the database user may not see whether somebody waits to write. GRANT PROCESS ON *.* lets it see.`,
        { details: { seconds, missing: ['PROCESS'] } },
      );
    }
    return new BackupError(
      'lock-not-granted',
      seen
        ? `Somebody had waited ${seconds} seconds to write when the tables were still being read.`
        : `The tables were still being read ${seconds} seconds after the server last said whether somebody waits to write.`,
      { details: { seconds } },
    );
  }
}

function isOutOfFiles(error: unknown): boolean {
  if (!(error instanceof BackupError)) return false;
  const { errno, engineErrno } = error.details;
  // The server's own number for it, and the system's.
  return errno === 23 || engineErrno === 24;
}
