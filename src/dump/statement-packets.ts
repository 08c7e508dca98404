/** Packets of the binary protocol for reading rows, and its ERR packet. */
import { textCommand } from '../database/driver-internals.js';

const stmtPrepare = 0x16;
const stmtExecute = 0x17;
const stmtClose = 0x19;

/** The statement id by which MariaDB executes the last prepared statement. */
export const lastPrepared = 0xff_ff_ff_ff;

export function prepareStatement(sql: string): Buffer {
  return textCommand(stmtPrepare, sql);
}

/** No cursor, one iteration, no parameters. */
export function executeStatement(id: number): Buffer {
  const payload = Buffer.alloc(10);
  payload[0] = stmtExecute;
  payload.writeUInt32LE(id, 1);
  payload.writeUInt32LE(1, 6);
  return payload;
}

export function closeStatement(id: number): Buffer {
  const payload = Buffer.alloc(5);
  payload[0] = stmtClose;
  payload.writeUInt32LE(id, 1);
  return payload;
}

/** Error number, state and text of an ERR packet. */
export function errorOf(buffer: Buffer, start: number, end: number): Error {
  const hasState = buffer[start + 3] === 0x23;
  const text = buffer.toString('utf8', start + (hasState ? 9 : 3), end);
  return Object.assign(new Error(text), { code: 'ERROR', errno: errnoOf(buffer, start) });
}

export function errnoOf(buffer: Buffer, start: number): number {
  return buffer.readUInt16LE(start + 1);
}
