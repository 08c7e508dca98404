import { BufferPool } from '../engine/buffer-pool.js';
import { type ColumnBatch, type ColumnValues, widthOf } from '../model/column-batch.js';
import type { ValueForm } from '../model/parts.js';
import { copyAlike, copyShort } from './copy-values.js';

/** How a column's values are stored: a width in bytes, or 0 for values of variable length. */
type Width = ReturnType<typeof widthOf>;

/** Values up to this size are copied in words; a native call costs about as much as copying so many bytes. */
const shortValue = 96;

/** Buffers that one oversized value made larger than this are not kept for the next batch. */
const keptBytes = 8 * 1024 * 1024;

// Shared by the builders of all tables, since most tables are small and there are many.
const buffers: BufferPool = new BufferPool(keptBytes);

const nothing: Buffer = Buffer.alloc(0);
const noBytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
const noView: DataView = new DataView(noBytes.buffer);
const noWords: Int32Array = new Int32Array(0);
const noLengths: Uint32Array = new Uint32Array(0);

/** Rows that are transposed together: few enough to stay in the processor's first-level cache. */
const blockRows = 64;

/**
 * Transposes rows of the binary protocol into columns, directly from the packets, without an object per row
 * or value.
 *
 * Rows are recorded as they arrive and transposed in blocks, one column of a block after the other. The loop
 * over a column then has a fixed kind, target and width, which makes it fast. State is in parallel arrays,
 * one element per column, because these loops run for every value of the database.
 */
export class BatchBuilder {
  readonly #widths: readonly Width[];
  readonly #columns: number;
  /** Bytes of the NULL bitmap in a row packet; its first two bits are unused. */
  readonly #bitmapBytes: number;

  /** Values of every column; of those of variable length, the first `#used` bytes hold values. */
  readonly #data: Uint8Array<ArrayBuffer>[];
  /** The same buffers for values of variable length, which are not aligned. */
  readonly #views: DataView[];
  /** The same buffers for values of 4 or 8 bytes, in the machine's byte order (see `columns/numbers.ts`). */
  readonly #words: Int32Array[];
  readonly #used: number[];
  readonly #lengths: Uint32Array[];
  readonly #nulls: Uint8Array[];
  readonly #hasNulls: boolean[];

  /** The buffer of everything except values of variable length. */
  #room: Uint8Array<ArrayBuffer> = noBytes;
  /** Transposed rows. */
  #rows = 0;
  #capacity = 0;
  #bytes = 0;

  /** The buffer that holds all recorded rows that are not transposed yet. */
  #block: Buffer = nothing;
  #blockView: DataView = new DataView(new ArrayBuffer(0));
  #noted = 0;
  readonly #starts: Int32Array = new Int32Array(blockRows);
  readonly #ends: Int32Array = new Int32Array(blockRows);
  /** Position of each recorded row in the block, less what is common to all of them. */
  readonly #positions: Int32Array = new Int32Array(blockRows);
  readonly #gathered: Uint8Array;

  /** @param forms - of the selected columns, in order */
  constructor(forms: readonly ValueForm[]) {
    this.#widths = forms.map(widthOf);
    this.#columns = forms.length;
    this.#bitmapBytes = (forms.length + 9) >> 3;
    this.#gathered = new Uint8Array(this.#bitmapBytes);
    this.#data = forms.map(() => noBytes);
    this.#views = forms.map(() => noView);
    this.#words = forms.map(() => noWords);
    this.#used = forms.map(() => 0);
    this.#lengths = forms.map(() => noLengths);
    this.#nulls = forms.map(() => noBytes);
    this.#hasNulls = forms.map(() => false);
  }

  /** Rows added since the last {@link clear}. */
  get rows(): number {
    return this.#rows + this.#noted;
  }

  /** Bytes of row packets added since the last {@link clear}. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Adds one row. Its buffer must not change before {@link settle}.
   *
   * @param packet - holds the row's packet
   * @param start - of the payload: a zero byte, the NULL bitmap, the values
   * @param end - of the payload
   * @throws RangeError when a packet is not a row of these columns
   */
  add(packet: Buffer, start: number, end: number): void {
    if (packet !== this.#block) {
      this.#turn();
      this.#block = packet;
      this.#blockView = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    }
    const noted = this.#noted;
    this.#starts[noted] = start;
    this.#ends[noted] = end;
    this.#noted = noted + 1;
    this.#bytes += end - start;
    if (noted + 1 === blockRows) this.#turn();
  }

  /**
   * Transposes the recorded rows, so that their buffer may be reused.
   *
   * @throws RangeError when a packet is not a row of these columns
   */
  settle(): void {
    this.#turn();
    // The same buffer may hold other rows next time.
    this.#block = nothing;
  }

  /** Transposes the recorded rows. */
  #turn(): void {
    const count = this.#noted;
    if (count === 0) return;
    const row = this.#rows;
    while (row + count > this.#capacity) this.#growRows();
    const starts = this.#starts;
    const positions = this.#positions;
    const valuesStart = 1 + this.#bitmapBytes;
    for (let i = 0; i < count; i++) positions[i] = starts[i]! + valuesStart;
    this.#gatherNulls(count);
    // Bytes that the columns so far take in every row alike.
    let common = 0;
    for (let column = 0; column < this.#columns; column++) {
      const width = this.#widths[column]!;
      if (this.#markNulls(column, row, count)) {
        this.#turnNullable(column, width, common, row, count);
        common += width;
        continue;
      }
      switch (width) {
        case 8:
          this.#turn8(column, common, row, count);
          break;
        case 4:
          this.#turn4(column, common, row, count);
          break;
        case 2:
          this.#turn2(column, common, row, count);
          break;
        case 1:
          this.#turn1(column, common, row, count);
          break;
        case 0:
          common += this.#turnVariable(column, common, row, count);
      }
      common += width;
    }
    const ends = this.#ends;
    for (let i = 0; i < count; i++) {
      if (positions[i]! + common !== ends[i]!) {
        throw new RangeError(`a row of ${ends[i]! - starts[i]!} bytes does not fit these columns`);
      }
    }
    this.#rows = row + count;
    this.#noted = 0;
  }

  /** Copies the NULL bitmaps of all recorded rows, one after another. */
  #gatherNulls(count: number): void {
    const block = this.#block;
    const starts = this.#starts;
    const bytes = this.#bitmapBytes;
    const gathered = this.#gathered;
    for (let byte = 0; byte < bytes; byte++) {
      let any = 0;
      for (let i = 0; i < count; i++) any |= block[starts[i]! + 1 + byte]!;
      gathered[byte] = any;
    }
  }

  /** Copies a column's NULLs; false when it has none in this block. */
  #markNulls(column: number, row: number, count: number): boolean {
    const byte = (column + 2) >> 3;
    const mask = 1 << ((column + 2) & 7);
    if ((this.#gathered[byte]! & mask) === 0) return false;
    const block = this.#block;
    const starts = this.#starts;
    const nulls = this.#nulls[column]!;
    for (let i = 0; i < count; i++) {
      if ((block[starts[i]! + 1 + byte]! & mask) !== 0) nulls[(row + i) >> 3]! |= 1 << ((row + i) & 7);
    }
    this.#hasNulls[column] = true;
    return true;
  }

  #turn8(column: number, common: number, row: number, count: number): void {
    const view = this.#blockView;
    const positions = this.#positions;
    const target = this.#words[column]!;
    for (let i = 0, to = row * 2; i < count; i++, to += 2) {
      const at = positions[i]! + common;
      target[to] = view.getInt32(at, true);
      target[to + 1] = view.getInt32(at + 4, true);
    }
  }

  #turn4(column: number, common: number, row: number, count: number): void {
    const view = this.#blockView;
    const positions = this.#positions;
    const target = this.#words[column]!;
    for (let i = 0; i < count; i++) target[row + i] = view.getInt32(positions[i]! + common, true);
  }

  #turn2(column: number, common: number, row: number, count: number): void {
    const block = this.#block;
    const positions = this.#positions;
    const target = this.#data[column]!;
    for (let i = 0, to = row * 2; i < count; i++, to += 2) {
      const at = positions[i]! + common;
      target[to] = block[at]!;
      target[to + 1] = block[at + 1]!;
    }
  }

  #turn1(column: number, common: number, row: number, count: number): void {
    const block = this.#block;
    const positions = this.#positions;
    const target = this.#data[column]!;
    for (let i = 0; i < count; i++) target[row + i] = block[positions[i]! + common]!;
  }

  /** @returns bytes that the column takes in every row alike */
  #turnVariable(column: number, common: number, row: number, count: number): number {
    const length = this.#commonLength(common, count);
    if (length < 0) {
      this.#turnVarying(column, common, row, count);
      return 0;
    }
    // Dates, codes and empty strings: one length for all.
    this.#lengths[column]!.fill(length, row, row + count);
    if (length === 0) return 1;
    const positions = this.#positions;
    const used = this.#used[column]!;
    const end = used + length * count;
    if (end > this.#data[column]!.length) this.#growData(column, end);
    if (length <= shortValue) {
      copyAlike(this.#views[column]!, used, this.#blockView, positions, common + 1, length, count);
    } else {
      for (let i = 0, to = used; i < count; i++, to += length) {
        this.#copy(column, to, positions[i]! + common + 1, length);
      }
    }
    this.#used[column] = end;
    return 1 + length;
  }

  #turnVarying(column: number, common: number, row: number, count: number): void {
    const block = this.#block;
    const view = this.#blockView;
    const positions = this.#positions;
    const ends = this.#ends;
    const lengths = this.#lengths[column]!;
    let target = this.#views[column]!;
    let room = target.byteLength;
    let used = this.#used[column]!;
    for (let i = 0; i < count; i++) {
      const at = positions[i]! + common + 1;
      const length = block[at - 1]!;
      if (length > shortValue) {
        this.#used[column] = used;
        this.#turnValue(column, common, row, i);
        used = this.#used[column]!;
        target = this.#views[column]!;
        room = target.byteLength;
        continue;
      }
      if (at + length > ends[i]!) throw new RangeError('a value extends past its row');
      lengths[row + i] = length;
      positions[i]! += 1 + length;
      if (used + length > room) {
        this.#used[column] = used;
        this.#growData(column, used + length);
        target = this.#views[column]!;
        room = target.byteLength;
      }
      copyShort(target, used, view, at, length);
      used += length;
    }
    this.#used[column] = used;
  }

  /** The length that a column has in all recorded rows; −1 when lengths differ or are above 250. */
  #commonLength(common: number, count: number): number {
    const block = this.#block;
    const positions = this.#positions;
    const ends = this.#ends;
    const length = block[positions[0]! + common]!;
    if (length > 250) return -1;
    for (let i = 0; i < count; i++) {
      const at = positions[i]! + common;
      if (block[at] !== length || at + length >= ends[i]!) return -1;
    }
    return length;
  }

  #turnNullable(column: number, width: Width, common: number, row: number, count: number): void {
    const block = this.#block;
    const nulls = this.#nulls[column]!;
    const positions = this.#positions;
    for (let i = 0; i < count; i++) {
      const to = row + i;
      if ((nulls[to >> 3]! & (1 << (to & 7))) !== 0) {
        if (width === 0) this.#lengths[column]![to] = 0;
        else this.#data[column]!.fill(0, to * width, (to + 1) * width);
        // A NULL takes no bytes in the packet.
        positions[i]! -= width;
      } else if (width === 0) {
        this.#turnValue(column, common, row, i);
      } else {
        const target = this.#data[column]!;
        const at = positions[i]! + common;
        for (let byte = 0; byte < width; byte++) target[to * width + byte] = block[at + byte]!;
      }
    }
  }

  /** Copies a value with its length prefix: one byte, or a marker and two, three or eight bytes. */
  #turnValue(column: number, common: number, row: number, i: number): void {
    const positions = this.#positions;
    let at = positions[i]! + common;
    let length = this.#block[at++]!;
    if (length > 250) {
      const head = headBytes(length);
      length = this.#longLength(at, length);
      at += head;
    }
    if (at + length > this.#ends[i]!) throw new RangeError('a value extends past its row');
    this.#lengths[column]![row + i] = length;
    positions[i] = at + length - common;
    const used = this.#used[column]!;
    if (used + length > this.#data[column]!.length) this.#growData(column, used + length);
    this.#copy(column, used, at, length);
    this.#used[column] = used + length;
  }

  /** A length of two, three or eight bytes behind its marker. */
  #longLength(at: number, mark: number): number {
    const view = this.#blockView;
    if (mark === 0xfc) return view.getUint16(at, true);
    if (mark === 0xfd) return view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
    return view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x1_0000_0000;
  }

  #copy(column: number, to: number, from: number, length: number): void {
    if (length > shortValue) {
      const bytes = new Uint8Array(this.#block.buffer, this.#block.byteOffset + from, length);
      this.#data[column]!.set(bytes, to);
      return;
    }
    copyShort(this.#views[column]!, to, this.#blockView, from, length);
  }

  /**
   * All columns share one buffer, so that memory is allocated once. Values of variable length have buffers of
   * their own.
   */
  #growRows(): void {
    const capacity = Math.max(blockRows, this.#capacity * 2);
    const nullBytes = capacity >> 3;
    const bytesPerRow = this.#widths.reduce<number>((sum, width) => sum + (width === 0 ? 4 : width), 0);
    const room = buffers.take(bytesPerRow * capacity + this.#columns * nullBytes);
    let at = 0;
    for (let column = 0; column < this.#columns; column++) {
      const width = this.#widths[column]!;
      if (width === 0) {
        const lengths = new Uint32Array(room.buffer, at, capacity);
        lengths.set(this.#lengths[column]!);
        this.#lengths[column] = lengths;
      } else {
        const data = new Uint8Array(room.buffer, at, width * capacity);
        data.set(this.#data[column]!);
        this.#data[column] = data;
        // A capacity is a multiple of 64, so every column is aligned to words.
        if (width >= 4) this.#words[column] = new Int32Array(room.buffer, at, data.length / 4);
      }
      at += (width === 0 ? 4 : width) * capacity;
      const before = this.#nulls[column]!;
      const nulls = new Uint8Array(room.buffer, at, nullBytes);
      nulls.set(before);
      nulls.fill(0, before.length);
      this.#nulls[column] = nulls;
      at += nullBytes;
    }
    this.#capacity = capacity;
    buffers.give(this.#room);
    this.#room = room;
  }

  #growData(column: number, needed: number): void {
    const before = this.#data[column]!;
    const data = buffers.take(Math.max(needed, before.length * 2));
    data.set(before);
    this.#data[column] = data;
    this.#views[column] = new DataView(data.buffer);
    buffers.give(before);
  }

  /** The added rows as views into the builder's own buffers, valid until the next row is added. */
  take(): ColumnBatch {
    this.#turn();
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

  /** Discards the rows. Keeps the buffers, except those that one huge value enlarged. */
  clear(): void {
    for (let column = 0; column < this.#columns; column++) {
      if (this.#hasNulls[column]) {
        this.#nulls[column]!.fill(0);
        this.#hasNulls[column] = false;
      }
      this.#used[column] = 0;
      if (this.#widths[column] === 0 && this.#data[column]!.length > keptBytes) {
        this.#data[column] = noBytes;
        this.#views[column] = noView;
      }
    }
    this.#rows = 0;
    this.#bytes = 0;
    this.#noted = 0;
    this.#block = nothing;
  }

  /** Discards the rows and returns the buffers to the pool; batches that were taken become invalid. */
  release(): void {
    this.clear();
    for (let column = 0; column < this.#columns; column++) {
      if (this.#widths[column] === 0) buffers.give(this.#data[column]!);
      this.#data[column] = noBytes;
      this.#views[column] = noView;
      this.#words[column] = noWords;
      this.#lengths[column] = noLengths;
      this.#nulls[column] = noBytes;
    }
    buffers.give(this.#room);
    this.#room = noBytes;
    this.#capacity = 0;
  }
}

/** Bytes of a length behind its marker. */
function headBytes(mark: number): number {
  switch (mark) {
    case 0xfc:
      return 2;
    case 0xfd:
      return 3;
    case 0xfe:
      return 8;
    default:
      throw new RangeError(`a value has the length marker ${mark}`);
  }
}
