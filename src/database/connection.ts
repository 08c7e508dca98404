import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createConnection, type Connection as MysqlConnection, type QueryError } from 'mysql2';
import { assertOptions } from '../arguments.js';
import { type DiagnosisFacts, diagnosis, millisecondsSince } from '../diagnosis.js';
import { isBackupError } from '../errors.js';
import type { DatabaseAddress } from './address.js';
import { checkAddress } from './check-address.js';
import { driverInternals, driverOf, noteDriver } from './driver-internals.js';
import { asBackupError, givenUp, unreachable } from './server-failures.js';
import { databaseNameOn } from './server-names.js';
import type { Connection, TextRow } from './session.js';
import { type ConfiguredSession, configureSession } from './session-settings.js';
import { sha2Logins } from './sha2-logins.js';
import { connectSocket, connectSocketForTls, hostSocket, watchSilence } from './sockets.js';
import { type Answer, StatementsCommand } from './statements.js';
import { withoutLiterals } from './without-literals.js';

export type { Connection, QueryOptions, StatementAnswer, TextRow } from './session.js';

/** Options of {@link openConnection}. */
export interface ConnectionOptions {
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the server may request local data, for LOAD DATA. @defaultValue false */
  readonly localInfile?: boolean | undefined;
  /**
   * Milliseconds of silence during a statement after which the connection counts as lost: a broken network
   * sends no notice (F3). Without it only TCP's own timeouts apply.
   */
  readonly inactivityTimeout?: number | undefined;
}

/**
 * Opens a session with known settings, whatever the server's are (S1, S4, S5, S6).
 *
 * @throws BackupError `database-unreachable`
 * @example
 * ```ts
 * const connection = await openConnection(database);
 * try {
 *   console.log((await readCatalog(connection)).tables.length, 'tables');
 * } finally {
 *   await connection.close();
 * }
 * ```
 */
export async function openConnection(
  address: DatabaseAddress,
  options: ConnectionOptions = {},
): Promise<Connection> {
  checkAddress(address);
  assertOptions(options, { localInfile: 'boolean?', inactivityTimeout: 'number?' });
  options.signal?.throwIfAborted();
  const password = await passwordOf(address);
  const socket = await socketOf(address);
  if (options.signal?.aborted === true) {
    socket?.destroy();
    throw options.signal.reason;
  }
  const driver: MysqlConnection = createConnection({
    ...(address.socketPath === undefined
      ? { host: address.host ?? '127.0.0.1', port: address.port ?? 3306 }
      : { socketPath: address.socketPath }),
    user: address.user,
    password,
    ...(address.database === undefined ? {} : { database: address.database }),
    // By default the driver accepts a valid certificate of any host.
    ...(address.tls === undefined ? {} : { ssl: { verifyIdentity: true, ...address.tls } }),
    authPlugins: {
      ...sha2Logins(address),
      // Few accounts use it, and its arithmetic takes as long to load as the rest of a connection.
      client_ed25519: () => async (challenge) =>
        (await import('./ed25519-login.js')).signEd25519Challenge(password, challenge),
    },
    charset: 'utf8mb4',
    connectTimeout: address.connectTimeout ?? connectTimeout,
    multipleStatements: false,
    // The row reader sends its own prepare command; the driver's cache of statements would take half a
    // megabyte.
    maxPreparedStatements: 1,
    // Statements that bypass the driver's own commands cannot send attributes.
    flags: ['-CLIENT_QUERY_ATTRIBUTES', options.localInfile === true ? '+LOCAL_FILES' : '-LOCAL_FILES'],
    typeCast: (field) => field.string('utf8'),
    stream: () =>
      socket ??
      (address.tls === undefined ? connectSocket(address, () => driver) : connectSocketForTls(address)),
  });
  // Without a listener a lost idle connection would end the process. The next statement reports the loss.
  driver.on('error', () => undefined);
  const connection = wrap(address, driver, { id: driver.threadId ?? 0, lowerCaseTableNames: 0 });
  const { signal } = options;
  let giveUp = (): void => undefined;
  const abandoned = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(signal?.reason);
  });
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    // An abort must not wait for a server that accepts the connection and stays silent. Its session is not
    // killed: until it is configured, the id in the greeting may be that of another session.
    return await Promise.race([abandoned, greetAndSettle(connection, options.inactivityTimeout)]);
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

async function passwordOf(address: DatabaseAddress): Promise<string> {
  const { password = '' } = address;
  if (typeof password === 'string') return password;
  try {
    const given = await password();
    if (typeof given === 'string') return given;
  } catch {
    // The error of the caller's function may hold a secret, so it is not passed on.
    throw unreachable(address, { code: 'NO_PASSWORD' });
  }
  throw new TypeError('"address.password" must return a string');
}

async function socketOf(address: DatabaseAddress): Promise<Socket | undefined> {
  if (address.connect === undefined) return undefined;
  let socket: Socket;
  try {
    socket = await address.connect();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw unreachable(address, { code: typeof code === 'string' ? code : 'NO_TUNNEL' });
  }
  if (!(socket instanceof Socket)) throw new TypeError('"address.connect" must return a socket of node:net');
  return hostSocket(socket, address);
}

/** Milliseconds. */
const connectTimeout = 10_000;
/** Timeout of the first replies after the login, as a multiple of that of the login. */
const firstAnswers = 3;

async function greetAndSettle(
  connection: Connection,
  inactivityTimeout: number | undefined,
): Promise<Connection> {
  const { address } = connection;
  const driver = driverOf(connection);
  await new Promise<void>((resolve, reject) => {
    driver.connect((error: QueryError | null) => {
      if (error === null) resolve();
      else reject(unreachable(address, error));
    });
  });
  if (inactivityTimeout !== undefined) watchSilence(driver, inactivityTimeout);
  // A server that accepts the login and then stays silent would block a night for ever.
  const answerTimeout = firstAnswers * (address.connectTimeout ?? connectTimeout);
  let silent: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_resolve, reject) => {
    silent = setTimeout(() => reject(unreachable(address, { code: 'NO_ANSWER_AFTER_LOGIN' })), answerTimeout);
  });
  try {
    return await Promise.race([silence, prepareSession(connection)]);
  } finally {
    clearTimeout(silent);
  }
}

async function prepareSession(connection: Connection): Promise<Connection> {
  const { address } = connection;
  const driver = driverOf(connection);
  const session = await configureSession(connection);
  const wrapped = wrap(address, driver, session);
  const { database } = address;
  if (database === undefined || !wrapped.foldsNames) return wrapped;
  return wrap({ ...address, database: await databaseNameOn(wrapped, database) }, driver, session);
}

// Milliseconds that sessions get to end, and the server to reply.
const noticedMs = 2000;
// Milliseconds after which the server has surely closed the sockets of sessions that it killed.
const closedMs = 100;

/**
 * Ends sessions whose connections were destroyed, with their statements, locks and snapshots: closing a
 * connection does not stop the server's work. Gives them two seconds to end; those that remain are killed,
 * without waiting. Never rejects; a session that has ended already is no error.
 *
 * First `KILL QUERY` ends their statements, so that each session notices its closed connection. `KILL` is
 * only for those that do not. MySQL 5.6 closes the socket of a killed session, which may then wait on the
 * next connection that gets the same file descriptor: the session remains for hours with its locks, and reads
 * what another client sends. So no connection is opened here for a moment.
 *
 * The time that the server takes to reply does not count: when two clients end one `SLEEP` at once, MariaDB
 * holds the lock that the sleeping session needs to end, for two seconds (`THD::abort_current_cond_wait`).
 */
export async function endSessions(address: DatabaseAddress, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  try {
    const connection = await openConnection(
      { ...address, connectTimeout: noticedMs },
      { inactivityTimeout: noticedMs },
    );
    try {
      let left = ids;
      let waited = 0;
      for (let pause = 5; left.length > 0 && waited < noticedMs; pause = Math.min(2 * pause, 100)) {
        const answers = await connection.queryEach(left.map((id) => `KILL QUERY ${id}`));
        // A session that the server refuses to kill has ended already, or belongs to another user.
        left = left.filter((_, i) => answers[i] !== undefined && !('error' in answers[i]));
        if (left.length > 0) await delay(pause);
        waited += pause;
      }
      await connection.queryEach(left.map((id) => `KILL ${id}`));
      if (left.length > 0) await delay(closedMs);
    } finally {
      await connection.close();
    }
  } catch {
    // A server that accepts no new connection is shutting down or full; the sessions end with their
    // statements.
  }
}

/** Logs each statement, when its result is there, to the debug channel. */
function tellStatements(
  session: number,
  statements: readonly string[],
  asked: Promise<readonly unknown[]>,
): void {
  const start = performance.now();
  const tell = (outcome: DiagnosisFacts): void => {
    const milliseconds = millisecondsSince(start);
    for (const sql of statements) {
      diagnosis.sql.tell(withoutLiterals(sql), { session, milliseconds, ...outcome });
    }
  };
  asked.then(
    ({ length }) => tell(statements.length === 1 ? { rows: length } : { together: statements.length }),
    (error: unknown) => tell({ failure: isBackupError(error) ? error.code : 'given up' }),
  );
}

function wrap(
  address: DatabaseAddress,
  driver: MysqlConnection,
  { id, lowerCaseTableNames }: ConfiguredSession,
): Connection {
  // The driver's own destroy() only sends COM_QUIT, which a server does not read while it sends a result.
  let destroyed = false;
  // On destroy the driver drops pending commands without calling back, so their promises are rejected here.
  const pending = new Set<() => void>();
  const destroy = () => {
    destroyed = true;
    driver.destroy();
    driverInternals(driver).stream.destroy();
    for (const giveUp of pending) giveUp();
    pending.clear();
  };
  /** Runs a command of the driver. `signal` ends the session, on the server too. */
  const stoppable = <Result extends object>(
    signal: AbortSignal | undefined,
    run: (end: (outcome: Error | Result) => void) => void,
  ): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const giveUp = () => {
        signal?.removeEventListener('abort', abort);
        reject(givenUp());
      };
      const abort = () => {
        pending.delete(giveUp);
        reject(signal?.reason);
        destroy();
        void endSessions(address, [id]);
      };
      signal?.addEventListener('abort', abort, { once: true });
      pending.add(giveUp);
      run((outcome) => {
        signal?.removeEventListener('abort', abort);
        pending.delete(giveUp);
        if (outcome instanceof Error) reject(asBackupError(outcome));
        else resolve(outcome);
      });
    });
  const connection: Connection = {
    address,
    id,
    lowerCaseTableNames,
    foldsNames: lowerCaseTableNames !== 0,
    get lost() {
      return !destroyed && driverInternals(driver).stream.destroyed;
    },
    query(sql, options) {
      const asked = stoppable<readonly TextRow[]>(options?.signal, (end) => {
        driver.query(sql, (error: QueryError | null, rows: unknown) => {
          end(error ?? (Array.isArray(rows) ? (rows as TextRow[]) : []));
        });
      });
      if (diagnosis.sql.isOn) tellStatements(id, [sql], asked);
      return asked;
    },
    async queryEach(statements, options) {
      if (statements.length === 0) return [];
      const asked = stoppable<readonly Answer[]>(options?.signal, (end) => {
        driverInternals(driver).addCommand(new StatementsCommand(statements, end));
      });
      if (diagnosis.sql.isOn) tellStatements(id, statements, asked);
      const answers = await asked;
      return answers.map((answer) => ('error' in answer ? { error: asBackupError(answer.error) } : answer));
    },
    close() {
      return new Promise<void>((resolve) => {
        if (destroyed || driverInternals(driver).stream.destroyed) {
          resolve();
          return;
        }
        const giveUp = setTimeout(() => {
          destroy();
          resolve();
        }, 2000);
        driver.end(() => {
          clearTimeout(giveUp);
          resolve();
        });
      });
    },
    destroy,
    [Symbol.asyncDispose]: () => connection.close(),
  };
  noteDriver(connection, driver);
  return connection;
}
