import type { Connection } from '../../database/connection.js';
import {
  type DriverCommand,
  type DriverInternals,
  driverInternals,
  driverOf,
  type IncomingPacket,
  type OutgoingPacket,
  packetOf,
} from '../../database/driver-internals.js';
import { asBackupError } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';
import type { StandstillWatch } from './standstill.js';

/** The server's reply to a statement that loads rows. */
export interface LoadOutcome {
  readonly rows: number;
  readonly warnings: number;
}

/** Free bytes at the start of a chunk for the header of a packet. */
export const headerBytes = 4;

const comQuery = 0x03;
const okMark = 0x00;
const localInfileMark = 0xfb;
const errMark = 0xff;

/**
 * LOAD DATA LOCAL: a statement whose data the client sends. Chunks are written to the socket without a copy;
 * a writer waits while the socket is full.
 */
export class LoadCommand implements DriverCommand {
  readonly #sql: Uint8Array;
  readonly #driver: DriverInternals;
  readonly #watch: StandstillWatch;
  readonly #open: Deferred<void> = deferred();
  readonly #done: Deferred<LoadOutcome> = deferred();
  #phase: 'done' | 'sending' | 'start' | 'waiting' = 'start';
  #resume: (() => void) | undefined;

  private constructor(driver: DriverInternals, sql: string, watch: StandstillWatch) {
    this.#driver = driver;
    this.#watch = watch;
    this.#sql = Buffer.concat([Uint8Array.of(comQuery), Buffer.from(sql, 'utf8')]);
  }

  /** Sends the statement and waits until the server requests the data. */
  static async begin(
    connection: Connection,
    sql: string,
    watch: StandstillWatch,
    signal: AbortSignal,
  ): Promise<LoadCommand> {
    signal.throwIfAborted();
    const driver = driverInternals(driverOf(connection));
    const command = new LoadCommand(driver, sql, watch);
    // Both are awaited later; until then a failure must not count as an unhandled rejection.
    command.#open.promise.catch(() => undefined);
    command.#done.promise.catch(() => undefined);
    const abandon = () => command.fail(signal.reason);
    signal.addEventListener('abort', abandon, { once: true });
    try {
      driver.addCommand(command);
      await watch.whileSending(command.#open.promise);
      return command;
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  }

  /** Whether everything written has left this process, so that chunks can be reused. */
  get flushed(): boolean {
    return this.#driver.stream.writableLength === 0;
  }

  /**
   * Sends a chunk: `buffer[4 … end - 1]`; its first four bytes are overwritten. The buffer must not change
   * until {@link flushed}.
   */
  send(buffer: Buffer, end: number): void {
    if (this.#phase !== 'sending') return;
    this.#driver.writePacket(packetIn(buffer.subarray(0, end)));
  }

  /** Waits while the socket is full. @throws BackupError when the connection failed meanwhile */
  async drained(): Promise<void> {
    const { stream } = this.#driver;
    if (this.#phase === 'sending' && stream.writableNeedDrain) {
      const resumed = new Promise<void>((resolve) => {
        this.#resume = resolve;
        stream.once('drain', resolve);
      });
      await this.#watch.whileSending(resumed);
      this.#resume = undefined;
    }
    // A failure is thrown by finish(), or here if it has happened already.
    if (this.#phase === 'done') await this.#done.promise;
  }

  /** Ends the data and waits for the server's reply. */
  async finish(): Promise<LoadOutcome> {
    if (this.#phase === 'sending') {
      this.#phase = 'waiting';
      this.#driver.writePacket(packetOf(new Uint8Array(0)));
    }
    return this.#watch.forTheWord(this.#done.promise);
  }

  /** Ends the command with an error; the connection cannot be used any more. */
  fail(error: unknown): void {
    this.#phase = 'done';
    const reason = asBackupError(error);
    this.#open.reject(reason);
    this.#done.reject(reason);
    this.#resume?.();
  }

  onResult(error: Error | null): void {
    if (error !== null) this.fail(error);
  }

  execute(packet: IncomingPacket | undefined, driver: DriverInternals): boolean {
    if (packet === undefined) {
      driver._resetSequenceId();
      driver.writePacket(packetOf(this.#sql));
      return false;
    }
    const { buffer, offset, end } = packet;
    switch (buffer[offset]) {
      case errMark:
        this.fail(packet.asError(driver.clientEncoding));
        return true;
      case localInfileMark:
        // The caller may have ended the command meanwhile.
        if (this.#phase !== 'start') return false;
        this.#phase = 'sending';
        this.#open.resolve();
        return false;
      case okMark:
        this.#phase = 'done';
        this.#open.resolve();
        this.#done.resolve(readOk(buffer.subarray(offset, end)));
        return true;
      default:
        this.fail(
          new BackupError(
            'restore-failed',
            'The database server sent a reply that does not follow the protocol.',
          ),
        );
        return true;
    }
  }
}

/** Sends one statement as bytes and returns the server's reply; `buffer[4 … end - 1]` is the statement. */
export async function sendStatement(
  connection: Connection,
  buffer: Buffer,
  end: number,
): Promise<LoadOutcome> {
  const command = new StatementCommand(buffer, end);
  driverInternals(driverOf(connection)).addCommand(command);
  return command.outcome.promise;
}

class StatementCommand implements DriverCommand {
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly outcome: Deferred<LoadOutcome> = deferred();

  constructor(buffer: Buffer, end: number) {
    this.#buffer = buffer;
    this.#end = end;
  }

  onResult(error: Error | null): void {
    if (error !== null) this.outcome.reject(asBackupError(error));
  }

  execute(packet: IncomingPacket | undefined, driver: DriverInternals): boolean {
    if (packet === undefined) {
      driver._resetSequenceId();
      this.#buffer[headerBytes] = comQuery;
      driver.writePacket(packetIn(this.#buffer.subarray(0, this.#end)));
      return false;
    }
    const { buffer, offset, end } = packet;
    if (buffer[offset] === okMark) this.outcome.resolve(readOk(buffer.subarray(offset, end)));
    else this.outcome.reject(asBackupError(packet.asError(driver.clientEncoding)));
    return true;
  }
}

/** A packet in a buffer whose first four bytes are free. */
function packetIn(buffer: Buffer): OutgoingPacket {
  return {
    buffer,
    length: () => buffer.length,
    writeHeader(sequenceId) {
      buffer.writeUIntLE(buffer.length - headerBytes, 0, 3);
      buffer[3] = sequenceId;
    },
  };
}

function readOk(payload: Buffer): LoadOutcome {
  const rows = readLength(payload, 1);
  const lastId = readLength(payload, rows.end);
  // Two bytes of status, then two of warnings.
  return { rows: rows.value, warnings: payload.readUInt16LE(lastId.end + 2) };
}

function readLength(payload: Buffer, at: number): { readonly value: number; readonly end: number } {
  const first = payload[at]!;
  if (first < 0xfb) return { value: first, end: at + 1 };
  const width = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
  const low = payload.readUIntLE(at + 1, Math.min(width, 6));
  return { value: low, end: at + 1 + width };
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((resolveIt, rejectIt) => {
    resolve = resolveIt;
    reject = rejectIt;
  });
  return { promise, resolve, reject };
}
