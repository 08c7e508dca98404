import { objectKind } from '../../archive/descriptions.js';
import type { Connection } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';
import type { SchemaObjectKind } from '../../model/parts.js';
import { either, oneOf, type Shape } from '../../shapes.js';

/** Something in the archive that the target refused. */
export interface MissingObject {
  /** Kind of what is missing. */
  readonly kind: SchemaObjectKind | 'check' | 'foreign-key' | 'key' | 'table';
  /** As in the archive. */
  readonly name: string;
  /** Of keys, foreign keys, checks and triggers: the table they belong to. */
  readonly table?: string;
  /** The server's error number; 0 when it was not tried. */
  readonly errno: number;
  /** The server's error message; holds no value of a row. */
  readonly message: string;
  /**
   * Of tables: it cannot be created or filled (`restore-failed`), or would hold other rows
   * (`restore-changed-data`).
   */
  readonly code?: 'restore-changed-data' | 'restore-failed';
}

/** Whether a word is a kind of {@link MissingObject}. */
export const isMissingKind: Shape<MissingObject['kind']> = either(
  objectKind,
  oneOf('check', 'foreign-key', 'key', 'table'),
);

/** Most characters of the server's error message that are kept. */
const wordsKept = 500;

/**
 * Describes an object that a server refused to create. Reads the message in the session of the refusal,
 * before any other statement.
 *
 * @param what - the object; if `overRows` is true, rows were checked, and the server's message may hold a
 *   value
 * @throws the given error, when it is not a refusal: a lost connection, an interrupted statement
 */
export async function describeMissing(
  connection: Connection,
  what: Pick<MissingObject, 'kind' | 'name' | 'table'>,
  error: unknown,
  overRows: boolean = false,
): Promise<MissingObject> {
  const errno = serverErrorNumber(error);
  if (errno === undefined || !isRefusal(error)) throw error;
  const told = await connection.query('SHOW WARNINGS').catch(() => []);
  const words = told.find((row) => row['Code'] === String(errno))?.['Message'] ?? '';
  const message = overRows ? words.replaceAll(/'[^']*'(?= for key)|'[^']*'(?= for column)/g, "'…'") : words;
  return { ...what, errno, message: message.replaceAll(/\s+/g, ' ').slice(0, wordsKept) };
}

/** Whether a server refused one statement, and would accept another. */
export function isRefusal(error: unknown): error is BackupError {
  if (!(error instanceof BackupError) || serverErrorNumber(error) === undefined) return false;
  return error.code === 'database-query-failed' || error.code === 'privilege-missing';
}

/** One line for people. */
export function missingSentence({ kind, name, table, errno, message }: MissingObject): string {
  const what = `${kind.replace('-', ' ')} "${name}"${table === undefined ? '' : ` of table "${table}"`}`;
  const hint = hints[errno];
  return `Missing: ${what}: ${errno === 0 ? message : `${message === '' ? '' : `${message} `}(${errno}).`}${hint === undefined ? '' : ` ${hint}`}`;
}

const hints: Readonly<Record<number, string>> = {
  1298: 'Load the time zones into the server (mysql_tzinfo_to_sql), and give the same command again.',
  1418: 'Set log_bin_trust_function_creators = 1 on the server, and give the same command again.',
  1419: 'Set log_bin_trust_function_creators = 1 on the server, and give the same command again.',
};
