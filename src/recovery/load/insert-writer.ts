import { quoteName } from '../../database/identifiers.js';
import { BackupError } from '../../errors.js';
import type { ColumnBatch } from '../../model/column-batch.js';
import { cellsOf, dataTypeOf, type LoadedColumn, type LongCell, type Spelling, shortRoom } from './cells.js';
import { headerBytes } from './load-command.js';

const spelling: Spelling = {
  null: Buffer.from('NULL'),
  quote: Buffer.from("'"),
  exponent: Buffer.from('e0'),
};

const hexDigits: Uint8Array = Buffer.from('0123456789ABCDEF');
const comma = 0x2c;
const open = 0x28;
const close = 0x29;
const quoteMark = 0x27;

/**
 * Writes batches as INSERT statements of many rows, for servers that refuse LOAD DATA LOCAL. Text and bytes
 * are hexadecimal, so sql_mode and character sets do not matter (S3, S4, V7).
 */
export class InsertWriter {
  readonly #table: string;
  readonly #columns: readonly LoadedColumn[];
  readonly #wrappers: readonly (readonly [before: Buffer, after: Buffer])[];
  readonly #head: Buffer;
  readonly #limit: number;
  readonly #maxPacket: number;
  readonly #send: (buffer: Buffer, end: number) => Promise<void>;
  #buffer: Buffer;
  #at = 0;

  /**
   * @param maxPacket - the target's `max_allowed_packet`; no statement is longer (V19)
   * @param send - sends a statement: `buffer[5 … end - 1]`, with free bytes for a packet's header and command
   *   before it
   */
  constructor(
    table: string,
    columns: readonly LoadedColumn[],
    maxPacket: number,
    send: (buffer: Buffer, end: number) => Promise<void>,
  ) {
    this.#table = table;
    this.#columns = columns;
    this.#wrappers = columns.map(wrapperOf);
    const names = columns.map((column) => quoteName(column.name)).join(', ');
    this.#head = Buffer.concat([
      Buffer.alloc(headerBytes + 1),
      Buffer.from(`INSERT INTO ${quoteName(table)} (${names}) VALUES `),
    ]);
    this.#maxPacket = maxPacket - 64;
    this.#limit = Math.min(1024 * 1024, this.#maxPacket);
    this.#send = send;
    this.#buffer = Buffer.allocUnsafeSlow(this.#limit + 64 * 1024);
    this.#begin();
  }

  #begin(): void {
    this.#head.copy(this.#buffer);
    this.#at = this.#head.length;
  }

  async write(batch: ColumnBatch): Promise<void> {
    const cells = cellsOf(this.#columns, batch, spelling);
    for (let row = 0; row < batch.rows; row++) {
      const rowStart = this.#at;
      this.#room(2);
      if (rowStart > this.#head.length) this.#buffer[this.#at++] = comma;
      this.#buffer[this.#at++] = open;
      for (const [i, cell] of cells.entries()) {
        if (i > 0) this.#buffer[this.#at++] = comma;
        if (cell.long) this.#writeLong(cell, row, i);
        else {
          this.#room(shortRoom);
          this.#at = cell.write(row, this.#buffer, this.#at);
        }
      }
      this.#room(2);
      this.#buffer[this.#at++] = close;
      if (this.#at > this.#limit) await this.#splitBefore(rowStart);
    }
  }

  /** Sends the rows written so far. */
  async flush(): Promise<void> {
    if (this.#at === this.#head.length) return;
    const end = this.#at;
    await this.#send(this.#buffer, end);
    this.#begin();
  }

  /**
   * Called when the statement is full: sends the rows before the last one, which begins the next statement.
   */
  async #splitBefore(rowStart: number): Promise<void> {
    if (rowStart > this.#head.length) {
      const row = Buffer.from(this.#buffer.subarray(rowStart + 1, this.#at));
      await this.#send(this.#buffer, rowStart);
      this.#begin();
      this.#room(row.length);
      row.copy(this.#buffer, this.#at);
      this.#at += row.length;
    }
    if (this.#at <= this.#limit) return;
    if (this.#at > this.#maxPacket) {
      throw new BackupError(
        'restore-failed',
        `A row of table "${this.#table}" needs max_allowed_packet of at least ${this.#at + 64} bytes on the target server.`,
        {
          details: { table: this.#table, neededBytes: this.#at + 64, maxAllowedPacket: this.#maxPacket + 64 },
        },
      );
    }
    await this.flush();
  }

  #writeLong(cell: LongCell, row: number, column: number): void {
    const { nulls, values } = cell;
    const length = values.lengths[row]!;
    const from = cell.offset;
    cell.offset += length;
    const [before, after] = this.#wrappers[column]!;
    this.#room(2 * length + before.length + after.length + shortRoom);
    if (nulls !== null && (nulls[row >> 3]! & (1 << (row & 7))) !== 0) {
      this.#append(spelling.null);
      return;
    }
    this.#append(before);
    let at = this.#at;
    const out = this.#buffer;
    if (length > 0) out[at++] = 0x58; // X
    out[at++] = quoteMark;
    for (let i = from; i < from + length; i++) {
      const byte = values.data[i]!;
      out[at++] = hexDigits[byte >> 4]!;
      out[at++] = hexDigits[byte & 15]!;
    }
    out[at++] = quoteMark;
    this.#at = at;
    this.#append(after);
  }

  #append(bytes: Uint8Array): void {
    this.#buffer.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #room(bytes: number): void {
    if (this.#at + bytes + 8 <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafeSlow(2 * this.#buffer.length + bytes);
    this.#buffer.copy(grown, 0, 0, this.#at);
    this.#buffer = grown;
  }
}

/** Types that accept text but not bytes; a DECIMAL reads hexadecimal as an integer. */
function wrapperOf(column: LoadedColumn): readonly [Buffer, Buffer] {
  const dataType = dataTypeOf(column);
  const characterSet = dataType === 'decimal' ? 'latin1' : textOnly(column);
  if (characterSet === undefined) return [Buffer.alloc(0), Buffer.alloc(0)];
  return [Buffer.from('CONVERT('), Buffer.from(` USING ${characterSet})`)];
}

/**
 * The character set in which a type needs its text, for types that interpret bytes as something else (V14,
 * V16).
 */
export function textOnly(column: LoadedColumn): string | undefined {
  // Values of a compressed column can be longer than its type allows, and are accepted only as text of its
  // own set.
  if (/\bCOMPRESSED\b/.test(column.type) && column.characterSet === 'utf8mb4') return 'utf8mb4';
  switch (dataTypeOf(column)) {
    case 'json':
      return 'utf8mb4';
    case 'inet4':
    case 'inet6':
    case 'uuid':
      return 'latin1';
    default:
      return undefined;
  }
}
