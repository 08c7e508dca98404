import { BackupError } from '../errors.js';

/** The error of a column part that does not parse. `what` names the fault and contains no value. */
export function damagedPart(what: string): BackupError {
  return new BackupError('archive-damaged', `A part of a table cannot be read: ${what}.`);
}

/** Reads bytes front to back; never past the end. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  position: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.position = 0;
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Uint8Array {
    if (length > this.remaining) throw damagedPart('it ends too early');
    const start = this.position;
    this.position += length;
    return this.bytes.subarray(start, this.position);
  }

  byte(): number {
    if (this.position >= this.bytes.length) throw damagedPart('it ends too early');
    return this.bytes[this.position++]!;
  }

  /** An unsigned LEB128 of at most 32 bits, in its shortest form. */
  leb128(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff || (byte === 0 && shift > 0)) break;
        return value;
      }
    }
    throw damagedPart('a length is malformed');
  }
}

/** Writes bytes front to back into a buffer of fixed size. */
export class ByteBuilder {
  readonly bytes: Uint8Array;
  position: number;

  /** @param room - most bytes that will be written, or the buffer for them */
  constructor(room: number | Uint8Array) {
    this.bytes = typeof room === 'number' ? new Uint8Array(room) : room;
    this.position = 0;
  }

  /** What was written, not copied. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.position);
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.position);
    this.position += bytes.length;
  }

  leb128(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.byte((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.byte(rest);
  }
}
