import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { packRows, unpackRows } from '../../src/columns/pack.js';
import { checkColumnPart, decodeColumnPart, encodeColumnPart, maxPartRows } from '../../src/columns/part.js';
import { isBackupError } from '../../src/errors.js';
import { type ColumnBatch, widthOf } from '../../src/model/column-batch.js';
import type { ValueForm } from '../../src/model/parts.js';
import { fuzzing } from '../archive/support/fuzz.js';
import { fc } from '../support/properties.js';
import { column } from './support/columns.js';

const forms: readonly ValueForm[] = [
  'bytes',
  'date',
  'datetime',
  'f32',
  'f64',
  'i16',
  'i32',
  'i64',
  'i8',
  'time',
  'u16',
  'u32',
  'u64',
  'u8',
];

function base64Of(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Buffer.from(Buffer.from(bytes).toString('base64')));
}

function randomOf(seed: number, outputLength: number): Uint8Array {
  return createHash('shake256', { outputLength }).update(String(seed)).digest();
}

function assertRoundTrip(batch: ColumnBatch, ofForms: readonly ValueForm[]): Uint8Array {
  const part = encodeColumnPart(batch);
  assert.deepEqual(decodeColumnPart(part, ofForms), batch);
  return part;
}

const word = fc.bigInt(-(2n ** 63n), 2n ** 64n - 1n);
const shapes = (size: number): fc.Arbitrary<bigint[]> => {
  const list = (value: fc.Arbitrary<bigint>) => fc.array(value, { minLength: size, maxLength: size });
  return fc.oneof(
    list(word),
    word.map((value) => new Array<bigint>(size).fill(value)),
    fc
      .tuple(word, list(fc.bigInt(0n, 300n)))
      .map(([base, offsets]) => offsets.map((offset) => base + offset)),
    fc.tuple(word, list(fc.bigInt(-40n, 400000n))).map(([base, steps]) =>
      steps.map(
        (
          (sum) => (step: bigint) =>
            (sum += step)
        )(base),
      ),
    ),
  );
};

describe('column parts', () => {
  it('V6: give every number back bit for bit, whatever its width and its neighbours', () => {
    const numeric = forms.filter((form) => widthOf(form) !== 0);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 70 }).chain((size) => fc.tuple(fc.constantFrom(...numeric), shapes(size))),
        fc.array(fc.nat(80)),
        ([form, values], nullRows) => {
          const list: (bigint | null)[] = [...values];
          for (const row of nullRows) if (row < list.length) list[row] = null;
          assertRoundTrip({ rows: list.length, columns: [column(form, list)] }, [form]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('V6: give numbers back whose ranges and steps just need another byte, or just do not', () => {
    const edges = [8n, 16n, 24n, 31n, 32n, 40n, 48n].flatMap((bits) => [
      2n ** bits - 1n,
      2n ** bits,
      2n ** bits + 1n,
    ]);
    for (const form of ['i16', 'i32', 'i64', 'u64'] as const) {
      for (const edge of edges) {
        const high = edge << 32n;
        for (const values of [
          [0n, edge],
          [edge, 0n],
          [0n, edge, 1n],
          [5n, high + 3n, high + 7n],
          [high + 7n, high + 3n, 5n],
          [5n, high + 7n, high + 3n],
          [high + 3n, high + 7n, 5n, 4n],
        ]) {
          assertRoundTrip({ rows: values.length, columns: [column(form, values)] }, [form]);
        }
      }
    }
  });

  it('hold the steps of numbers that rise or fall where those are shorter, and give the numbers back', () => {
    const rows = 600;
    for (const form of ['i32', 'i64', 'u64'] as const) {
      for (const [largest, bytes] of [
        [100n, 1],
        [2n ** 8n, 2],
        [2n ** 15n, 2],
        [2n ** 16n, 3],
      ] as const) {
        for (const direction of [1n, -1n]) {
          // The large steps come first, and small ones last.
          const step = (row: number) => (row < rows / 2 && row % 3 !== 0 ? 1n + largest : BigInt(row % 2));
          let value = 1_000_000_000n;
          const values = Array.from({ length: rows }, (_, row) => (value += direction * step(row)));
          const part = assertRoundTrip({ rows, columns: [column(form, values)] }, [form]);
          assert.ok(part.length < rows * bytes + 40, `${form}, steps of ${largest}: ${part.length} bytes`);
        }
      }
    }
  });

  it('may hold steps wider than this writer ever makes them', () => {
    // Rows, columns, length of the segment; steps without NULL; first value and base; five planes, all but
    // the last zero.
    const segment = [...[4], ...new Array<number>(16).fill(0), ...[5, 0b11111, 0, 0, 0, 0, 1]];
    const part = Uint8Array.from([3, 1, segment.length, ...segment]);
    assert.deepEqual(decodeColumnPart(part, ['i64']), {
      rows: 3,
      columns: [column('i64', [0n, 2n ** 32n, 2n ** 33n])],
    });
  });

  it('take values wherever they lie in memory', () => {
    for (const form of ['i16', 'i32', 'i64'] as const) {
      const { data, ...rest } = column(form, [3n, -70n, 12_345n, 3n]);
      for (const before of [1, 2, 3, 4]) {
        const room = new Uint8Array(data.length + before);
        room.set(data, before);
        const batch = { rows: 4, columns: [{ ...rest, data: room.subarray(before) }] } as ColumnBatch;
        assert.deepEqual(
          encodeColumnPart(batch),
          encodeColumnPart({ rows: 4, columns: [{ ...rest, data }] as ColumnBatch['columns'] }),
        );
      }
    }
  });

  it('V9: give every string back byte for byte, NULL and empty told apart', () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const dates = fc.constantFrom(
      ...[[], [1, 0, 1, 1], [232, 7, 2, 29], [232, 7, 2, 29, 23, 59, 59]].map((v) => Uint8Array.from(v)),
    );
    const value = fc.oneof(bytes, dates);
    const values = fc.oneof(
      fc.array(value, { maxLength: 60 }),
      fc.array(fc.option(value), { maxLength: 60 }),
      fc.array(dates, { maxLength: 60 }),
      fc.tuple(value, fc.nat(60)).map(([v, n]) => new Array<Uint8Array>(n).fill(v)),
    );
    fc.assert(
      fc.property(values, (list) => {
        assertRoundTrip({ rows: list.length, columns: [column('bytes', list)] }, ['bytes']);
      }),
      { numRuns: 500 },
    );
  });

  it('V6: keep BIGINT keys beyond 2^53 and at the edges of both ranges', () => {
    const keys = [
      0n,
      1n,
      -1n,
      2n ** 53n + 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      2n ** 64n - 1n,
      2n ** 32n,
      2n ** 32n - 1n,
    ];
    for (const a of keys) {
      for (const b of keys) {
        assertRoundTrip({ rows: 3, columns: [column('i64', [a, b, a])] }, ['i64']);
        assertRoundTrip({ rows: 3, columns: [column('u64', [b, b, a])] }, ['u64']);
      }
    }
  });

  it('take next to no room for constants and ascending keys', () => {
    const rows = 10_000;
    const ids = Array.from({ length: rows }, (_, i) => 2n ** 60n + BigInt(i) * 3n);
    const zeros = ids.map(() => 0n);
    const sameDate = ids.map(() => Uint8Array.of(1, 0, 1, 1));
    const batch: ColumnBatch = {
      rows,
      columns: [column('i64', ids), column('f64', zeros), column('date', sameDate)],
    };
    assert.ok(assertRoundTrip(batch, ['i64', 'f64', 'date']).length < 60);
  });

  it('hold rows of a table without kept columns', () => {
    assertRoundTrip({ rows: 12, columns: [] }, []);
  });

  it('hold images and signatures beside columns that repeat themselves', async () => {
    const rows = 40;
    const images = Array.from({ length: rows }, () => Buffer.from(randomBytes(5000).toString('base64')));
    const notes = images.map((_, i) => Buffer.from(`A note that repeats itself. ${i}`));
    const ids = images.map((_, i) => BigInt(i));
    const batch: ColumnBatch = {
      rows,
      columns: [column('i64', ids), column('bytes', images), column('bytes', notes), column('bytes', images)],
    };
    const part = await packRows(1, 1, batch);
    assert.deepEqual(await unpackRows(part, ['i64', 'bytes', 'bytes', 'bytes']), batch);
    assert.deepEqual(new Uint8Array(gunzipSync(part.data)), encodeColumnPart(batch));
    assert.ok(part.data.length < 2 * rows * 5000 + 5000);
  });

  it('V9: give base64 back character by character, whatever stands between', () => {
    const kinds = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.uint8Array({ minLength: 400, maxLength: 700 }).map((bytes) => base64Of(bytes)),
      },
      fc.uint8Array({ maxLength: 20 }),
      fc.base64String({ maxLength: 40 }).map((value) => new Uint8Array(Buffer.from(value))),
      fc.constant(null),
    );
    fc.assert(
      fc.property(fc.array(kinds, { minLength: 0, maxLength: 40 }), fc.nat(), (some, seed) => {
        // Enough of it that cannot be compressed, so that it is looked at.
        const images = Array.from({ length: 20 }, (_, i) => base64Of(randomOf(seed + i, 4000 + i)));
        const values = [...images, ...some];
        assertRoundTrip({ rows: values.length, columns: [column('bytes', values)] }, ['bytes']);
      }),
      { numRuns: 40 },
    );
  });

  it('travel compressed and digested', async () => {
    const batch: ColumnBatch = { rows: 3, columns: [column('u16', [1n, null, 65535n])] };
    const part = await packRows(7, 2, batch);
    assert.deepEqual(
      { ...part, data: part.data.length > 20, sha256: part.sha256.length },
      { kind: 'rows', table: 7, sequence: 2, rows: 3, plainBytes: part.plainBytes, sha256: 64, data: true },
    );
    assert.deepEqual(await unpackRows(part, ['u16']), batch);
    await assert.rejects(unpackRows({ ...part, rows: 4 }, ['u16']), (error) =>
      isBackupError(error, 'archive-damaged'),
    );
  });
});

describe('a hostile column part', () => {
  it('F7: is refused or read, never crashed on, wherever a byte is changed', () => {
    const batch: ColumnBatch = {
      rows: 20,
      columns: [
        column(
          'i64',
          Array.from({ length: 20 }, (_, i) => BigInt(i * i * 1000)),
        ),
        column(
          'bytes',
          Array.from({ length: 20 }, (_, i) => (i % 3 === 0 ? null : new Uint8Array(i))),
        ),
        column(
          'date',
          Array.from({ length: 20 }, (_, i) => Uint8Array.of(232, 7, 1, i + 1)),
        ),
      ],
    };
    const part = encodeColumnPart(batch);
    fc.assert(
      fc.property(fc.nat(part.length - 1), fc.nat(255), fc.nat(part.length), (at, value, cut) => {
        const hostile = part.slice(0, part.length - (cut % 7 === 0 ? cut : 0));
        if (at < hostile.length) hostile[at] = value;
        const forms = ['i64', 'bytes', 'date'] as const;
        let refused = false;
        try {
          decodeColumnPart(hostile, forms);
        } catch (error) {
          assert.ok(isBackupError(error, 'archive-damaged'), String(error));
          refused = true;
        }
        // What a verification passes is what a restore can read.
        const check = (): unknown => checkColumnPart(hostile, forms);
        if (refused) assert.throws(check, (error) => isBackupError(error, 'archive-damaged'));
        else check();
      }),
      fuzzing(3000),
    );
  });

  it('F7: is refused or read just the same where the marks of its base64 are changed', () => {
    const images = Array.from({ length: 200 }, (_, i) => base64Of(randomOf(i, 400 + (i % 7))));
    const part = encodeColumnPart({ rows: images.length, columns: [column('bytes', images)] });
    const marks = part.length - 200 * 403;
    fc.assert(
      fc.property(fc.nat(marks), fc.nat(255), (at, value) => {
        const hostile = part.slice();
        hostile[at] = value;
        const outcomes = [decodeColumnPart, checkColumnPart].map((read) => {
          try {
            read(hostile, ['bytes']);
            return 'read';
          } catch (error) {
            assert.ok(isBackupError(error, 'archive-damaged'), String(error));
            return 'refused';
          }
        });
        assert.equal(outcomes[0], outcomes[1]);
      }),
      fuzzing(300),
    );
  });

  it('F7: cannot make the reader take memory for values that are not there', () => {
    const leb = (value: number): number[] =>
      value < 128 ? [value] : [(value % 128) | 128, ...leb(value >> 7)];
    const segment = [3 * 4, ...new Array<number>(1000).fill(65)];
    const bomb = Uint8Array.from([...leb(maxPartRows), 1, ...leb(segment.length), ...segment]);
    assert.throws(
      () => decodeColumnPart(bomb, ['bytes']),
      (error) => isBackupError(error, 'archive-damaged'),
    );
    const manyColumns = new Array<ValueForm>(100).fill('i64');
    const constants = manyColumns.flatMap(() => [0, ...new Array<number>(9).fill(0)]);
    const wide = Uint8Array.from([...leb(maxPartRows), 100, ...manyColumns.map(() => 10), ...constants]);
    assert.throws(
      () => decodeColumnPart(wide, manyColumns),
      (error) => isBackupError(error, 'archive-damaged'),
    );
  });
});
