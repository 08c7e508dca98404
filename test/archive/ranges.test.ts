import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prefetch } from '../../src/archive/prefetch.js';
import { chunksOfRanges, wholeOfRanges } from '../../src/archive/range-reader.js';
import { collectBytes, type RangeSource, rangesOfBytes } from '../../src/bytes.js';

const mebibyte = 1024 * 1024;

/** A source that notes what was asked of it. */
function watched(size: number): {
  readonly source: RangeSource;
  readonly bytes: Uint8Array;
  readonly asked: number[];
} {
  const bytes = new Uint8Array(size).map((_, i) => i >> 8);
  const asked: number[] = [];
  const inside = rangesOfBytes(bytes);
  const read: RangeSource['read'] = (offset, length, options) => {
    asked.push(length);
    return inside.read(offset, length, options);
  };
  return { source: { size, read }, bytes, asked };
}

test('ranges are read front to back, every byte once, whatever the size', async () => {
  for (const size of [0, 1, 16_384, 16_385, mebibyte, mebibyte + 1, 3.5 * mebibyte]) {
    for (const readAll of [chunksOfRanges, wholeOfRanges]) {
      const { source, bytes, asked } = watched(size);
      assert.deepEqual(await collectBytes(readAll(source)), bytes);
      assert.equal(
        asked.reduce((sum, length) => sum + length, 0),
        size,
      );
      assert.ok(asked.every((length) => length <= mebibyte));
    }
  }
});

test('little is fetched where little is wanted, and more at a time the more is wanted', async () => {
  const { source, asked } = watched(3 * mebibyte);
  for await (const _ of chunksOfRanges(source)) break;
  assert.deepEqual(asked, [16_384]);
  await collectBytes(chunksOfRanges(source));
  assert.deepEqual(asked.slice(1, 6), [16_384, 65_536, 262_144, mebibyte, mebibyte]);
});

test('an aborted reader asks for nothing more, and says why', async () => {
  for (const readAll of [chunksOfRanges, wholeOfRanges]) {
    const { source } = watched(3 * mebibyte);
    await assert.rejects(collectBytes(readAll(source, AbortSignal.abort(new Error('enough')))), /enough/);
  }
});

test('results come in their order, two of them being made while one is used', async () => {
  const begun: number[] = [];
  const used: number[] = [];
  const make = async (item: number): Promise<number> => {
    begun.push(item);
    return item * 10;
  };
  for await (const result of prefetch([1, 2, 3, 4, 5, 6], make)) {
    used.push(result);
    assert.equal(begun.length, Math.min(6, used.length + 2));
  }
  assert.deepEqual(used, [10, 20, 30, 40, 50, 60]);
});
