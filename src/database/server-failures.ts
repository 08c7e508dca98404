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
      `The database server at ${place} asks for the password itself over a line without TLS, and nothing proves which server it is: the password was not sent. Use TLS (ssl-mode), give the server's public key (server-public-key-path), or allow any key (get-server-public-key=1).`,
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
 * A driver's or server's error as one of the family. The server's own text is kept only as far as it holds no
 * value.
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

/** Error numbers that come from a setting of the server, which nobody finds by the number alone. */
const settingOfErrno: Readonly<Record<number, string>> = {
  1040: 'it has as many connections as max_connections allows',
  1153: 'its max_allowed_packet is too small for this',
  1173: 'it takes no table without a primary key, see innodb_force_primary_key',
  1184: 'it ends every session at its first statement, since its init_connect fails for this login',
  1203: 'the login has as many connections as max_user_connections allows',
  1226: 'the login has used up what it is allowed at a time or in an hour',
  1290: 'an option that it was started with forbids this',
  1461: 'it prepares no more statements, see max_prepared_stmt_count',
  1577: 'its event scheduler is DISABLED, or its table mysql.event is missing or damaged',
  1792: 'it opens transactions for reading only, see transaction_read_only',
  1805: 'its own tables in the database mysql are those of another version: run mysql_upgrade',
  1874: 'its InnoDB only reads, see innodb_read_only and innodb_force_recovery',
  1881: 'its InnoDB only reads, see innodb_force_recovery',
};

// The driver has no name for the error numbers of newer servers.
function answerOf({ code, errno }: { readonly code?: unknown; readonly errno?: unknown }): string {
  const answer = [code, errno].filter((each) => each !== undefined).join(', ') || 'nothing';
  const setting = typeof errno === 'number' ? settingOfErrno[errno] : undefined;
  return setting === undefined ? answer : `${answer}: ${setting}`;
}

/** What a storage engine or the system said, which the server passes on as a number in its text. */
function engineErrorNumber({ errno, message }: QueryError): number | undefined {
  // In whatever language: a storage engine's error is the first number there is; that of a file that cannot
  // be opened stands in brackets at the end, behind its name.
  const found =
    errno === 1030 ? /(\d+)/.exec(message) : errno === 1016 ? /.*[(（]\D*(\d+)/s.exec(message) : null;
  return found === null ? undefined : Number(found[1]);
}

// The driver puts the whole statement into its errors, and a statement may hold a row.
function withoutStatement(error: Error): Error {
  const bare = new Error((error as QueryError).code ?? error.name);
  if (error.stack !== undefined) bare.stack = error.stack.replace(error.message, bare.message);
  return bare;
}

/** A statement whose connection was given up on this side before the answer came. */
export function givenUp(): BackupError {
  return new BackupError(
    'database-connection-lost',
    'The connection was given up before the database server answered.',
  );
}

/**
 * Another session stands in for ours, without its settings, locks and snapshot: a proxy swapped them (S8).
 */
export function sessionReplaced(details: BackupError['details'] = {}, cause?: unknown): BackupError {
  return new BackupError(
    'database-connection-lost',
    'The session was replaced by another one, and with it the snapshot of the database: a proxy before the server swaps sessions. Give the address of the server itself.',
    { cause, details },
  );
}

/** The server's error number behind an error of the family, if there is one. */
export function serverErrorNumber(error: unknown): number | undefined {
  if (!(error instanceof BackupError)) return undefined;
  const { errno } = error.details;
  return typeof errno === 'number' ? errno : undefined;
}

/** What the server answered, for the end of a sentence; empty when it did not. */
export function inBrackets(error: BackupError): string {
  const answer = serverAnswer(error);
  return answer === undefined ? '' : ` (the server answered ${answer})`;
}

/**
 * What the server answered, such as `ER_DUP_ENTRY, 1062`; undefined for a failure that was no answer of it.
 */
export function serverAnswer(error: BackupError): string | undefined {
  const { serverCode, errno } = error.details;
  return errno === undefined ? undefined : answerOf({ code: serverCode, errno });
}
