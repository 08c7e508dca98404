import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BatchBuilder } from '../../src/dump/batch-builder.js';
import { type ColumnBatch, widthOf } from '../../src/model/column-batch.js';
import type { ValueForm } from '../../src/model/parts.js';
import { fc } from '../support/properties.js';

type Value = Uint8Array | null;

/** A row as the server sends it: a zero byte, the NULL bitmap, the values. */
function rowPacket(forms: readonly ValueForm[], values: readonly Value[]): Buffer {
  const bitmap = Buffer.alloc((forms.length + 9) >> 3);
  const pieces: Uint8Array[] = [Uint8Array.of(0), bitmap];
  for (const [i, value] of values.entries()) {
    if (value === null) {
      bitmap[(i + 2) >> 3]! |= 1 << ((i + 2) & 7);
      continue;
    }
    if (widthOf(forms[i]!) === 0) pieces.push(lengthPrefix(value.length));
    pieces.push(value);
  }
  return Buffer.concat(pieces);
}

function lengthPrefix(length: number): Uint8Array {
  if (length < 251) return Uint8Array.of(length);
  if (length < 0x10000) return Uint8Array.of(0xfc, length & 255, length >> 8);
  return Uint8Array.of(0xfd, length & 255, (length >> 8) & 255, length >> 16);
}

/** The reading that is easy to believe: value by value. */
function valuesOf(batch: ColumnBatch): Value[][] {
  const rows: Value[][] = Array.from({ length: batch.rows }, () => []);
  for (const column of batch.columns) {
    let at = 0;
    for (let row = 0; row < batch.rows; row++) {
      const length = column.kind === 'fixed' ? column.width : column.lengths[row]!;
      const isNull = column.nulls !== null && ((column.nulls[row >> 3]! >> (row & 7)) & 1) === 1;
      const value = column.data.slice(at, at + length);
      if (isNull)
        assert.ok(
          value.every((byte) => byte === 0),
          'a NULL holds other bytes than zeros',
        );
      rows[row]!.push(isNull ? null : value);
      at += length;
    }
    assert.equal(at, column.data.length, 'a column holds bytes that belong to no row');
  }
  return rows;
}

const forms: readonly ValueForm[] = [
  'bytes',
  'date',
  'datetime',
  'f32',
  'f64',
  'i16',
  'i32',
  'i8',
  'time',
  'u64',
];

const anyValueOf = (form: ValueForm): fc.Arbitrary<Value> => {
  const width = widthOf(form);
  const bytes =
    width === 0
      ? fc.oneof(
          { weight: 6, arbitrary: fc.uint8Array({ maxLength: 12 }) },
          { weight: 2, arbitrary: fc.constant(new Uint8Array(4).fill(7)) },
          { weight: 1, arbitrary: fc.uint8Array({ minLength: 90, maxLength: 100 }) },
          { weight: 1, arbitrary: fc.uint8Array({ minLength: 249, maxLength: 253 }) },
        )
      : fc.uint8Array({ minLength: width, maxLength: width });
  return fc.option(bytes, { freq: 8 });
};

const tables = fc.array(fc.constantFrom(...forms), { minLength: 1, maxLength: 20 }).chain((columns) =>
  fc.record({
    columns: fc.constant(columns),
    rows: fc.array(fc.tuple(...columns.map(anyValueOf)), { maxLength: 150 }),
    perBuffer: fc.integer({ min: 1, max: 100 }),
  }),
);

function fill(
  builder: BatchBuilder,
  columns: readonly ValueForm[],
  rows: readonly (readonly Value[])[],
  perBuffer: number,
): void {
  for (let first = 0; first < rows.length; first += perBuffer) {
    const packets = rows.slice(first, first + perBuffer).map((row) => rowPacket(columns, row));
    // Rows stand between other bytes, as packets do.
    const buffer = Buffer.concat(packets.flatMap((packet) => [Buffer.from('head'), packet]));
    let at = 0;
    for (const packet of packets) {
      builder.add(buffer, at + 4, at + 4 + packet.length);
      at += 4 + packet.length;
    }
  }
}

describe('BatchBuilder', () => {
  it('V9: gives every value of every row back, wherever buffers begin and end', () => {
    fc.assert(
      fc.property(tables, ({ columns, rows, perBuffer }) => {
        const builder = new BatchBuilder(columns);
        // Twice, since the second batch lies in buffers that the first one used.
        for (const part of [rows, rows.slice(rows.length >> 1)]) {
          fill(builder, columns, part, perBuffer);
          assert.equal(builder.rows, part.length);
          assert.deepEqual(valuesOf(builder.take()), part);
          builder.clear();
        }
      }),
      { numRuns: 150 },
    );
  });

  it('V9: gives values of one length back, whatever that length is', () => {
    for (let length = 0; length <= 100; length++) {
      const rows = Array.from({ length: 70 }, (_, row) => [
        Uint8Array.from({ length }, (_byte, i) => row * 3 + i),
        Uint8Array.of(row),
      ]);
      const builder = new BatchBuilder(['bytes', 'i8']);
      fill(builder, ['bytes', 'i8'], rows, 70);
      assert.deepEqual(valuesOf(builder.take()), rows);
    }
  });

  it('V19: takes values of megabytes and does not keep their room', () => {
    const builder = new BatchBuilder(['bytes']);
    const big = new Uint8Array(9 * 1024 * 1024).fill(0x5c);
    fill(builder, ['bytes'], [[big], [Uint8Array.of(1)]], 1);
    const [column] = builder.take().columns;
    assert.equal(column!.data.length, big.length + 1);
    assert.equal(column!.data.at(-1), 1);
    builder.clear();
    fill(builder, ['bytes'], [[Uint8Array.of(2)]], 1);
    assert.ok(builder.take().columns[0]!.data.buffer.byteLength < 1024 * 1024);
  });

  it('refuses packets that are not rows of its columns', () => {
    const good = rowPacket(['bytes', 'i32'], [Uint8Array.of(1, 2), new Uint8Array(4)]);
    const cases: readonly (readonly [readonly ValueForm[], Buffer])[] = [
      [['bytes', 'i64'], Buffer.concat([good, Buffer.alloc(8)])],
      [['bytes'], good],
      [['bytes', 'i32'], Buffer.concat([good.subarray(0, 2), Buffer.of(0xfe), Buffer.alloc(12, 0xff)])],
      [['bytes', 'i32'], Buffer.concat([good.subarray(0, 2), Buffer.of(0xfb), Buffer.alloc(12)])],
      [['bytes', 'i32'], Buffer.concat([good.subarray(0, 2), Buffer.of(200), Buffer.alloc(250)])],
    ];
    for (const [columns, packet] of cases) {
      const builder = new BatchBuilder(columns);
      assert.throws(() => {
        builder.add(packet, 0, Math.min(packet.length, good.length));
        builder.take();
      }, RangeError);
    }
  });
});
