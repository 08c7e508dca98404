import type { Connection, TextRow } from './connection.js';
import { driverInternals, driverOf } from './driver-internals.js';
import { asBackupError } from './server-failures.js';
import { type Answer, rowsOf, StatementsCommand } from './statements.js';

/**
 * Runs statements in one round trip and returns the rows of each as the bytes that the server sent: strings
 * with one character for each byte. A definition need not be text in the session's character set.
 *
 * @throws BackupError `database-…` the error of the first statement that failed
 */
export async function askForBytes(
  connection: Connection,
  statements: readonly string[],
): Promise<readonly (readonly TextRow[])[]> {
  const answers = await new Promise<readonly Answer[]>((settle) => {
    driverInternals(driverOf(connection)).addCommand(new StatementsCommand(statements, settle, 'latin1'));
  });
  return answers.map((answer) => rowsOf('error' in answer ? { error: asBackupError(answer.error) } : answer));
}

/** The bytes of a byte string. */
export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** A byte string as text; undefined when it is not valid UTF-8. */
export function textOf(bytes: string): string | undefined {
  const text = bytesOf(bytes).toString('utf8');
  return text.includes('\ufffd') && Buffer.from(text, 'utf8').toString('latin1') !== bytes ? undefined : text;
}
