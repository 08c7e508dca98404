import type { ColumnBatch } from '../../archive/column-batch.js';
import { cellsOf, type LoadedColumn, type LongCell, SHORT_ROOM, type Spelling } from './cells.js';
import { HEADER_BYTES } from './load-command.js';

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;

const spelling: Spelling = {
  null: Uint8Array.of(BACKSLASH, 0x4e),
  quote: new Uint8Array(0),
  exponent: new Uint8Array(0),
};

/** How the lines of {@link TsvWriter} are to be read, in the words of LOAD DATA. */
export const TSV_CLAUSE: string =
  "CHARACTER SET binary FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n'";

const CHUNK_BYTES = 256 * 1024;

/**
 * Batches as lines for LOAD DATA with `CHARACTER SET binary`: values in their own bytes, of which tab, newline and
 * backslash alone are escaped, so that no character set is ever interpreted (S2, S3).
 */
export class TsvWriter {
  readonly #columns: readonly LoadedColumn[];
  readonly #send: (buffer: Buffer, end: number) => void;
  #free: Buffer[] = [];
  #sent: Buffer[] = [];
  #buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #at: number = HEADER_BYTES;

  /** @param send - takes a chunk: `buffer[4 … end - 1]`; the buffer is its own until {@link reclaim} */
  constructor(columns: readonly LoadedColumn[], send: (buffer: Buffer, end: number) => void) {
    this.#columns = columns;
    this.#send = send;
  }

  /** Writes all rows of a batch; whole chunks are sent, the rest waits for more or for {@link flush}. */
  write(batch: ColumnBatch): void {
    const cells = cellsOf(this.#columns, batch, spelling);
    const last = cells.length - 1;
    for (let row = 0; row < batch.rows; row++) {
      for (let i = 0; i <= last; i++) {
        const cell = cells[i]!;
        if (cell.long) {
          this.#writeLong(cell, row);
        } else {
          if (this.#at + SHORT_ROOM > CHUNK_BYTES) this.flush();
          this.#at = cell.write(row, this.#buffer, this.#at);
        }
        // Every writer leaves room for this one byte.
        this.#buffer[this.#at++] = i === last ? NEWLINE : TAB;
      }
    }
  }

  #writeLong(cell: LongCell, row: number): void {
    const { nulls, values } = cell;
    const length = values.lengths[row]!;
    if (nulls !== null && (nulls[row >> 3]! & (1 << (row & 7))) !== 0) {
      if (this.#at + SHORT_ROOM > CHUNK_BYTES) this.flush();
      this.#buffer[this.#at++] = BACKSLASH;
      this.#buffer[this.#at++] = 0x4e;
      return;
    }
    const { data } = values;
    let from = cell.offset;
    const end = from + length;
    cell.offset = end;
    for (;;) {
      // Escaped, a byte takes two at most.
      let room = (CHUNK_BYTES - this.#at - SHORT_ROOM) >> 1;
      if (room < end - from && room < 1024) {
        this.flush();
        room = (CHUNK_BYTES - this.#at - SHORT_ROOM) >> 1;
      }
      const stop = Math.min(end, from + room);
      this.#at = escapeInto(this.#buffer, this.#at, data, from, stop);
      from = stop;
      if (from === end) break;
    }
    if (this.#at + SHORT_ROOM > CHUNK_BYTES) this.flush();
  }

  /** Sends what is written so far. */
  flush(): void {
    if (this.#at === HEADER_BYTES) return;
    this.#send(this.#buffer, this.#at);
    this.#sent.push(this.#buffer);
    this.#buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    this.#at = HEADER_BYTES;
  }

  /** All chunks sent so far have left the process and may be used again. */
  reclaim(): void {
    this.#free.push(...this.#sent);
    this.#sent = [];
  }
}

function escapeInto(out: Uint8Array, at: number, data: Uint8Array, from: number, end: number): number {
  let to = at;
  for (let i = from; i < end; i++) {
    const byte = data[i]!;
    if (byte === BACKSLASH || byte === TAB || byte === NEWLINE) out[to++] = BACKSLASH;
    out[to++] = byte;
  }
  return to;
}
