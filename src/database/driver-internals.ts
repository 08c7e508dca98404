import type { Socket } from 'node:net';
import type { Connection as MysqlConnection } from 'mysql2';

/**
 * The internals of mysql2 that reading rows as bytes needs. They are not public, so the dependency is limited
 * to patch releases and a test checks each of them.
 */
export interface DriverInternals {
  /** The socket; the TLS one after an upgrade. */
  readonly stream: Socket;
  /** The command whose reply is awaited; null or undefined between commands. */
  readonly _command: unknown;
  /** Receives every chunk of the socket. */
  packetParser: ChunkTaker;
  /** Runs a command after those already queued. */
  addCommand(command: DriverCommand): void;
  /** Sends one packet under the next sequence number, splitting it at 16 MiB. */
  writePacket(packet: OutgoingPacket): void;
  /** Begins a new exchange. */
  _resetSequenceId(): void;
  /** Advances the sequence number by packets that were sent or received. */
  _bumpSequenceId(packets: number): void;
  readonly clientEncoding: string;
  /** Without a packet: the current command checks whether it is done, and the next one starts. */
  handlePacket(): void;
}

/** A receiver of a connection's bytes. */
export interface ChunkTaker {
  execute(chunk: Buffer): void;
  /** Whether a chunk may be overwritten after the call. */
  readonly isQuick?: true;
}

/** A command, which the driver calls with every packet that arrives while it is the current one. */
export interface DriverCommand {
  /**
   * @param packet - undefined when the command may send, and when it only checks whether it is done
   * @returns whether the command is done
   */
  execute(packet: IncomingPacket | undefined, driver: DriverInternals): boolean;
  /** The connection failed. */
  onResult(error: Error | null): void;
}

/**
 * A packet from the server: its payload is `buffer[offset … end - 1]`, already joined when it was longer than
 * 16 MiB.
 */
export interface IncomingPacket {
  readonly buffer: Buffer;
  readonly offset: number;
  readonly end: number;
  /** The error in an ERR packet. */
  asError(encoding: string): Error;
  /** Reads the next number. */
  readLengthCodedNumber(): number;
  /** Reads the next string; null for NULL. */
  readLengthCodedString(encoding: string): string | null;
}

/** A packet to the server: four bytes of header, then the payload. */
export interface OutgoingPacket {
  readonly buffer: Buffer;
  length(): number;
  writeHeader(sequenceId: number): void;
}

/** The internals of a driver's connection. */
export function driverInternals(driver: MysqlConnection): DriverInternals {
  return driver as unknown as DriverInternals;
}

const drivers = new WeakMap<object, MysqlConnection>();

/** Records which driver connection a session uses. */
export function noteDriver(session: object, driver: MysqlConnection): void {
  drivers.set(session, driver);
}

/**
 * The driver's connection of a session, for the row reader and for loading.
 *
 * @throws TypeError for a session that was not opened by `openConnection`
 */
export function driverOf(session: object): MysqlConnection {
  const driver = drivers.get(session);
  if (driver === undefined) throw new TypeError('the connection is not one of "openConnection"');
  return driver;
}

/** A packet with this payload. */
export function packetOf(payload: Uint8Array): OutgoingPacket {
  const buffer = Buffer.allocUnsafe(4 + payload.length);
  buffer.set(payload, 4);
  return {
    buffer,
    length: () => buffer.length,
    writeHeader(sequenceId) {
      buffer.writeUIntLE(payload.length, 0, 3);
      buffer[3] = sequenceId;
    },
  };
}

/** The packets of several commands in one buffer: each starts a new sequence. */
export function commandBytes(payloads: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    payloads.map((payload) => {
      const packet = packetOf(payload);
      packet.writeHeader(0);
      return packet.buffer;
    }),
  );
}

/** COM_QUERY. */
export const queryCommand = 0x03;

/** The payload of a command with a statement. */
export function textCommand(command: number, sql: string): Buffer {
  return Buffer.concat([Uint8Array.of(command), Buffer.from(sql, 'utf8')]);
}

/** Whether a packet is the EOF packet of a result or of its columns. */
export function isEof(buffer: Buffer, start: number, end: number): boolean {
  return buffer[start] === 0xfe && end - start < 9;
}

/**
 * Whether a packet is an ERR packet. A row of text begins with the length of its first value, which is never
 * 0xff.
 */
export function isError(buffer: Buffer, start: number): boolean {
  return buffer[start] === 0xff;
}

/** The number of warnings in an EOF packet. */
export function warningsOf(buffer: Buffer, start: number): number {
  return buffer.readUInt16LE(start + 1);
}
