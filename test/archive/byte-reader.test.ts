import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ByteReader } from '../../src/archive/byte-reader.js';
import { collectBytes } from '../../src/bytes.js';
import { fc } from '../support/properties.js';

describe('a reader of bytes that come in pieces', () => {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);

  it('gives the same bytes whatever the pieces and whatever is asked for', async () => {
    const cuts = fc.array(fc.nat(40), { minLength: 1, maxLength: 20 });
    const steps = fc.array(fc.tuple(fc.constantFrom('fill', 'peek', 'take'), fc.nat(60)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(cuts, steps, async (sizes, actions) => {
        const pieces: Uint8Array[] = [];
        let end = 0;
        for (const size of sizes) {
          const start = end;
          end = Math.min(bytes.length, start + size);
          pieces.push(bytes.subarray(start, end));
        }
        const reader = new ByteReader(pieces);
        let at = 0;
        for (const [action, length] of actions) {
          if (action === 'fill') {
            assert.equal(await reader.fill(length), at + length <= end);
            assert.ok(reader.available >= Math.min(length, end - at));
          } else if (length > reader.available) {
            assert.throws(() => reader[action](length), RangeError);
          } else {
            assert.deepEqual(reader[action](length), bytes.subarray(at, at + length));
            if (action === 'take') at += length;
          }
          assert.equal(reader.taken, at);
        }
        assert.deepEqual(await collectBytes(reader.rest()), bytes.subarray(at, end));
        assert.equal(reader.taken, end);
        assert.equal(reader.available, 0);
        assert.equal(await reader.fill(1), false);
      }),
    );
  });

  it('asks its source for no more than is wanted, and lets go of it once', async () => {
    let given = 0;
    let closed = 0;
    function* source(): Generator<Uint8Array> {
      try {
        for (; given < 10; given++) yield bytes.subarray(given * 10, given * 10 + 10);
      } finally {
        closed++;
      }
    }
    const reader = new ByteReader(source());
    assert.equal(given, 0);
    assert.equal(await reader.fill(11), true);
    assert.equal(given, 1);
    assert.equal(await reader.fill(20), true);
    assert.equal(given, 1);
    reader.take(15);
    await reader.close();
    await reader.close();
    assert.equal(closed, 1);
    // What was there is there, and no more comes.
    assert.equal(await reader.fill(6), false);
    assert.deepEqual(reader.take(5), bytes.subarray(15, 20));
    for await (const piece of new ByteReader(source()).rest()) {
      assert.equal(piece.length, 10);
      break;
    }
    assert.equal(closed, 2);
  });
});
