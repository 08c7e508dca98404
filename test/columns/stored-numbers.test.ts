import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteBuilder, ByteCursor } from '../../src/columns/byte-cursor.js';
import { encodeNumbers, numbersBound, numbersEncoding } from '../../src/columns/numbers.js';
import { addUp, joinNumbers, takeNumbers } from '../../src/columns/stored-numbers.js';
import { fc } from '../support/properties.js';

test('lengths add up as they stand to what they come to when they are put together', () => {
  const length = fc.oneof(fc.nat(255), fc.nat(70_000), fc.nat(2 ** 25), fc.nat(2 ** 32 - 1));
  fc.assert(
    fc.property(fc.array(length, { maxLength: 40 }), fc.nat(2 ** 32 - 1), (lengths, more) => {
      const data = new Uint8Array(Uint32Array.from(lengths, (each) => each + more).buffer);
      const out = new ByteBuilder(numbersBound(lengths.length, 4));
      encodeNumbers(out, data, 4, lengths.length, false);
      const stored = takeNumbers(new ByteCursor(out.finish()), numbersEncoding, 4, lengths.length);
      const together = new Uint32Array(joinNumbers(stored).buffer, 0, lengths.length);
      assert.deepEqual(addUp(stored), {
        total: together.reduce((sum, each) => sum + each, 0),
        longest: together.reduce((longest, each) => Math.max(longest, each), 0),
      });
    }),
  );
});
