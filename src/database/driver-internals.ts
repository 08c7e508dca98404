import type { Socket } from 'node:net';
import type { Connection as MysqlConnection } from 'mysql2';

/**
 * The few parts of mysql2's inside that reading rows as bytes needs. They are not public there, which is why
 * the dependency is held to patch releases and a test watches every one of them.
 */
export interface DriverInternals {
  /** The socket; the TLS one after an upgrade. */
  readonly stream: Socket;
  /** The command that is being answered; null or undefined between commands. */
  readonly _command: unknown;
  /** Takes every chunk that the socket gives. */
  packetParser: ChunkTaker;
  /** Runs a command after those already queued. */
  addCommand(command: DriverCommand): void;
  /** Sends one packet under the next sequence number, splitting it at 16 MiB. */
  writePacket(packet: OutgoingPacket): void;
  /** Begins a new exchange. */
  _resetSequenceId(): void;
  /** Counts packets of the exchange that came or went. */
  _bumpSequenceId(packets: number): void;
  readonly clientEncoding: string;
  /** Without a packet: asks the current command whether it is done, and goes on with the next. */
  handlePacket(): void;
}

/** Something that takes the bytes of a connection. */
export interface ChunkTaker {
  execute(chunk: Buffer): void;
  /** Whether a chunk may be overwritten after the call. */
  readonly isQuick?: true;
}

/** Something the driver feeds with every packet that arrives while it is the current command. */
export interface DriverCommand {
  /**
   * @param packet - undefined when the command may send, and when it is asked whether it is done
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
  /** The error that an ERR packet tells. */
  asError(encoding: string): Error;
  /** Takes the number that comes next. */
  readLengthCodedNumber(): number;
  /** Takes the text that comes next, or null for NULL. */
  readLengthCodedString(encoding: string): string | null;
}

/** A packet to the server: four bytes of header, then the payload. */
export interface OutgoingPacket {
  readonly buffer: Buffer;
  length(): number;
  writeHeader(sequenceId: number): void;
}

/** The inside of a driver's connection. */
export function driverInternals(driver: MysqlConnection): DriverInternals {
  return driver as unknown as DriverInternals;
}

const drivers = new WeakMap<object, MysqlConnection>();

/** Notes whose connection of the driver a session works with. */
export function noteDriver(session: object, driver: MysqlConnection): void {
  drivers.set(session, driver);
}

/**
 * The driver's own connection, for the row reader and for loading.
 *
 * @throws TypeError for a session that was not opened here
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

/** Commands as they go over the line together: each begins an exchange of its own. */
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

/** The payload of a command that is a statement. */
export function textCommand(command: number, sql: string): Buffer {
  return Buffer.concat([Uint8Array.of(command), Buffer.from(sql, 'utf8')]);
}

/** Whether a packet is the end of a result or of its columns. */
export function isEof(buffer: Buffer, start: number, end: number): boolean {
  return buffer[start] === 0xfe && end - start < 9;
}

/**
 * Whether a packet tells an error; a row of text begins with the length of its first value, which is never
 * this.
 */
export function isError(buffer: Buffer, start: number): boolean {
  return buffer[start] === 0xff;
}

/** The count of warnings that an end packet tells. */
export function warningsOf(buffer: Buffer, start: number): number {
  return buffer.readUInt16LE(start + 1);
}
