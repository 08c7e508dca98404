import {
  type ChunkTaker,
  commandBytes,
  type DriverCommand,
  type DriverInternals,
  type IncomingPacket,
  isEof,
  isError,
  queryCommand,
  textCommand,
  warningsOf,
} from '../database/driver-internals.js';
import { FrameReader } from '../database/frame-reader.js';
import { asBackupError } from '../database/server-failures.js';
import { BackupError, isBackupError } from '../errors.js';
import type { ColumnBatch } from '../model/column-batch.js';
import type { ValueForm } from '../model/parts.js';
import { BatchBuilder } from './batch-builder.js';
import {
  closeStatement,
  errnoOf,
  errorOf,
  executeStatement,
  lastPrepared,
  prepareStatement,
} from './statement-packets.js';
import { formOfWireType } from './wire-types.js';

/** A query for rows. */
export interface RowQuery {
  readonly sql: string;
  /** Of every column of the result, in order; the server's column types must match. */
  readonly forms: readonly ValueForm[];
  /** A statement without a result that is sent before in the same packet. If it fails, the reading fails. */
  readonly first?: string;
}

/** Options of {@link readRows}. */
export interface RowReaderOptions {
  /** Bytes of row packets per batch. @defaultValue 1 MiB */
  readonly batchBytes?: number | undefined;
  /** Rows per batch. @defaultValue 65_536 */
  readonly batchRows?: number | undefined;
  /**
   * Whether the server can execute the last prepared statement without its id (MariaDB since 10.2), which
   * saves a round trip. @defaultValue false
   */
  readonly runsLastPrepared?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

const okMark = 0x00;
/** ER_UNKNOWN_STMT_HANDLER. */
const unknownStatement = 1243;

/** The packet that the command expects next. */
type Phase =
  | 'done'
  | 'executeColumns'
  | 'executeHeader'
  | 'first'
  | 'prepareColumns'
  | 'prepareHeader'
  | 'refused'
  | 'rows'
  | 'start';

/**
 * COM_STMT_PREPARE, COM_STMT_EXECUTE and the rows, as one command of the driver.
 *
 * While it runs, it receives the bytes of the connection instead of the driver's own parser. Rows are
 * processed in place, in the buffer that the socket reads into.
 */
export class RowCommand implements DriverCommand, ChunkTaker {
  readonly isQuick = true;
  readonly #query: RowQuery;
  readonly #batchBytes: number;
  readonly #batchRows: number;
  #runsLastPrepared: boolean;
  readonly #frames: FrameReader = new FrameReader((buffer, start, end) => this.#packet(buffer, start, end));
  readonly #builder: BatchBuilder;

  #phase: Phase = 'start';
  #statement = 0;
  #columnsSeen = 0;
  #driver: DriverInternals | undefined;
  #parser: ChunkTaker | undefined;
  #chunk: Buffer | undefined;
  #paused = false;
  #refusal: unknown;
  #failure: unknown;
  #failed = false;
  #wake: (() => void) | undefined;

  rows = 0;
  warnings = 0;

  constructor(query: RowQuery, options: RowReaderOptions) {
    this.#query = query;
    this.#batchBytes = options.batchBytes ?? 1024 * 1024;
    this.#batchRows = options.batchRows ?? 65_536;
    this.#runsLastPrepared = options.runsLastPrepared ?? false;
    this.#builder = new BatchBuilder(query.forms);
  }

  /** Whether the exchange ended regularly, so that the connection can be used again. */
  get finished(): boolean {
    return this.#phase === 'done';
  }

  /** Whether the connection itself failed. */
  get lost(): boolean {
    return isBackupError(this.#failure, 'database-connection-lost');
  }

  /**
   * The next batch, undefined at the end. It uses the builder's buffers, which the following batch
   * overwrites.
   */
  async next(): Promise<ColumnBatch | undefined> {
    this.#builder.clear();
    this.#resume();
    while (!this.#paused && !this.finished && !this.#failed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const { rows } = this.#builder;
    // Rows before an error are dropped, since the table is not complete (R1). Of a damaged table they may be
    // all that is left; then the error follows after them (F9).
    const isRemainder = rows > 0 && isBackupError(this.#failure, 'table-damaged');
    if (this.#failed && !isRemainder) throw this.#failure;
    return rows === 0 ? undefined : this.#builder.take();
  }

  /** Returns the buffers of the batches. */
  release(): void {
    this.#builder.release();
  }

  /** Ends the exchange with an error. The first one counts. */
  end(failure: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#failure = failure;
    this.#wakeUp();
  }

  onResult(error: Error | null): void {
    if (error !== null) this.end(asBackupError(error));
  }

  execute(packet: IncomingPacket | Buffer | undefined, driver?: DriverInternals): boolean {
    if (packet instanceof Uint8Array) this.#take(packet);
    else if (driver !== undefined && this.#phase === 'start') this.#begin(driver);
    return this.finished;
  }

  #begin(driver: DriverInternals): void {
    this.#driver = driver;
    this.#parser = driver.packetParser;
    driver.packetParser = this;
    const { first, sql } = this.#query;
    this.#phase = first === undefined ? 'prepareHeader' : 'first';
    this.#send(
      ...(first === undefined ? [] : [textCommand(queryCommand, first)]),
      prepareStatement(sql),
      ...(this.#runsLastPrepared ? [executeStatement(lastPrepared), closeStatement(lastPrepared)] : []),
    );
  }

  #take(chunk: Buffer): void {
    if (this.#failed) return;
    try {
      this.#chunk = chunk;
      this.#frames.execute(chunk);
      this.#builder.settle();
    } catch (error) {
      this.end(notUnderstood(error));
      return;
    }
    const { rows, bytes } = this.#builder;
    if (this.finished) this.#giveBack();
    else if (bytes >= this.#batchBytes || rows >= this.#batchRows) this.#pause();
  }

  #packet(buffer: Buffer, start: number, end: number): void {
    if (this.#phase !== 'rows') {
      this.#exchange(buffer, start, end);
      return;
    }
    // Every row begins with a zero byte, so an EOF or ERR packet can never be taken for a row (F3).
    if (buffer[start] === okMark) {
      const builder = this.#builder;
      builder.add(buffer, start, end);
      this.rows++;
      // A packet that spanned chunks is in a buffer that the next such packet overwrites.
      if (buffer !== this.#chunk) builder.settle();
      return;
    }
    if (isEof(buffer, start, end)) {
      this.warnings = warningsOf(buffer, start);
      this.#phase = 'done';
    } else if (isError(buffer, start)) {
      this.#refused(buffer, start, end);
    } else {
      throw new RangeError('a packet is neither row nor end');
    }
  }

  #exchange(buffer: Buffer, start: number, end: number): void {
    if (isError(buffer, start)) {
      this.#refused(buffer, start, end);
      return;
    }
    const { forms } = this.#query;
    switch (this.#phase) {
      case 'first':
        if (buffer[start] !== okMark) throw new RangeError('a statement that has no result returned one');
        this.#phase = 'prepareHeader';
        return;
      case 'prepareHeader': {
        this.#statement = buffer.readUInt32LE(start + 1);
        const columns = buffer.readUInt16LE(start + 5);
        const parameters = buffer.readUInt16LE(start + 7);
        if (columns !== forms.length || parameters !== 0) {
          throw new RangeError(
            `${columns} columns and ${parameters} parameters instead of ${forms.length} columns`,
          );
        }
        this.#phase = 'prepareColumns';
        return;
      }
      case 'prepareColumns':
        if (isEof(buffer, start, end)) {
          this.#phase = 'executeHeader';
          // The server closes the statement after all rows; that command has no reply.
          if (!this.#runsLastPrepared) {
            this.#send(executeStatement(this.#statement), closeStatement(this.#statement));
          }
        }
        return;
      case 'executeHeader':
        this.#phase = 'executeColumns';
        return;
      case 'executeColumns':
        if (!isEof(buffer, start, end)) {
          this.#checkColumn(buffer, end);
          return;
        }
        if (this.#columnsSeen !== forms.length) throw new RangeError('a column is missing');
        this.#phase = 'rows';
        return;
      default:
        throw new RangeError('an unexpected packet arrived');
    }
  }

  /** If the table was altered after its columns were read, its values would be misread. */
  #checkColumn(buffer: Buffer, end: number): void {
    const wanted = this.#query.forms[this.#columnsSeen];
    // The type has a fixed distance from the end, whatever names and extensions come before.
    const found = formOfWireType(buffer[end - 6]!, buffer.readUInt16LE(end - 5));
    if (found !== wanted) {
      throw new RangeError(`column ${this.#columnsSeen + 1} is ${found}, not ${wanted}`);
    }
    this.#columnsSeen++;
  }

  /**
   * An ERR packet ends the exchange regularly, unless a reply to a command that was sent along is still to
   * come.
   */
  #refused(buffer: Buffer, start: number, end: number): void {
    if (
      this.#phase === 'executeHeader' &&
      this.#runsLastPrepared &&
      errnoOf(buffer, start) === unknownStatement
    ) {
      // A proxy does not know this short form; the statement is executed by its id instead.
      this.#runsLastPrepared = false;
      this.#send(executeStatement(this.#statement), closeStatement(this.#statement));
      return;
    }
    // A statement that could not be prepared cannot be executed either; only the first error shows the cause.
    this.#refusal ??= asBackupError(errorOf(buffer, start, end));
    if (this.#phase === 'prepareHeader' && this.#runsLastPrepared) {
      this.#phase = 'refused';
      return;
    }
    this.end(this.#refusal);
    // After a failure of the first statement the other replies are not read: the connection is closed.
    if (this.#phase !== 'first') this.#phase = 'done';
  }

  /** Lets the driver continue with its next command. */
  #giveBack(): void {
    this.#driver!.packetParser = this.#parser!;
    this.#driver!.handlePacket();
    this.#wakeUp();
  }

  #send(...payloads: readonly Buffer[]): void {
    this.#driver!.stream.write(commandBytes(payloads));
  }

  #pause(): void {
    this.#paused = true;
    this.#driver!.stream.pause();
    this.#wakeUp();
  }

  #resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#driver!.stream.resume();
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function notUnderstood(cause: unknown): BackupError {
  return new BackupError(
    'dump-incomplete',
    'The database server sent a reply that does not follow the protocol.',
    {
      cause,
    },
  );
}
