import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { createConnection, type Connection as MysqlConnection, type QueryError } from 'mysql2';
import { BackupError, type BackupErrorCode } from '../errors.js';
import type { DatabaseAddress } from './address.js';
import { driverInternals } from './driver-internals.js';
import { signEd25519Challenge } from './ed25519-login.js';
import { type Answer, StatementsCommand } from './statements.js';

/** A row of a question about the schema: every value as text, NULL as null. Table rows never travel this way. */
export type TextRow = Readonly<Record<string, string | null>>;

/** One session on the server. It is never replaced behind its owner's back: a lost one fails (S9). */
export interface Connection {
  readonly address: DatabaseAddress;
  /** `CONNECTION_ID()`. */
  readonly id: number;
  /**
   * Runs one statement and collects its rows as text.
   *
   * @throws BackupError `database-…` or `privilege-missing`; the message holds the server's error number, never a value
   */
  query(sql: string, options?: QueryOptions): Promise<readonly TextRow[]>;
  /**
   * Sends several statements together, and collects what comes of each: many small questions then cost little more than one.
   * One that fails does not keep the others from being run.
   *
   * @returns as many answers as statements, in their order; when the connection is lost, `database-connection-lost` from the
   *   statement on that was being answered
   */
  queryEach(statements: readonly string[], options?: QueryOptions): Promise<readonly StatementAnswer[]>;
  /** The driver's own connection, for the row reader and for loading. */
  readonly driver: MysqlConnection;
  /** Says goodbye; never rejects. */
  close(): Promise<void>;
  /** Drops the connection at once; the server may still work on its statement, see `endSession`. */
  destroy(): void;
}

/** What came of one of several statements: its rows, or the failure. */
export type StatementAnswer =
  | { readonly rows: readonly TextRow[]; readonly error?: never }
  | { readonly error: unknown; readonly rows?: never };

/** The rows of an answer. @throws what the statement failed with */
export function rowsOf(answer: StatementAnswer | undefined): readonly TextRow[] {
  if (answer === undefined) throw new RangeError('there are fewer answers than statements');
  if (answer.rows === undefined) throw answer.error;
  return answer.rows;
}

/** Options of {@link Connection.query}. */
export interface QueryOptions {
  readonly signal?: AbortSignal;
}

/** Options of {@link openConnection}. */
export interface ConnectionOptions {
  readonly signal?: AbortSignal;
  /** Whether the server may ask for local data of LOAD DATA. @defaultValue false */
  readonly localInfile?: boolean;
  /**
   * Milliseconds of silence in the middle of a statement after which the server counts as lost: a line that died without
   * a word never tells (F3). Without it only TCP's own patience counts.
   */
  readonly inactivityTimeout?: number;
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
  options.signal?.throwIfAborted();
  const driver: MysqlConnection = createConnection({
    ...(address.socketPath === undefined
      ? { host: address.host ?? '127.0.0.1', port: address.port ?? 3306 }
      : { socketPath: address.socketPath }),
    user: address.user,
    password: address.password ?? '',
    ...(address.database === undefined ? {} : { database: address.database }),
    // The driver by itself takes a good certificate of any server for one of this server.
    ...(address.tls === undefined ? {} : { ssl: { verifyIdentity: true, ...address.tls } }),
    authPlugins: {
      client_ed25519: () => (challenge) => signEd25519Challenge(address.password ?? '', challenge),
    },
    charset: 'utf8mb4',
    connectTimeout: address.connectTimeout ?? 10_000,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    multipleStatements: false,
    // Statements that bypass the driver's own commands have no room for attributes.
    flags: ['-CLIENT_QUERY_ATTRIBUTES', options.localInfile === true ? '+LOCAL_FILES' : '-LOCAL_FILES'],
    typeCast: (field) => field.string('utf8'),
    stream: () =>
      address.tls === undefined ? connectSocket(address, () => driver) : connectSocketForTls(address),
  });
  // Without a listener a lost idle connection would end the process; the next statement reports it.
  driver.on('error', () => undefined);
  const connection = wrap(address, driver, driver.threadId ?? 0);
  const { signal } = options;
  let giveUp = (): void => undefined;
  const abandoned = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(signal?.reason);
  });
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    // A server that takes the call and says nothing must not hold up whoever has given up. Its session is not ended from
    // outside: until it is settled, the number in the greeting may be that of another one.
    return await Promise.race([abandoned, greetAndSettle(connection, options.inactivityTimeout)]);
  } catch (error) {
    connection.destroy();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

// What the socket reads into: large enough that a full pipe is emptied in few turns.
const windowBytes = 128 * 1024;

/**
 * A socket that reads into one buffer of its own. Rows are taken from there at once; everything else the driver may keep,
 * so it gets a copy.
 */
function connectSocket(address: DatabaseAddress, driverOf: () => MysqlConnection): Socket {
  const socket = connect({
    ...placeOf(address),
    onread: {
      buffer: Buffer.allocUnsafe(windowBytes),
      callback(size, window) {
        const chunk = window.subarray(0, size);
        const { packetParser } = driverInternals(driverOf());
        socket.emit('data', packetParser.isQuick === true ? chunk : Buffer.from(chunk));
        return true;
      },
    },
  });
  return keptAlive(socket);
}

/** What comes out of TLS are buffers of its own, so there is nothing to gain by a window. */
function connectSocketForTls(address: DatabaseAddress): Socket {
  const socket = connect(placeOf(address));
  // The driver gives TLS no name for a numeric host; Node then looks here, and last of all takes "localhost".
  if (address.socketPath === undefined) Object.assign(socket, { _host: address.host ?? '127.0.0.1' });
  return keptAlive(socket);
}

function placeOf(address: DatabaseAddress): NetConnectOpts {
  return address.socketPath === undefined
    ? { host: address.host ?? '127.0.0.1', port: address.port ?? 3306 }
    : { path: address.socketPath };
}

function keptAlive(socket: Socket): Socket {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  return socket;
}

async function greetAndSettle(
  connection: Connection,
  inactivityTimeout: number | undefined,
): Promise<Connection> {
  const { address, driver } = connection;
  await new Promise<void>((resolve, reject) => {
    driver.connect((error: QueryError | null) => {
      if (error === null) resolve();
      else reject(unreachable(address, error));
    });
  });
  if (inactivityTimeout !== undefined) watchSilence(driver, inactivityTimeout);
  return wrap(address, driver, await settle(connection));
}

function watchSilence(driver: MysqlConnection, milliseconds: number): void {
  const inside = driverInternals(driver);
  const { stream } = inside;
  stream.setTimeout(milliseconds, () => {
    // Between statements, and while a slow consumer holds the rows back, silence is right.
    if (inside._command === null || inside._command === undefined || stream.isPaused()) {
      stream.setTimeout(milliseconds);
      return;
    }
    const error: NodeJS.ErrnoException = new Error('no answer');
    error.code = 'ETIMEDOUT';
    stream.destroy(error);
  });
}

/**
 * Ends a session from outside, with its statement, locks and snapshot: dropping a connection alone leaves the server at
 * work. Never rejects; a session that is gone already is as good.
 */
export async function endSession(address: DatabaseAddress, id: number): Promise<void> {
  try {
    const connection = await openConnection({ ...address, connectTimeout: 2000 });
    await connection.query(`KILL ${id}`).catch(() => undefined);
    await connection.close();
  } catch {
    // A server that takes no new connection is shutting down or full; the keep-alive ends the session then.
  }
}

// One assignment list: it costs one round trip, and either all of it holds or none.
const sessionSettings: string = `SET ${[
  'NAMES utf8mb4',
  "SESSION sql_mode = ''",
  "SESSION time_zone = '+00:00'",
  'SESSION sql_quote_show_create = 1',
  // DEFAULT would be the limit that somebody set for the whole server.
  'SESSION sql_select_limit = 18446744073709551615',
  'SESSION sql_safe_updates = 0',
  'SESSION sql_big_selects = 1',
  'SESSION autocommit = 1',
  'SESSION net_write_timeout = 7200',
  'SESSION net_read_timeout = 7200',
  'SESSION wait_timeout = 28800',
].join(', ')}`;

// Not every server knows these; 1193 is "unknown system variable".
const optionalSettings: readonly string[] = [
  'SET SESSION max_statement_time = 0',
  'SET SESSION max_execution_time = 0',
  'SET SESSION information_schema_stats_expiry = 0',
];

/** Settles the session and gives its id, which behind a proxy is not the one of the greeting. */
async function settle(connection: Connection): Promise<number> {
  const [settled, ...others] = await connection.queryEach([
    sessionSettings,
    ...optionalSettings,
    'SELECT CONNECTION_ID() AS id, @@session.sql_mode AS mode, @@session.time_zone AS zone,' +
      ' @@session.character_set_results AS charset, @@session.character_set_client AS client',
  ]);
  rowsOf(settled);
  const said = rowsOf(others.pop());
  for (const { error } of others) {
    if (error !== undefined && serverErrorNumber(error) !== 1193) throw error;
  }
  const [row] = said;
  // A proxy that swallows SET would give changed values later; better to stop here (S8).
  const { id, mode, zone, charset, client } = row ?? {};
  if (mode !== '' || zone !== '+00:00' || charset !== 'utf8mb4' || client !== 'utf8mb4') {
    throw new BackupError(
      'database-query-failed',
      'The database server, or a proxy before it, does not keep the settings of a session.',
      { details: { mode: mode ?? undefined, zone: zone ?? undefined, charset: charset ?? undefined } },
    );
  }
  return Number(id);
}

function wrap(address: DatabaseAddress, driver: MysqlConnection, id: number): Connection {
  // The driver's own destroy() only says goodbye, which a server in the middle of a result does not hear.
  let destroyed = false;
  const destroy = () => {
    destroyed = true;
    driver.destroy();
    driverInternals(driver).stream.destroy();
  };
  /** Runs a command of the driver; `signal` ends the session, on the server too. */
  const stoppable = <Result extends object>(
    signal: AbortSignal | undefined,
    run: (settle: (outcome: Error | Result) => void) => void,
  ): Promise<Result> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        destroy();
        void endSession(address, id);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      run((outcome) => {
        signal?.removeEventListener('abort', abort);
        if (outcome instanceof Error) reject(asBackupError(outcome));
        else resolve(outcome);
      });
    });
  return {
    address,
    id,
    driver,
    query: (sql, options) =>
      stoppable(options?.signal, (settle) => {
        driver.query(sql, (error: QueryError | null, rows: unknown) => {
          settle(error ?? (Array.isArray(rows) ? (rows as TextRow[]) : []));
        });
      }),
    async queryEach(statements, options) {
      if (statements.length === 0) return [];
      const answers = await stoppable<readonly Answer[]>(options?.signal, (settle) => {
        driverInternals(driver).addCommand(new StatementsCommand(statements, settle));
      });
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
  };
}

function unreachable(address: DatabaseAddress, error: QueryError): BackupError {
  const place = address.socketPath ?? `${address.host ?? '127.0.0.1'}:${address.port ?? 3306}`;
  return new BackupError(
    'database-unreachable',
    `The database server at ${place} cannot be used (${answerOf(error)}).`,
    { cause: withoutStatement(error), details: { place, serverCode: error.code, errno: error.errno } },
  );
}

const codeOfErrno: Readonly<Record<number, BackupErrorCode>> = {
  126: 'table-damaged',
  127: 'table-damaged',
  144: 'table-damaged',
  145: 'table-damaged',
  1034: 'table-damaged',
  1044: 'privilege-missing',
  1045: 'database-unreachable',
  1142: 'privilege-missing',
  1143: 'privilege-missing',
  1194: 'table-damaged',
  1195: 'table-damaged',
  1205: 'lock-not-granted',
  1227: 'privilege-missing',
  1317: 'database-query-interrupted',
  1370: 'privilege-missing',
  1712: 'table-damaged',
  1812: 'table-damaged',
  1814: 'table-damaged',
  1877: 'table-damaged',
  1932: 'table-damaged',
  1969: 'database-query-interrupted',
  3024: 'database-query-interrupted',
};

/** A driver's or server's error as one of the family. The server's own text is kept only as far as it holds no value. */
export function asBackupError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof BackupError) return error;
  const { code, errno, fatal } = error as QueryError;
  const engineErrno = engineErrorNumber(error as QueryError);
  const lost = fatal === true || errno === undefined || errno < 0 || code === 'PROTOCOL_CONNECTION_LOST';
  const kind: BackupErrorCode =
    codeOfErrno[engineErrno ?? errno ?? 0] ?? (lost ? 'database-connection-lost' : 'database-query-failed');
  return new BackupError(kind, `The database server answered ${answerOf(error as QueryError)}.`, {
    cause: withoutStatement(error),
    details: { serverCode: code, errno, ...(engineErrno === undefined ? {} : { engineErrno }) },
  });
}

/** The driver has no word for the numbers of newer servers. */
function answerOf({ code, errno }: QueryError): string {
  return [code ?? [], errno ?? []].flat().join(', ') || 'nothing';
}

/** What a storage engine or the system said, which the server passes on as a number in its text. */
function engineErrorNumber({ errno, message }: QueryError): number | undefined {
  // A storage engine's error; a file that cannot be opened.
  if (errno !== 1030 && errno !== 1016) return undefined;
  const found = /\berr(?:or|no): ?(\d+)|\berror (\d+)/i.exec(message);
  return found === null ? undefined : Number(found[1] ?? found[2]);
}

// The driver hangs the whole statement on its errors, and a statement may hold a row.
function withoutStatement(error: Error): Error {
  const bare = new Error((error as QueryError).code ?? error.name);
  if (error.stack !== undefined) bare.stack = error.stack.replace(error.message, bare.message);
  return bare;
}

/** Another session stands in for ours, without its settings, locks and snapshot: a proxy swapped them (S8). */
export function sessionReplaced(details: BackupError['details'] = {}, cause?: unknown): BackupError {
  return new BackupError(
    'database-connection-lost',
    'The session was replaced by another one, and with it the picture of the database: a proxy before the server swaps sessions. Give the address of the server itself.',
    { cause, details },
  );
}

/** The server's error number behind an error of the family, if there is one. */
export function serverErrorNumber(error: unknown): number | undefined {
  if (!(error instanceof BackupError)) return undefined;
  const { errno } = error.details;
  return typeof errno === 'number' ? errno : undefined;
}
