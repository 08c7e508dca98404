import type { ColumnBatch } from '../../model/column-batch.js';
import { type LoadedColumn, type Spelling, shortRoom } from './cells.js';
import { headerBytes } from './load-command.js';
import {
  asBytes,
  asInt8,
  asInt16,
  asInt32,
  asInt64,
  asUint8,
  asUint16,
  asUint32,
  asUint64,
  planRows,
  type RowProgram,
  type Step,
} from './row-program.js';
import { writeInt32, writeInt64, writeUint32, writeUint64 } from './server-text.js';

const tab = 0x09;
const newline = 0x0a;
const backslash = 0x5c;
const letterN = 0x4e;

const spelling: Spelling = {
  null: Uint8Array.of(backslash, letterN),
  quote: new Uint8Array(0),
  exponent: new Uint8Array(0),
};

/** The format of the lines of {@link TsvWriter}, for LOAD DATA. */
export const tsvClause: string =
  "CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'";

const chunkBytes = 256 * 1024;
// Values of at least this length are searched and copied by native code.
const longValue = 256;

/**
 * Writes batches as lines for LOAD DATA with `CHARACTER SET binary`: values in their own bytes, with only
 * tab, newline and backslash escaped, so that character sets do not matter (S2, S3).
 */
export class TsvWriter {
  readonly #columns: readonly LoadedColumn[];
  readonly #send: (buffer: Buffer, end: number) => void;
  /** Size of a chunk. */
  readonly #size: number;
  #free: Buffer[] = [];
  #sent: Buffer[] = [];
  #buffer: Buffer;
  #at: number = headerBytes;

  /** @param send - receives a chunk: `buffer[4 … end - 1]`; it owns the buffer until {@link reclaim} */
  constructor(columns: readonly LoadedColumn[], send: (buffer: Buffer, end: number) => void) {
    this.#columns = columns;
    this.#send = send;
    // A row's short values are in one chunk, which is twice as large as they can be (V22).
    this.#size = Math.max(chunkBytes, 2 * columns.length * (shortRoom + 1));
    this.#buffer = Buffer.allocUnsafeSlow(this.#size);
  }

  /** Writes all rows of a batch. Full chunks are sent; the rest waits for more rows or for {@link flush}. */
  write(batch: ColumnBatch): void {
    const program = planRows(this.#columns, batch, spelling, tab, newline);
    for (let row = 0; row < batch.rows; row++) {
      if (this.#at + program.room > this.#size) this.flush();
      this.#writeRow(program, row);
    }
  }

  #writeRow({ before, steps, room }: RowProgram, row: number): void {
    const size = this.#size;
    let out = this.#buffer;
    let at = this.#at;
    for (let i = 0; i < before.length; i++) out[at++] = before[i]!;
    for (let s = 0; s < steps.length; s++) {
      const step = steps[s]!;
      const { nulls, after } = step;
      if (nulls !== null && (nulls[row >> 3]! & (1 << (row & 7))) !== 0) {
        out[at++] = backslash;
        out[at++] = letterN;
      } else if (step.kind === asBytes) {
        const length = step.lengths[row]!;
        // Escaped, a byte takes at most two.
        if (length < longValue && at + 2 * length + room <= size) {
          const { bytes } = step;
          const end = step.offset + length;
          for (let i = step.offset; i < end; i++) {
            const byte = bytes[i]!;
            if (byte === backslash || byte === tab || byte === newline) out[at++] = backslash;
            out[at++] = byte;
          }
          step.offset = end;
        } else {
          this.#at = at;
          this.#writeLong(step, length, room);
          out = this.#buffer;
          at = this.#at;
        }
      } else at = writeShort(step, row, out, at);
      for (let i = 0; i < after.length; i++) out[at++] = after[i]!;
    }
    this.#at = at;
  }

  /** Writes a value in pieces, and leaves space for the rest of its row. */
  #writeLong(step: Step, length: number, room: number): void {
    const end = step.offset + length;
    let from = step.offset;
    step.offset = end;
    while (from < end) {
      let space = (this.#size - this.#at - room) >> 1;
      if (space < end - from && space < 1024) {
        this.flush();
        space = (this.#size - this.#at - room) >> 1;
      }
      const piece = step.bytes.subarray(from, Math.min(end, from + space));
      this.#at = escapeInto(this.#buffer, this.#at, piece);
      from += piece.length;
    }
    if (this.#at + room > this.#size) this.flush();
  }

  /** Sends what was written so far. */
  flush(): void {
    if (this.#at === headerBytes) return;
    this.#send(this.#buffer, this.#at);
    this.#sent.push(this.#buffer);
    this.#buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size);
    this.#at = headerBytes;
  }

  /** To be called when all chunks sent so far have left the process and may be reused. */
  reclaim(): void {
    this.#free.push(...this.#sent);
    this.#sent = [];
  }
}

function writeShort(step: Step, row: number, out: Uint8Array, at: number): number {
  switch (step.kind) {
    case asInt8:
      return writeInt32(out, at, (step.bytes[row]! << 24) >> 24);
    case asUint8:
      return writeUint32(out, at, step.bytes[row]!);
    case asInt16:
      return writeInt32(out, at, step.halves[row]!);
    case asUint16:
      return writeUint32(out, at, step.halves[row]! & 0xffff);
    case asInt32:
      return writeInt32(out, at, step.words[row]!);
    case asUint32:
      return writeUint32(out, at, step.words[row]! >>> 0);
    case asInt64:
      return writeInt64(out, at, step.words[2 * row]! >>> 0, step.words[2 * row + 1]! >>> 0);
    case asUint64:
      return writeUint64(out, at, step.words[2 * row]! >>> 0, step.words[2 * row + 1]! >>> 0);
    default:
      return step.write(row, out, at);
  }
}

function escapeInto(out: Buffer, at: number, value: Uint8Array): number {
  let to = at;
  if (value.includes(backslash) || value.includes(tab) || value.includes(newline)) {
    for (let i = 0; i < value.length; i++) {
      const byte = value[i]!;
      if (byte === backslash || byte === tab || byte === newline) out[to++] = backslash;
      out[to++] = byte;
    }
    return to;
  }
  out.set(value, to);
  return to + value.length;
}
