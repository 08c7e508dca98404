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

/** A question for rows. */
export interface RowQuery {
  readonly sql: string;
  /** Of every column of the result, in order; the server's answer is held against them. */
  readonly forms: readonly ValueForm[];
  /** A statement without a result, to be run before in the same packet. If it fails, the reading fails. */
  readonly first?: string;
}

/** Options of {@link readRows}. */
export interface RowReaderOptions {
  /** Bytes of row packets after which a batch is handed out. @defaultValue 1 MiB */
  readonly batchBytes?: number | undefined;
  /** Rows after which a batch is handed out. @defaultValue 65_536 */
  readonly batchRows?: number | undefined;
  /**
   * Whether the server runs the statement it prepared last without being told its number (MariaDB since
   * 10.2), so that it need not be waited for in between. @defaultValue false
   */
  readonly runsLastPrepared?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

const okMark = 0x00;
/** The server's number for a prepared statement that it does not know. */
const unknownStatement = 1243;

/** Where in the exchange the command is. */
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
 * While it runs, the bytes of the connection come here and not to the driver's own parser: rows are cut and
 * turned where they lie, in the buffer that the socket reads into.
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

  /** Whether the exchange ended in order, so that the connection can be used for the next one. */
  get finished(): boolean {
    return this.#phase === 'done';
  }

  /** Whether the connection itself failed. */
  get lost(): boolean {
    return isBackupError(this.#failure, 'database-connection-lost');
  }

  /** The next batch, undefined at the end. It lies in the builder, which is cleared for the one after it. */
  async next(): Promise<ColumnBatch | undefined> {
    this.#builder.clear();
    this.#resume();
    while (!this.#paused && !this.finished && !this.#failed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const { rows } = this.#builder;
    // Rows that came before an error are not worth keeping: the table is not complete (R1). Of a damaged one
    // they may be all that is left, and whoever reads on is told the damage next (F9).
    const isRemainder = rows > 0 && isBackupError(this.#failure, 'table-damaged');
    if (this.#failed && !isRemainder) throw this.#failure;
    return rows === 0 ? undefined : this.#builder.take();
  }

  /** Gives the memory of the batches back. */
  release(): void {
    this.#builder.release();
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
    // Every row begins with a zero byte, so an end or an error can never be taken for one (F3).
    if (buffer[start] === okMark) {
      const builder = this.#builder;
      builder.add(buffer, start, end);
      this.rows++;
      // A packet that came in pieces was put together in a buffer that the next such packet uses again.
      if (buffer !== this.#chunk) builder.settle();
      return;
    }
    if (isEof(buffer, start, end)) {
      this.warnings = warningsOf(buffer, start);
      this.#phase = 'done';
    } else if (isError(buffer, start)) {
      this.#refused(buffer, start, end);
    } else {
      throw new RangeError('neither row nor end');
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
        if (buffer[start] !== okMark) throw new RangeError('a statement without a result has one');
        this.#phase = 'prepareHeader';
        return;
      case 'prepareHeader': {
        this.#statement = buffer.readUInt32LE(start + 1);
        const columns = buffer.readUInt16LE(start + 5);
        const parameters = buffer.readUInt16LE(start + 7);
        if (columns !== forms.length || parameters !== 0) {
          throw new RangeError(`${columns} columns and ${parameters} parameters for ${forms.length} columns`);
        }
        this.#phase = 'prepareColumns';
        return;
      }
      case 'prepareColumns':
        if (isEof(buffer, start, end)) {
          this.#phase = 'executeHeader';
          // The server closes the statement when it has sent all rows; there is no answer to that.
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
        throw new RangeError('a packet came that nobody asked for');
    }
  }

  /** The table may have been altered since its columns were looked up; then its values would be misread. */
  #checkColumn(buffer: Buffer, end: number): void {
    const wanted = this.#query.forms[this.#columnsSeen];
    // The type stands at a fixed distance from the end, whatever names and extensions come before.
    const found = formOfWireType(buffer[end - 6]!, buffer.readUInt16LE(end - 5));
    if (found !== wanted) {
      throw new RangeError(`column ${this.#columnsSeen + 1} is ${found}, not ${wanted}`);
    }
    this.#columnsSeen++;
  }

  /**
   * An ERR packet: the exchange is over, and in order, unless what was sent along is still to be answered.
   */
  #refused(buffer: Buffer, start: number, end: number): void {
    if (
      this.#phase === 'executeHeader' &&
      this.#runsLastPrepared &&
      errnoOf(buffer, start) === unknownStatement
    ) {
      // A proxy in front of the server does not know this short form: it is told the number of the statement.
      this.#runsLastPrepared = false;
      this.#send(executeStatement(this.#statement), closeStatement(this.#statement));
      return;
    }
    // What could not be prepared cannot be run either, and only the first refusal says why.
    this.#refusal ??= asBackupError(errorOf(buffer, start, end));
    if (this.#phase === 'prepareHeader' && this.#runsLastPrepared) {
      this.#phase = 'refused';
      return;
    }
    this.end(this.#refusal);
    // After a failure of the first statement the other answers are not read: the connection is given up.
    if (this.#phase !== 'first') this.#phase = 'done';
  }

  /** Lets the driver go on with its next command. */
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
  return new BackupError('dump-incomplete', 'The database server answered in a way that is not understood.', {
    cause,
  });
}
