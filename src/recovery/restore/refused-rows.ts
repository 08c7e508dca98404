import type { Connection } from '../../database/connection.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';
import type { TableDescription } from '../../model/parts.js';
import { describeMissing, isRefusal, type MissingObject } from './missing.js';

const tableIsFull = 1114;

/** A full disk, too many locks, a read-only server: every other table would fail as well. */
const troublesOfServer: ReadonlySet<number> = new Set([3, 1021, 1206, 1213, 1290, 1792, 1836, 1874, 1881]);

/**
 * The error of a table whose rows the server refuses while it would accept those of another; else undefined.
 */
export function refusalOfRows(error: unknown, engine: string): BackupError | undefined {
  if (!(error instanceof BackupError)) return undefined;
  // The server accepted fewer or other rows, or its packets are too small for one.
  const { taken, neededBytes } = error.details;
  if (error.code === 'restore-changed-data' || taken !== undefined || neededBytes !== undefined) return error;
  const answer = error.code === 'restore-failed' ? error.cause : error;
  if (!isRefusal(answer)) return undefined;
  const errno = serverErrorNumber(answer)!;
  // A table in memory has a limit of its own.
  if (errno === tableIsFull) return /^memory$/i.test(engine) ? error : undefined;
  return troublesOfServer.has(errno) ? undefined : error;
}

/**
 * Describes the failure. The server's message may hold a value; everything that could be one is removed.
 *
 * @param connection - in which the rows were refused; undefined when it cannot be used any more
 */
export async function describeRefusedRows(
  connection: Connection | undefined,
  { name }: Pick<TableDescription, 'name'>,
  refusal: BackupError,
): Promise<MissingObject> {
  const code = refusal.code === 'restore-changed-data' ? refusal.code : 'restore-failed';
  const what = { kind: 'table', name, code } as const;
  const answer = refusal.cause;
  const errno = serverErrorNumber(refusal) ?? 0;
  if (errno === 0 || !isRefusal(answer)) return { ...what, errno, message: refusal.happened };
  const told =
    connection === undefined ? { message: '' } : await describeMissing(connection, what, answer, true);
  return { ...what, errno, message: told.message.replaceAll(/['"].*['"]|\d+/gs, '…') };
}
