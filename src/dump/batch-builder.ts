import { type ColumnBatch, type ColumnValues, widthOf } from '../archive/column-batch.js';
import type { ValueForm } from '../archive/model.js';

/** What a column does with its bytes: a width, or 0 for values that carry their own length. */
type Width = ReturnType<typeof widthOf>;

/** Values up to this size are copied four bytes at a time; a native copy costs about as much as this many bytes do. */
const shortValue = 96;

/** Buffers that one oversized value made larger than this are not kept for the next batch. */
const keptBytes = 8 * 1024 * 1024;

/**
 * Turns rows of the binary protocol on their side, straight from the packets, and makes no object per row or value.
 *
 * State lies in parallel arrays, one slot per column, because this loop runs for every value of the database.
 */
export class BatchBuilder {
  readonly #widths: readonly Width[];
  readonly #columns: number;
  /** Bytes of the NULL bitmap in a row packet; its first two bits are unused. */
  readonly #bitmapBytes: number;

  /** Values of every column; for those of varying length, `#used` bytes are taken. */
  readonly #data: Uint8Array[];
  readonly #views: DataView[];
  readonly #used: number[];
  readonly #lengths: Uint32Array[];
  readonly #nulls: Uint8Array[];
  readonly #hasNulls: boolean[];

  #rows = 0;
  #capacity = 0;
  #bytes = 0;

  #packet: Buffer | undefined;
  #packetView: DataView = new DataView(new ArrayBuffer(0));

  /** @param forms - of the columns that are asked for, in order */
  constructor(forms: readonly ValueForm[]) {
    this.#widths = forms.map(widthOf);
    this.#columns = forms.length;
    this.#bitmapBytes = (forms.length + 9) >> 3;
    this.#data = forms.map(() => new Uint8Array(0));
    this.#views = this.#data.map((data) => new DataView(data.buffer));
    this.#used = forms.map(() => 0);
    this.#lengths = forms.map(() => new Uint32Array(0));
    this.#nulls = forms.map(() => new Uint8Array(0));
    this.#hasNulls = forms.map(() => false);
  }

  /** Rows taken since the last {@link take}. */
  get rows(): number {
    return this.#rows;
  }

  /** Bytes of row packets taken since the last {@link take}. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes one row.
   *
   * @param packet - holds the row's packet
   * @param start - of the payload: a zero byte, the NULL bitmap, the values
   * @param end - of the payload
   * @throws RangeError when the packet is not a row of these columns
   */
  add(packet: Buffer, start: number, end: number): void {
    if (packet !== this.#packet) {
      this.#packet = packet;
      this.#packetView = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    }
    const row = this.#rows;
    if (row === this.#capacity) this.#growRows();
    const bitmapStart = start + 1;
    const valuesStart = bitmapStart + this.#bitmapBytes;
    let anyNull = 0;
    for (let at = bitmapStart; at < valuesStart; at++) anyNull |= packet[at]!;
    const at =
      anyNull === 0
        ? this.#addValues(packet, valuesStart, row)
        : this.#addNullableValues(packet, bitmapStart, valuesStart, row);
    if (at !== end) throw new RangeError(`a row of ${end - start} bytes ended after ${at - start}`);
    this.#rows = row + 1;
    this.#bytes += end - start;
  }

  #addValues(packet: Buffer, start: number, row: number): number {
    const view = this.#packetView;
    const widths = this.#widths;
    const views = this.#views;
    const columns = this.#columns;
    let at = start;
    for (let column = 0; column < columns; column++) {
      switch (widths[column]) {
        case 8: {
          const target = views[column]!;
          const offset = row * 8;
          target.setInt32(offset, view.getInt32(at, true), true);
          target.setInt32(offset + 4, view.getInt32(at + 4, true), true);
          at += 8;
          break;
        }
        case 4:
          views[column]!.setInt32(row * 4, view.getInt32(at, true), true);
          at += 4;
          break;
        case 2:
          views[column]!.setInt16(row * 2, view.getInt16(at, true), true);
          at += 2;
          break;
        case 1:
          views[column]!.setInt8(row, view.getInt8(at));
          at += 1;
          break;
        default:
          at = this.#addVariable(packet, at, column, row);
      }
    }
    return at;
  }

  #addNullableValues(packet: Buffer, bitmapStart: number, start: number, row: number): number {
    const view = this.#packetView;
    const widths = this.#widths;
    const columns = this.#columns;
    let at = start;
    for (let column = 0; column < columns; column++) {
      const bit = column + 2;
      const width = widths[column]!;
      if ((packet[bitmapStart + (bit >> 3)]! & (1 << (bit & 7))) !== 0) {
        this.#nulls[column]![row >> 3]! |= 1 << (row & 7);
        this.#hasNulls[column] = true;
        if (width === 0) this.#lengths[column]![row] = 0;
        else this.#data[column]!.fill(0, row * width, (row + 1) * width);
        continue;
      }
      if (width === 0) {
        at = this.#addVariable(packet, at, column, row);
        continue;
      }
      const target = this.#views[column]!;
      const offset = row * width;
      for (let byte = 0; byte < width; byte++) target.setInt8(offset + byte, view.getInt8(at + byte));
      at += width;
    }
    return at;
  }

  /** A value led by its length: one byte, or a mark and two, three or eight bytes. */
  #addVariable(packet: Buffer, start: number, column: number, row: number): number {
    const view = this.#packetView;
    let at = start + 1;
    let length = packet[start]!;
    if (length > 250) {
      if (length === 0xfc) {
        length = view.getUint16(at, true);
        at += 2;
      } else if (length === 0xfd) {
        length = view.getUint16(at, true) + packet[at + 2]! * 0x10000;
        at += 3;
      } else if (length === 0xfe) {
        length = view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
        at += 8;
      } else {
        throw new RangeError(`a value began with the byte ${length}`);
      }
    }
    const end = at + length;
    if (end > packet.length) throw new RangeError('a value ends behind its packet');
    this.#lengths[column]![row] = length;
    const used = this.#used[column]!;
    if (used + length > this.#data[column]!.length) this.#growData(column, used + length);
    if (length <= shortValue) {
      const target = this.#views[column]!;
      let offset = used;
      const lastWord = end - 4;
      let from = at;
      for (; from <= lastWord; from += 4, offset += 4) {
        target.setInt32(offset, view.getInt32(from, true), true);
      }
      for (; from < end; from++, offset++) target.setInt8(offset, view.getInt8(from));
    } else {
      this.#data[column]!.set(packet.subarray(at, end), used);
    }
    this.#used[column] = used + length;
    return end;
  }

  #growRows(): void {
    const capacity = Math.max(64, this.#capacity * 2);
    for (let column = 0; column < this.#columns; column++) {
      const width = this.#widths[column]!;
      if (width === 0) {
        const lengths = new Uint32Array(capacity);
        lengths.set(this.#lengths[column]!);
        this.#lengths[column] = lengths;
      } else {
        this.#replaceData(column, width * capacity);
      }
      const nulls = new Uint8Array(capacity >> 3);
      nulls.set(this.#nulls[column]!);
      this.#nulls[column] = nulls;
    }
    this.#capacity = capacity;
  }

  #growData(column: number, needed: number): void {
    const doubled = Math.max(1024, this.#data[column]!.length * 2);
    this.#replaceData(column, Math.max(needed, doubled));
  }

  #replaceData(column: number, size: number): void {
    const data = new Uint8Array(size);
    data.set(this.#data[column]!);
    this.#data[column] = data;
    this.#views[column] = new DataView(data.buffer);
  }

  /**
   * What was taken, as views into the builder's own buffers: they hold until the builder takes rows again.
   */
  take(): ColumnBatch {
    const rows = this.#rows;
    const columns = this.#widths.map((width, column): ColumnValues => {
      const nulls = this.#hasNulls[column] ? this.#nulls[column]!.subarray(0, (rows + 7) >> 3) : null;
      const data = this.#data[column]!;
      return width === 0
        ? {
            kind: 'variable',
            nulls,
            lengths: this.#lengths[column]!.subarray(0, rows),
            data: data.subarray(0, this.#used[column]),
          }
        : { kind: 'fixed', width, nulls, data: data.subarray(0, rows * width) };
    });
    return { rows, columns };
  }

  /** Forgets the rows and keeps the buffers, unless one huge value swelled them. */
  clear(): void {
    for (let column = 0; column < this.#columns; column++) {
      if (this.#hasNulls[column]) {
        this.#nulls[column]!.fill(0);
        this.#hasNulls[column] = false;
      }
      this.#used[column] = 0;
      if (this.#widths[column] === 0 && this.#data[column]!.length > keptBytes) {
        this.#data[column] = new Uint8Array(0);
        this.#views[column] = new DataView(this.#data[column]!.buffer);
      }
    }
    this.#rows = 0;
    this.#bytes = 0;
    this.#packet = undefined;
  }
}
