import type { ColumnBatch } from '../archive/column-batch.js';
import type { ValueForm } from '../archive/model.js';
import { asBackupError, type Connection, endSession } from '../database/connection.js';
import {
  type DriverCommand,
  type DriverInternals,
  driverInternals,
  type IncomingPacket,
  isEof,
  packetOf,
  warningsOf,
} from '../database/driver-internals.js';
import { BackupError, isBackupError } from '../errors.js';
import { BatchBuilder } from './batch-builder.js';
import { formOfWireType } from './wire-types.js';

/** A question for rows. */
export interface RowQuery {
  readonly sql: string;
  /** Of every column of the result, in order; the server's answer is held against them. */
  readonly forms: readonly ValueForm[];
}

/** Options of {@link readRows}. */
export interface RowReaderOptions {
  /** Bytes of row packets after which a batch is handed out. @defaultValue 1 MiB */
  readonly batchBytes?: number;
  /** Rows after which a batch is handed out. @defaultValue 65_536 */
  readonly batchRows?: number;
  readonly signal?: AbortSignal;
}

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
 * The server is read ahead by one batch at most; a slow consumer pauses the socket. A batch is valid until the next one
 * is asked for, since buffers are used again. Leaving the loop early, or `signal`, ends the session on the server too,
 * and the connection is of no more use then.
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
    driverInternals(connection.driver).addCommand(command);
    for (;;) {
      const batch = await command.next();
      if (batch === undefined) return;
      yield batch;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    if (!command.finished) {
      connection.destroy();
      // After a lost connection the number may be another's already: a server that restarts counts anew.
      if (!command.lost) await endSession(connection.address, connection.id);
    }
  }
}

const stmtPrepare = 0x16;
const stmtExecute = 0x17;
const stmtClose = 0x19;
const okMark = 0x00;
const errMark = 0xff;

/** Where in the exchange the command is. */
type Phase =
  | 'done'
  | 'executeColumns'
  | 'executeHeader'
  | 'prepareColumns'
  | 'prepareHeader'
  | 'rows'
  | 'start';

/** COM_STMT_PREPARE, COM_STMT_EXECUTE and the rows, as one command of the driver. */
class RowCommand implements DriverCommand {
  readonly #query: RowQuery;
  readonly #batchBytes: number;
  readonly #batchRows: number;
  /** One is filled while the other is out. */
  #filling: BatchBuilder;
  #out: BatchBuilder;

  #phase: Phase = 'start';
  #statement = 0;
  #columnsSeen = 0;
  #driver: DriverInternals | undefined;
  #full = false;
  #failure: unknown;
  #failed = false;
  #wake: (() => void) | undefined;

  rows = 0;
  warnings = 0;
  paused = false;

  constructor(query: RowQuery, options: RowReaderOptions) {
    this.#query = query;
    this.#batchBytes = options.batchBytes ?? 1024 * 1024;
    this.#batchRows = options.batchRows ?? 65_536;
    this.#filling = new BatchBuilder(query.forms);
    this.#out = new BatchBuilder(query.forms);
  }

  /** Whether the exchange ended in order, so that the connection can be used for the next one. */
  get finished(): boolean {
    return this.#phase === 'done';
  }

  /** Whether the connection itself failed. */
  get lost(): boolean {
    return isBackupError(this.#failure, 'database-connection-lost');
  }

  /** The next batch, undefined at the end. */
  async next(): Promise<ColumnBatch | undefined> {
    while (!this.#full && !this.finished && !this.#failed) {
      if (this.paused) {
        this.paused = false;
        this.#driver?.stream.resume();
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    // Rows that came before an error are not worth keeping: the table is not complete (R1).
    if (this.#failed) throw this.#failure;
    if (this.#filling.rows === 0) return undefined;
    const filled = this.#filling;
    this.#out.clear();
    this.#filling = this.#out;
    this.#out = filled;
    this.#full = false;
    if (this.paused) {
      this.paused = false;
      this.#driver?.stream.resume();
    }
    try {
      return filled.take();
    } catch (error) {
      // Rows are parsed in blocks, the last one here: it may be now that one turns out not to be a row.
      this.end(notUnderstood(error));
      throw this.#failure;
    }
  }

  /** Ends the exchange with an error, from outside or from inside. The first one counts. */
  end(failure: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#failure = failure;
    this.#wakeUp();
  }

  onResult(error: Error | null): void {
    if (error !== null) this.end(asBackupError(error));
  }

  execute(packet: IncomingPacket | undefined, driver: DriverInternals): boolean {
    if (this.#failed) return false;
    try {
      if (packet === undefined) {
        this.#driver = driver;
        driver._resetSequenceId();
        driver.writePacket(packetOf(prepareStatement(this.#query.sql)));
        this.#phase = 'prepareHeader';
        return false;
      }
      if (this.#phase === 'rows') return this.#row(packet, driver);
      return this.#exchange(packet, driver);
    } catch (error) {
      this.end(notUnderstood(error));
      return false;
    }
  }

  #row(packet: IncomingPacket, driver: DriverInternals): boolean {
    const { buffer, offset, end } = packet;
    // Every row begins with a zero byte, so an end or an error can never be taken for one (F3).
    if (buffer[offset] === okMark) {
      const builder = this.#filling;
      builder.add(buffer, offset, end);
      this.rows++;
      if (builder.bytes >= this.#batchBytes || builder.rows >= this.#batchRows) {
        this.#full = true;
        if (!this.paused) {
          // What is left of the chunk in hand still arrives, and is added to this batch: 64 KiB at most.
          this.paused = true;
          driver.stream.pause();
        }
        this.#wakeUp();
      }
      return false;
    }
    if (isEof(packet)) {
      this.warnings = warningsOf(packet);
      this.#close(driver);
      return true;
    }
    return this.#refused(packet, driver);
  }

  #exchange(packet: IncomingPacket, driver: DriverInternals): boolean {
    const { buffer, offset } = packet;
    if (buffer[offset] === errMark) return this.#refused(packet, driver);
    const { forms } = this.#query;
    switch (this.#phase) {
      case 'prepareHeader': {
        this.#statement = buffer.readUInt32LE(offset + 1);
        const columns = buffer.readUInt16LE(offset + 5);
        const parameters = buffer.readUInt16LE(offset + 7);
        if (columns !== forms.length || parameters !== 0) {
          throw new RangeError(`${columns} columns and ${parameters} parameters for ${forms.length} columns`);
        }
        this.#phase = 'prepareColumns';
        return false;
      }
      case 'prepareColumns':
        if (isEof(packet)) {
          driver._resetSequenceId();
          driver.writePacket(packetOf(executeStatement(this.#statement)));
          this.#phase = 'executeHeader';
        }
        return false;
      case 'executeHeader':
        this.#phase = 'executeColumns';
        this.#columnsSeen = 0;
        return false;
      case 'executeColumns':
        if (isEof(packet)) {
          if (this.#columnsSeen !== forms.length) throw new RangeError('a column is missing');
          this.#phase = 'rows';
        } else {
          this.#checkColumn(packet);
        }
        return false;
      default:
        throw new RangeError('a packet came that nobody asked for');
    }
  }

  /** The table may have been altered since its columns were looked up; then its values would be misread. */
  #checkColumn(packet: IncomingPacket): void {
    const wanted = this.#query.forms[this.#columnsSeen];
    // The type stands at a fixed distance from the end, whatever names and extensions come before.
    const type = packet.buffer[packet.end - 6]!;
    const flags = packet.buffer.readUInt16LE(packet.end - 5);
    const found = formOfWireType(type, flags);
    if (found !== wanted) {
      throw new RangeError(`column ${this.#columnsSeen + 1} is ${found}, not ${wanted}`);
    }
    this.#columnsSeen++;
  }

  #refused(packet: IncomingPacket, driver: DriverInternals): boolean {
    const inOrder = packet.buffer[packet.offset] === errMark;
    this.end(
      inOrder
        ? asBackupError(packet.asError(driver.clientEncoding))
        : notUnderstood(new RangeError('neither row nor end')),
    );
    // After an ERR packet the exchange is over, and the driver goes on to its next command.
    if (inOrder) this.#phase = 'done';
    return inOrder;
  }

  #close(driver: DriverInternals): void {
    driver._resetSequenceId();
    driver.writePacket(packetOf(closeStatement(this.#statement)));
    this.#phase = 'done';
    this.#wakeUp();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function notUnderstood(cause: unknown): BackupError {
  return new BackupError('dump-incomplete', 'The database server answered in a way that is not understood.', {
    cause,
  });
}

function prepareStatement(sql: string): Uint8Array {
  return Buffer.concat([Uint8Array.of(stmtPrepare), Buffer.from(sql, 'utf8')]);
}

/** No cursor, one iteration, no parameters. */
function executeStatement(id: number): Uint8Array {
  const payload = Buffer.alloc(10);
  payload[0] = stmtExecute;
  payload.writeUInt32LE(id, 1);
  payload.writeUInt32LE(1, 6);
  return payload;
}

function closeStatement(id: number): Uint8Array {
  const payload = Buffer.alloc(5);
  payload[0] = stmtClose;
  payload.writeUInt32LE(id, 1);
  return payload;
}
