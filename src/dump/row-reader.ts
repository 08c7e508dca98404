import { type Connection, endSessions } from '../database/connection.js';
import { driverInternals, driverOf } from '../database/driver-internals.js';
import type { ColumnBatch } from '../model/column-batch.js';
import { RowCommand, type RowQuery, type RowReaderOptions } from './row-command.js';

/** Rows on their way in. */
export interface RowReader extends AsyncIterable<ColumnBatch> {
  /** Rows read so far. */
  readonly rows: number;
  /** The server's count of warnings for the statement; known at the end. */
  readonly warnings: number;
}

/**
 * Reads rows over the binary protocol, as bytes: no value becomes a JavaScript number, string or date.
 *
 * While a batch is out, the socket waits, and the server fills its buffers meanwhile. A batch is valid until
 * the next one is asked for, since the memory is used again. Leaving the loop early, or `signal`, ends the
 * session on the server too, and the connection is of no more use then.
 *
 * @throws BackupError `database-…`, `dump-incomplete` when the server's answer is not what was asked for
 */
export function readRows(connection: Connection, query: RowQuery, options: RowReaderOptions = {}): RowReader {
  const command = new RowCommand(query, options);
  return {
    get rows() {
      return command.rows;
    },
    get warnings() {
      return command.warnings;
    },
    [Symbol.asyncIterator]: () => iterate(connection, command, options),
  };
}

async function* iterate(
  connection: Connection,
  command: RowCommand,
  options: RowReaderOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const { signal } = options;
  signal?.throwIfAborted();
  const stop = () => command.end(signal?.reason);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    driverInternals(driverOf(connection)).addCommand(command);
    for (;;) {
      const batch = await command.next();
      if (batch === undefined) return;
      yield batch;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    command.release();
    if (!command.finished) {
      connection.destroy();
      // After a lost connection the session's number may belong to somebody else: a server that restarts
      // counts from 1 again.
      if (!command.lost) await endSessions(connection.address, [connection.id]);
    }
  }
}
