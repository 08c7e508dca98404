import type { QueryError } from 'mysql2';
import { BackupError, type BackupErrorCode } from '../errors.js';
import type { DatabaseAddress } from './address.js';
import { PasswordWanted } from './sha2-logins.js';

/** The typed error for a server that cannot be reached or logged in to. */
export function unreachable(
  address: DatabaseAddress,
  error: Pick<QueryError, 'code'> & Partial<QueryError>,
): BackupError {
  const place = address.socketPath ?? `${address.host ?? '127.0.0.1'}:${address.port ?? 3306}`;
  if (error instanceof PasswordWanted) {
    return new BackupError(
      'database-unreachable',
      `The database server at ${place} asks for the password itself over a line without TLS, and its identity is not verified. The password was not sent. Use TLS (ssl-mode), give the server's public key (server-public-key-path), or allow any key (get-server-public-key=1).`,
      { details: { place, serverCode: 'PASSWORD_WANTED' } },
    );
  }
  return new BackupError(
    'database-unreachable',
    `The database server at ${place} cannot be used (${answerOf(error)}).`,
    {
      cause: error instanceof Error ? withoutStatement(error) : undefined,
      details: { place, serverCode: error.code, errno: error.errno },
    },
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
  1184: 'database-unreachable',
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

/**
 * Converts an error of the driver or server to a `BackupError`. The server's message is dropped, since it may
 * hold a value; its numbers are kept.
 */
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

/** Error numbers that are caused by a setting of the server, which the number alone does not show. */
const settingOfErrno: Readonly<Record<number, string>> = {
  1040: 'it has as many connections as max_connections allows',
  1153: 'its max_allowed_packet is too small for this',
  1173: 'it refuses tables without a primary key, see innodb_force_primary_key',
  1184: 'it ends every session at its first statement, because its init_connect fails for this user',
  1203: 'the user has as many connections as max_user_connections allows',
  1226: 'the user has reached a limit of connections or statements',
  1290: 'an option that it was started with forbids this',
  1461: 'it has as many prepared statements as allowed, see max_prepared_stmt_count',
  1577: 'its event scheduler is DISABLED, or its table mysql.event is missing or damaged',
  1792: 'its transactions are read-only, see transaction_read_only',
  1805: 'its system tables in the database mysql are of another version: run mysql_upgrade',
  1874: 'its InnoDB is read-only, see innodb_read_only and innodb_force_recovery',
  1881: 'its InnoDB is read-only, see innodb_force_recovery',
};

// The driver has no names for the error numbers of newer servers.
function answerOf({ code, errno }: { readonly code?: unknown; readonly errno?: unknown }): string {
  const answer = [code, errno].filter((each) => each !== undefined).join(', ') || 'nothing';
  const setting = typeof errno === 'number' ? settingOfErrno[errno] : undefined;
  return setting === undefined ? answer : `${answer}: ${setting}`;
}

/**
 * The error number of a storage engine or the operating system, which the server passes on in its message.
 */
function engineErrorNumber({ errno, message }: QueryError): number | undefined {
  // Independent of the message's language: a storage engine's error is the first number; that of a file that
  // cannot be opened is in the parentheses at the end, behind the file's name.
  const found =
    errno === 1030 ? /(\d+)/.exec(message) : errno === 1016 ? /.*[(（]\D*(\d+)/s.exec(message) : null;
  return found === null ? undefined : Number(found[1]);
}

// The driver puts the whole statement into its errors, message and stack, and a statement may hold a row. The
// new error gets its own stack.
function withoutStatement(error: Error): Error {
  return new Error((error as QueryError).code ?? error.name);
}

/** The error of a statement whose connection was closed on this side before the reply came. */
export function givenUp(): BackupError {
  return new BackupError(
    'database-connection-lost',
    'The connection was closed here before the database server answered.',
  );
}

/** A proxy replaced the session by another one, without its settings, locks and snapshot (S8). */
export function sessionReplaced(details: BackupError['details'] = {}, cause?: unknown): BackupError {
  return new BackupError(
    'database-connection-lost',
    'The session was replaced by another one, so the snapshot of the database is lost: a proxy before the server swaps sessions. Connect to the server itself.',
    { cause, details },
  );
}

/** The server's error number in a `BackupError`, if there is one. */
export function serverErrorNumber(error: unknown): number | undefined {
  if (!(error instanceof BackupError)) return undefined;
  const { errno } = error.details;
  return typeof errno === 'number' ? errno : undefined;
}

/** The server's error, to append to a sentence; empty if there is none. */
export function inBrackets(error: BackupError): string {
  const answer = serverAnswer(error);
  return answer === undefined ? '' : ` (the server answered ${answer})`;
}

/**
 * The server's error, such as `ER_DUP_ENTRY, 1062`; undefined for a failure that the server did not report.
 */
export function serverAnswer(error: BackupError): string | undefined {
  const { serverCode, errno } = error.details;
  return errno === undefined ? undefined : answerOf({ code: serverCode, errno });
}
