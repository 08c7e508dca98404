import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { utf8 } from '../../src/bytes.js';
import { gunzipMember, gzipMember, maxPartBytes, peekMember } from '../../src/columns/gzip-member.js';
import {
  checkColumnPart,
  decodeColumnPart,
  encodeColumnPart,
  encodeColumns,
  maxPartRows,
} from '../../src/columns/part.js';
import { isBackupError } from '../../src/errors.js';
import { type ColumnBatch, type ColumnValues, widthOf } from '../../src/model/column-batch.js';
import type { ValueForm } from '../../src/model/parts.js';
import { column, type Value } from './support/columns.js';

const leb = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...leb(Math.floor(value / 128))];
/** A part around segments, by docs/FORMAT.md. */
const partOf = (rows: number, ...segments: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from([
    ...leb(rows),
    ...leb(segments.length),
    ...segments.flatMap((segment) => leb(segment.length)),
    ...segments.flat(),
  ]);
const text = (value: string): number[] => [...utf8(value)];
const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
const zeros = (count: number): number[] => new Array<number>(count).fill(0);

interface Example {
  readonly what: string;
  readonly form: ValueForm;
  readonly values: readonly Value[];
  /** Written by hand from docs/FORMAT.md: tag, bitmap, values. */
  readonly segment: readonly number[];
}

const examples: readonly Example[] = [
  { what: 'no rows, of numbers', form: 'i32', values: [], segment: [0] },
  { what: 'no rows, of strings', form: 'bytes', values: [], segment: [2 * 4] },
  { what: 'NULLs alone', form: 'i64', values: [null, null, null], segment: [2] },
  { what: 'NULLs alone, of a whole byte', form: 'u8', values: new Array<null>(8).fill(null), segment: [2] },
  { what: 'NULLs alone, of strings', form: 'bytes', values: [null], segment: [2] },
  { what: 'one number', form: 'i16', values: [-2n], segment: [0, 0xfe, 0xff, 0] },
  { what: 'a constant', form: 'i32', values: [7n, 7n, 7n], segment: [0, 7, 0, 0, 0, 0] },
  {
    what: 'a constant beside NULLs',
    form: 'u8',
    values: [null, 9n, 9n, 9n, 9n, 9n, 9n, 9n, null, 9n],
    segment: [1, 0b00000001, 0b00000001, 9, 0],
  },
  {
    what: 'a NULL in the last bit of the bitmap',
    form: 'u8',
    values: [9n, 9n, 9n, 9n, 9n, 9n, 9n, null],
    segment: [1, 0b10000000, 9, 0],
  },
  { what: 'bytes, as they are', form: 'u8', values: [5n, 6n, 9n], segment: [0, 0, 1, 0, 5, 6, 9] },
  {
    what: 'small offsets from the least',
    form: 'i32',
    values: [1000n, 1003n, 1001n],
    segment: [0, ...u32(1000), 1, 0, 0, 3, 1],
  },
  {
    what: 'offsets from one below zero',
    form: 'i32',
    values: [-5n, 3n, -4n],
    segment: [0, ...u32(-5), 1, 0, 0, 8, 1],
  },
  {
    what: 'offsets as wide as the values, which then stand there themselves',
    form: 'i16',
    values: [1n, 300n, 2n],
    segment: [0, 0, 0, 2, 0, 1, 0x2c, 2, 0, 1, 0],
  },
  {
    what: 'a plane of equal bytes',
    form: 'u32',
    values: [0x10000n, 0x10100n, 0x10200n, 0x10000n],
    segment: [0, ...u32(0x10000), 2, 0b01, 0, 0, 1, 2, 0],
  },
  {
    what: 'even steps',
    form: 'i32',
    values: [100n, 10_100n, 20_100n],
    segment: [1 * 4, ...u32(100), ...u32(10_000), 0],
  },
  {
    what: 'steps that differ',
    form: 'i32',
    values: [20_000n, 10_000n, 1n],
    segment: [1 * 4, ...u32(20_000), ...u32(-10_000), 1, 0, 0, 1],
  },
  {
    what: 'keys beyond 2^53',
    form: 'u64',
    values: [2n ** 60n, 2n ** 60n + 3n, 2n ** 60n + 1n],
    segment: [0, ...zeros(7), 0x10, 1, 0, 0, 3, 1],
  },
  {
    what: 'even steps beyond 2^53',
    form: 'i64',
    values: [2n ** 60n, 2n ** 60n + 500n, 2n ** 60n + 1000n],
    segment: [1 * 4, ...zeros(7), 0x10, ...u32(500), ...u32(0), 0],
  },
  {
    what: 'steps downwards across zero',
    form: 'i64',
    values: [-1n, -501n, -1001n],
    segment: [1 * 4, ...u32(-1), ...u32(-1), ...u32(-500), ...u32(-1), 0],
  },
  {
    what: 'a range across 2^32',
    form: 'i64',
    values: [2n ** 32n - 1n, 2n ** 32n + 1n, 2n ** 32n],
    segment: [0, ...u32(0xffffffff), ...u32(0), 4, 0b1110, 0, 2, 1, 0, 0, 0],
  },
  {
    what: 'a range beyond 2^32',
    form: 'i64',
    values: [0n, 2n ** 33n, 2n ** 32n],
    segment: [0, ...zeros(8), 5, 0b01111, 0, 0, 0, 0, 0, 2, 1],
  },
  {
    what: 'bits of every byte',
    form: 'f64',
    values: [0n, 2n ** 63n - 1n, -(2n ** 63n)],
    segment: [0, ...zeros(8), 8, 0, ...Array.from({ length: 7 }, () => [0, 255, 0]).flat(), 0, 127, 128],
  },
  {
    what: 'numbers on both sides of zero',
    form: 'i64',
    values: [0n, -1n, 1n],
    segment: [0, ...u32(-1), ...u32(-1), 4, 0b1110, 1, 0, 2, 0, 0, 0],
  },
  {
    what: 'one string for all',
    form: 'bytes',
    values: ['ab', 'ab', 'ab'].map(utf8),
    segment: [3 * 4, ...text('ab')],
  },
  { what: 'an empty string for all', form: 'bytes', values: ['', ''].map(utf8), segment: [3 * 4] },
  {
    what: 'one string',
    form: 'bytes',
    values: [utf8('x'.repeat(20))],
    segment: [3 * 4, ...text('x'.repeat(20))],
  },
  {
    what: 'strings of one length',
    form: 'bytes',
    values: ['abc', 'abd'].map(utf8),
    segment: [4 * 4, ...u32(3), 0, 3, 0b011, ...text('abcd')],
  },
  {
    what: 'strings of nearly one length',
    form: 'bytes',
    values: ['abcd', 'abc', 'abcf', 'xyzz'].map(utf8),
    segment: [4 * 4, ...u32(3), 1, 0, 1, 0, 1, 1, 4, 0, ...text('aaaxbbbycccz'), 0x64, 0, 0x66, 0x7a],
  },
  {
    what: 'strings of many lengths',
    form: 'bytes',
    values: ['a', '', 'bcdefghi'].map(utf8),
    segment: [2 * 4, ...u32(0), 1, 0, 1, 0, 8, ...text('abcdefghi')],
  },
  {
    what: 'strings too long for planes',
    form: 'bytes',
    values: ['a'.repeat(17), 'b'.repeat(17)].map(utf8),
    segment: [2 * 4, ...u32(17), 0, ...text('a'.repeat(17) + 'b'.repeat(17))],
  },
  {
    what: 'strings of the most planes there are',
    form: 'bytes',
    values: ['a'.repeat(16), 'b'.repeat(16)].map(utf8),
    segment: [4 * 4, ...u32(16), 0, 16, 0, 0, ...text('ab'.repeat(16))],
  },
  {
    what: 'strings whose planes need a second byte of the mask',
    form: 'bytes',
    values: ['aaaaaaaaaab', 'aaaaaaaaaac'].map(utf8),
    segment: [4 * 4, ...u32(11), 0, 11, 0xff, 0b011, ...text('a'.repeat(10)), ...text('bc')],
  },
  {
    what: 'strings that fill four fifths of their planes',
    form: 'bytes',
    values: ['abcde', 'fghij', 'klmno', 'p'].map(utf8),
    segment: [4 * 4, ...u32(1), 1, 0, 4, 4, 4, 0, 5, 0, ...text('afkpbgl\0chm\0din\0ejo\0')],
  },
  {
    what: 'strings whose lengths grow by steps, which lengths never stand as',
    form: 'bytes',
    values: ['a'.repeat(100), 'b'.repeat(400), 'c'.repeat(700)].map(utf8),
    segment: [
      2 * 4,
      ...u32(100),
      ...[2, 0, 0, 0x2c, 0x58, 0, 1, 2],
      ...text('a'.repeat(100) + 'b'.repeat(400) + 'c'.repeat(700)),
    ],
  },
  {
    what: 'strings beside a NULL',
    form: 'bytes',
    values: [utf8('ab'), null, utf8('cd')],
    segment: [4 * 4 + 1, 0b010, ...u32(2), 0, 2, 0, ...text('acbd')],
  },
];

describe('a column as docs/FORMAT.md says it stands', () => {
  for (const { what, form, values, segment } of examples) {
    it(what, () => {
      const rows = values.length;
      const batch: ColumnBatch = { rows, columns: [column(form, values)] };
      const part = partOf(rows, segment);
      assert.deepEqual([...encodeColumnPart(batch)], [...part]);
      assert.deepEqual(decodeColumnPart(part, [form]), batch);
      assert.equal(checkColumnPart(part, [form]), rows);
    });
  }

  it('with as many planes as the widest offset has bytes', () => {
    const cases: readonly (readonly [range: bigint, planes: number])[] = [
      [1n, 1],
      ...[1n, 2n, 3n, 4n, 5n, 6n, 7n].flatMap((bytes) => [
        [2n ** (8n * bytes) - 1n, Number(bytes)] as const,
        [2n ** (8n * bytes), Number(bytes) + 1] as const,
      ]),
    ];
    for (const [range, planes] of cases) {
      const batch: ColumnBatch = { rows: 3, columns: [column('i64', [0n, range, 0n])] };
      const part = encodeColumnPart(batch);
      // Behind rows, columns, length, tag and base.
      assert.equal(part[12], planes, String(range));
      assert.deepEqual(decodeColumnPart(part, ['i64']), batch);
    }
  });

  it('beside others, each with its length in front of them all', () => {
    const some = examples.filter(({ values }) => values.length === 3);
    assert.ok(some.length > 10);
    const batch = { rows: 3, columns: some.map(({ form, values }) => column(form, values)) };
    const part = partOf(3, ...some.map(({ segment }) => segment));
    assert.deepEqual([...encodeColumnPart(batch)], [...part]);
    assert.deepEqual(
      decodeColumnPart(
        part,
        some.map(({ form }) => form),
      ),
      batch,
    );
  });

  it('the same whether no value is NULL or none is said to be', () => {
    const ids = column('i32', [1n, 2n, 5n]);
    const part = encodeColumnPart({ rows: 3, columns: [ids] });
    assert.deepEqual(encodeColumnPart({ rows: 3, columns: [{ ...ids, nulls: new Uint8Array(1) }] }), part);
  });

  it('as many times as a table has columns', () => {
    const most = 4096;
    const part = partOf(0, ...new Array<number[]>(most).fill([0]));
    assert.equal(checkColumnPart(part, new Array<ValueForm>(most).fill('u8')), 0);
  });

  it('in stretches that say what can be found in them, from the first byte to the last', () => {
    const rows = 6000;
    const list = (value: (i: number) => Value): Value[] => Array.from({ length: rows }, (_, i) => value(i));
    const numbers = column(
      'f64',
      list((i) => BigInt(i) ** 6n * 123_456_789n),
    );
    const notes = column(
      'bytes',
      list((i) => utf8(`A note that repeats itself. ${i} ${'It does. '.repeat(i % 9)}`)),
    );
    const images = column(
      'bytes',
      list((i) => crypto.getRandomValues(new Uint8Array(100 + (i % 50)))),
    );
    const { bytes, stretches } = encodeColumns({ rows, columns: [numbers, notes, images, numbers] });
    assert.deepEqual(
      stretches.map(({ texture }) => texture),
      ['runs', 'text', 'random', 'runs'],
    );
    assert.deepEqual(
      stretches.map(({ start }) => start),
      [0, ...stretches.slice(0, -1).map(({ end }) => end)],
    );
    assert.equal(stretches.at(-1)?.end, bytes.length);
  });

  it('as the bytes that base64 was made of', () => {
    const rows = 300;
    const images = Array.from({ length: rows }, (_, i) => randomBytes(200 + (i % 5)));
    const others = ['', 'no base64', 'QR==', 'QUJD\n', 'a-b_', 'QUI', '===='].map(utf8);
    const values: Value[] = images.map((image) => utf8(image.toString('base64')));
    values.splice(7, others.length, ...others);
    values[20] = null;
    const batch = { rows, columns: [column('bytes', values)] };
    const part = encodeColumnPart(batch);
    assert.deepEqual(decodeColumnPart(part, ['bytes']), batch);
    const stored = images.map((image, i) => {
      if (i === 20) return new Uint8Array(0);
      return i >= 7 && i < 7 + others.length ? others[i - 7]! : image;
    });
    const end = Buffer.concat(stored);
    assert.deepEqual(Buffer.from(part.subarray(-end.length)), end);
    // Behind rows, columns and the length of the segment.
    assert.equal(part[2 + 2 + leb(part.length).length - 1], 5 * 4 + 1);
  });

  it('for what can be found in it, also where a single value fills a part, or all are one', () => {
    const letter = utf8('A letter of many words, one like the other. '.repeat(3000));
    const scan = randomBytes(100_000);
    const of = (...values: readonly Uint8Array[]) =>
      encodeColumns({ rows: values.length, columns: [column('bytes', values)] }).stretches.map(
        (each) => each.texture,
      );
    assert.deepEqual(of(letter), ['text']);
    assert.deepEqual(of(letter, letter), ['text']);
    assert.deepEqual(of(scan), ['runs', 'random']);
    assert.deepEqual(of(scan, scan), ['runs', 'random']);
    assert.deepEqual(of(utf8(scan.toString('base64'))), ['runs', 'random']);
    // Seen through base64, wherever in its groups of letters a word begins.
    const letters = Array.from({ length: 50 }, (_, i) =>
      utf8(Buffer.from(letter.slice(i, i + 3000)).toString('base64')),
    );
    assert.deepEqual(of(...letters), ['text']);
    const batch = { rows: 1, columns: [column('bytes', [utf8(scan.toString('base64'))])] };
    const part = encodeColumnPart(batch);
    assert.ok(part.length < scan.length + 40);
    assert.deepEqual(decodeColumnPart(part, ['bytes']), batch);
  });

  it('as it is, where it only looks like base64, or too little of it is', () => {
    const hashes = Array.from({ length: 1500 }, () => utf8(randomBytes(32).toString('hex')));
    const mixed = hashes.map((_, i) => utf8(randomBytes(48).toString(i % 4 === 0 ? 'latin1' : 'base64')));
    for (const values of [hashes, mixed]) {
      const batch = { rows: values.length, columns: [column('bytes', values)] };
      const part = encodeColumnPart(batch);
      assert.deepEqual(decodeColumnPart(part, ['bytes']), batch);
      const end = Buffer.concat(values);
      assert.deepEqual(Buffer.from(part.subarray(-end.length)), end);
    }
  });

  it('with as few bytes as it may be read with, though no writer makes them so', () => {
    const read = (form: ValueForm, rows: number, segment: readonly number[]): ColumnValues =>
      decodeColumnPart(partOf(rows, segment), [form]).columns[0]!;
    // Three bytes as base64, none as base64, two as they are.
    const marked = [20, ...u32(1), 1, 0, 6, 0, 3, 65, 66, 67, 33, 45];
    assert.deepEqual(read('bytes', 3, marked), column('bytes', ['QUJD', '', '!-'].map(utf8)));
    assert.deepEqual(read('bytes', 1, [20, ...u32(3), 0, 65]), column('bytes', [utf8('QQ==')]));
    assert.deepEqual(read('bytes', 1, [20, ...u32(5), 0, 65, 66]), column('bytes', [utf8('QUI=')]));
    // Missing planes are zeros; steps of a second plane alone; a base that wraps around.
    assert.deepEqual(read('i32', 2, [0, ...u32(-1), 1, 0, 1, 2]), column('i32', [0n, 1n]));
    assert.deepEqual(read('i16', 2, [0, 0, 0, 2, 1, 0, 1, 2]), column('i16', [256n, 512n]));
    assert.deepEqual(read('u8', 3, [4, 250, 5, 1, 0, 0, 1]), column('u8', [250n, 255n, 5n]));
    assert.deepEqual(read('i64', 2, [4, ...zeros(8), ...u32(-1), ...u32(-1), 0]), column('i64', [0n, -1n]));
    const carried = [4, ...u32(-1), ...u32(0), ...u32(-1), ...u32(0), 4, 0b1111, 255, 255, 255, 255];
    assert.deepEqual(read('i64', 2, carried), column('i64', [2n ** 32n - 1n, 3n * (2n ** 32n - 1n)]));
  });
});

describe('a column part that is not as it should be', () => {
  const one = [0, 7, 0];
  const cases: readonly (readonly [what: string, RegExp, Uint8Array, readonly ValueForm[]])[] = [
    ['nothing at all', /ends too early/, new Uint8Array(0), []],
    ['no columns', /ends too early/, Uint8Array.of(1), ['u8']],
    ['fewer columns than its table', /has 1 columns and its table 2/, partOf(1, one), ['u8', 'u8']],
    ['more columns than its table', /has 1 columns and its table 0/, partOf(1, one), []],
    [
      'too many columns',
      /has 4097 columns/,
      partOf(0, ...new Array<number[]>(4097).fill([0])),
      new Array(4097).fill('u8'),
    ],
    ['a length that is not there', /ends too early/, Uint8Array.of(1, 1), ['u8']],
    ['a segment that is cut', /ends too early/, partOf(1, one).subarray(0, -1), ['u8']],
    [
      'something behind the last segment',
      /goes on after its last column/,
      Uint8Array.from([...partOf(1, one), 0]),
      ['u8'],
    ],
    ['something behind the values', /longer than its values/, partOf(1, [...one, 0]), ['u8']],
    ['something behind NULLs', /longer than its values/, partOf(1, [2, 0]), ['u8']],
    ['an empty segment', /ends too early/, partOf(1, []), ['u8']],
    ['an empty segment of no rows', /ends too early/, partOf(0, []), ['u8']],
    ['the largest number', /more rows than a part ever has/, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f), []],
    ['too many rows', /more rows than a part ever has/, partOf(maxPartRows + 1, one), ['u8']],
    ['a long zero', /a length is malformed/, Uint8Array.of(0x80, 0), []],
    ['a long one', /a length is malformed/, Uint8Array.of(0x81, 0x80, 0), []],
    ['a number of 33 bits', /a length is malformed/, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x10), []],
    ['a number of six bytes', /a length is malformed/, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 1), []],
    ['an unknown kind of NULLs', /unknown tag/, partOf(1, [3, 7, 0]), ['u8']],
    ['NULLs alone, with an encoding', /unknown tag/, partOf(1, [2 + 4]), ['u8']],
    ['an unknown encoding', /unknown tag/, partOf(1, [5 * 4, 7, 0]), ['u8']],
    ['an unknown encoding of strings', /unknown tag/, partOf(1, [6 * 4, 7]), ['bytes']],
    ...[2, 3, 4, 5].map(
      (tag) => ['strings among numbers', /unknown tag/, partOf(1, [tag * 4, 7, 0]), ['u8']] as const,
    ),
    ...[0, 1].map(
      (tag) => ['numbers among strings', /unknown tag/, partOf(1, [tag * 4, 7, 0]), ['bytes']] as const,
    ),
    [
      'a NULL behind the last row',
      /marks a row as NULL that it does not have/,
      partOf(3, [1, 0b1001, 7, 0]),
      ['u8'],
    ],
    ['more planes than bytes', /longer than its column/, partOf(2, [0, 0, 2, 0, 1, 2, 3, 4]), ['u8']],
    [
      'more planes than there are',
      /longer than its column/,
      partOf(1, [16, ...u32(17), 0, 17, 0, 0, 0, ...zeros(17)]),
      ['bytes'],
    ],
    ['a plane that is cut', /ends too early/, partOf(3, [0, 0, 1, 0, 1, 2]), ['u8']],
    ['a mask that is cut', /ends too early/, partOf(3, [0, 0, 1]), ['u8']],
    ['fewer bytes than the lengths', /do not add up/, partOf(2, [8, ...u32(2), 0, 1, 2, 3]), ['bytes']],
    ['more bytes than the lengths', /do not add up/, partOf(2, [8, ...u32(2), 0, 1, 2, 3, 4, 5]), ['bytes']],
    [
      'fewer planes than the longest value',
      /do not add up/,
      partOf(2, [16, ...u32(2), 0, 1, 1, 9]),
      ['bytes'],
    ],
    [
      'more planes than the longest value',
      /do not add up/,
      partOf(2, [16, ...u32(1), 0, 2, 3, 9, 9]),
      ['bytes'],
    ],
    ['fewer bytes than base64 has', /do not add up/, partOf(2, [20, ...u32(5), 0, 1, 2, 3]), ['bytes']],
    ['more bytes than base64 has', /do not add up/, partOf(1, [20, ...u32(3), 0, 1, 2]), ['bytes']],
    ['base64 of no values', /without values is not empty/, partOf(0, [5 * 4]), ['bytes']],
    ['a value repeated no times', /without values is not empty/, partOf(1, [3 * 4 + 1, 1, 65]), ['bytes']],
    ['planes of no values', /without values is not empty/, partOf(0, [4 * 4, 0]), ['bytes']],
    ['a step of one value', /fewer than two values/, partOf(1, [4, 7, 0, 0]), ['u8']],
    ['steps of no values', /fewer than two values/, partOf(1, [4 + 1, 1]), ['u8']],
    ['a mark behind the last plane', /a plane that it does not have/, partOf(2, [0, 0, 1, 2, 8, 9]), ['u8']],
  ];
  for (const [what, happened, part, forms] of cases) {
    it(`is refused for ${what}: ${happened.source}`, () => {
      for (const read of [decodeColumnPart, checkColumnPart]) {
        assert.throws(
          () => read(part, forms),
          (error) => {
            assert.ok(isBackupError(error, 'archive-damaged'), String(error));
            assert.match(error.message, happened);
            return true;
          },
        );
      }
    });
  }

  it('is read with values of up to 64 MiB beyond its own size, and refused with more', () => {
    const budget = 64 * 2 ** 20;
    const rows = 2 ** 20;
    // Each row of a string takes four bytes for its length.
    const value = zeros(budget / rows - 4);
    const fits = partOf(rows, [3 * 4, ...value]);
    assert.equal(checkColumnPart(fits, ['bytes']), rows);
    const tooMuch = partOf(rows, [3 * 4, ...value, 0]);
    assert.throws(() => checkColumnPart(tooMuch, ['bytes']), /more memory/);
    // Each plane stands as one byte.
    const planes = (length: number): Uint8Array =>
      partOf(rows * 4, [16, ...u32(length), 0, length, 255, (1 << (length - 8)) - 1, ...zeros(length)]);
    assert.equal(checkColumnPart(planes(12), ['bytes']), rows * 4);
    assert.throws(() => checkColumnPart(planes(13), ['bytes']), /more memory/);
    const numbers = (columns: number): readonly [Uint8Array, ValueForm[]] => [
      partOf(rows, ...new Array<number[]>(columns).fill([0, ...zeros(8), 0])),
      new Array<ValueForm>(columns).fill('i64'),
    ];
    assert.equal(checkColumnPart(...numbers(8)), rows);
    assert.throws(() => checkColumnPart(...numbers(9)), /more memory/);
    // What one column has taken, the next has no more.
    const both = partOf(rows, [3 * 4, ...value], [0, 0, 0, 0, 0, 0]);
    assert.throws(() => checkColumnPart(both, ['bytes', 'i32']), /more memory/);
  });

  it('V19: is read with a value of base64 whose text is more than 64 MiB longer than what stands there', () => {
    const size = 220 * 2 ** 20;
    const head = [20, ...u32(2 * size + 1), 0];
    const frame = [1, 1, ...leb(head.length + size)];
    const part = new Uint8Array(frame.length + head.length + size);
    part.set([...frame, ...head]);
    assert.equal(checkColumnPart(part, ['bytes']), 1);
  });

  it('is not written from a batch that is not what it says it is', () => {
    const ids = column('i32', [1n, 2n]);
    const names = column('bytes', [utf8('a'), utf8('b')]);
    for (const wrong of [ids, names]) {
      assert.throws(() => encodeColumnPart({ rows: 3, columns: [wrong] }), /^RangeError: "batch"/);
      assert.throws(() => encodeColumnPart({ rows: 1, columns: [wrong] }), /^RangeError: "batch"/);
    }
    assert.throws(() => encodeColumnPart({ rows: maxPartRows + 1, columns: [] }), /^RangeError: "batch"/);
    assert.equal(checkColumnPart(encodeColumnPart({ rows: maxPartRows, columns: [] }), []), maxPartRows);
  });
});

it('each form of a value has its width', () => {
  const widths: Readonly<Record<ValueForm, number>> = {
    i8: 1,
    u8: 1,
    i16: 2,
    u16: 2,
    f32: 4,
    i32: 4,
    u32: 4,
    f64: 8,
    i64: 8,
    u64: 8,
    bytes: 0,
    date: 0,
    datetime: 0,
    time: 0,
  };
  for (const [form, width] of Object.entries(widths)) assert.equal(widthOf(form as ValueForm), width, form);
});

describe('the gzip member around a part', () => {
  const plain = utf8('words and words and more words'.repeat(10));
  const damage = (error: unknown): boolean => isBackupError(error, 'archive-damaged');

  it('starts and ends as docs/FORMAT.md says', async () => {
    const member = await gzipMember(plain, 0x01020304);
    const head = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 0xff, 8, 0, 0x53, 0x42, 4, 0, 4, 3, 2, 1];
    assert.deepEqual([...member.subarray(0, 20)], head);
    assert.deepEqual(peekMember(member), { rows: 0x01020304, plainBytes: plain.length });
    assert.deepEqual(await gunzipMember(member), plain);
    // Its bytes may lie anywhere.
    const shifted = new Uint8Array(member.length + 9);
    shifted.set(member, 5);
    const view = shifted.subarray(5, 5 + member.length);
    assert.deepEqual(peekMember(view), { rows: 0x01020304, plainBytes: plain.length });
    assert.deepEqual(await gunzipMember(view), plain);
  });

  it('is refused with another head, and with an end that is not its own', async () => {
    const member = await gzipMember(plain, 5);
    const passedOver = [4, 5, 6, 7, 8, 9];
    for (let at = 0; at < 16; at++) {
      const changed = member.slice();
      changed[at]! ^= 1;
      if (passedOver.includes(at)) assert.deepEqual(await gunzipMember(changed), plain);
      else {
        await assert.rejects(gunzipMember(changed), damage, String(at));
        assert.throws(() => peekMember(changed), damage, String(at));
      }
    }
    for (const at of [8, 7, 6, 5]) {
      const changed = member.slice();
      changed[member.length - at]! ^= 1;
      await assert.rejects(gunzipMember(changed), /checksum is wrong/);
    }
    assert.throws(() => peekMember(member.subarray(0, 27)), damage);
    await assert.rejects(gunzipMember(member.subarray(0, 27)), damage);
  });

  it('is not believed when it claims more than DEFLATE can hold, or than a part ever has', async () => {
    assert.equal(maxPartBytes, 1088 * 2 ** 20);
    const member = await gzipMember(plain, 5);
    const claim = (size: number): Promise<Uint8Array> => {
      new DataView(member.buffer).setUint32(member.length - 4, size, true);
      return gunzipMember(member);
    };
    const body = member.length - 28;
    await assert.rejects(claim(body * 1032 + 1), /size cannot be true/);
    await assert.rejects(claim(body * 1032), (error) => !/size cannot be true/.test(String(error)));
    await assert.rejects(claim(maxPartBytes), /size cannot be true/);
    await assert.rejects(claim(maxPartBytes + 1), (error) => isBackupError(error, 'archive-limit-exceeded'));
  });
});
