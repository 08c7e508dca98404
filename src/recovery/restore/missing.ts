import { objectKind } from '../../archive/descriptions.js';
import type { Connection } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';
import type { SchemaObjectKind } from '../../model/parts.js';
import { either, oneOf, type Shape } from '../../shapes.js';

/** Something of the archive that the target did not take. */
export interface MissingObject {
  /** What the server did not make. */
  readonly kind: SchemaObjectKind | 'check' | 'foreign-key' | 'key' | 'table';
  /** As in the archive. */
  readonly name: string;
  /** Of keys, foreign keys, checks and triggers: the table they belong to. */
  readonly table?: string;
  /** The server's number; 0 when it was not asked. */
  readonly errno: number;
  /** The server's words; holds no value of a row. */
  readonly message: string;
  /**
   * Of tables: it cannot be made or filled (`restore-failed`), or would hold other rows
   * (`restore-changed-data`).
   */
  readonly code?: 'restore-changed-data' | 'restore-failed';
}

/** Whether a word is the kind of something that may be missing. */
export const isMissingKind: Shape<MissingObject['kind']> = either(
  objectKind,
  oneOf('check', 'foreign-key', 'key', 'table'),
);

/** What the server says of something it cannot make, and no more of it than fits a line or two. */
const wordsKept = 500;

/**
 * What to write down of an object that a server refused to make. Asks the session in which it did, before
 * anything else is asked there.
 *
 * @param what - of which rows were looked at, when `overRows` is true: then the server's words may hold one's
 *   value
 * @throws whatever was thrown, when it is no refusal: a lost connection, a statement that was ended
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

/** Whether a server said no to one statement, and would take another. */
export function isRefusal(error: unknown): error is BackupError {
  if (!(error instanceof BackupError) || serverErrorNumber(error) === undefined) return false;
  return error.code === 'database-query-failed' || error.code === 'privilege-missing';
}

/** For people: one line. */
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
