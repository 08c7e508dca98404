import { type Connection, endSessions } from '../database/connection.js';
import { driverInternals, driverOf } from '../database/driver-internals.js';
import type { ColumnBatch } from '../model/column-batch.js';
import { RowCommand, type RowQuery, type RowReaderOptions } from './row-command.js';

/** Reads rows in batches. */
export interface RowReader extends AsyncIterable<ColumnBatch> {
  /** Rows read so far. */
  readonly rows: number;
  /** The server's number of warnings for the statement; valid at the end. */
  readonly warnings: number;
}

/**
 * Reads rows over the binary protocol, as bytes: no value becomes a JavaScript number, string or date.
 *
 * While a batch is in use, the socket is paused, and the server fills its buffers meanwhile. A batch is valid
 * until the next one is requested, since its memory is reused. Leaving the loop early, or `signal`, ends the
 * session on the server too, and the connection cannot be used any more.
 *
 * @throws BackupError `database-…`, `dump-incomplete` when the server's reply does not match the query
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
      // After a lost connection its id may belong to another session: a restarted server counts from 1 again.
      if (!command.lost) await endSessions(connection.address, [connection.id]);
    }
  }
}
