import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { headerByLibrary, parseTarHeader, tarHeader } from '../../src/archive/tar.js';

const entries = fc.record(
  {
    name: fc.stringMatching(/^[a-z][a-z0-9_.-]{0,40}(\/[a-z0-9][a-z0-9_.-]{0,20}){0,2}$/),
    size: fc.integer({ min: 0, max: 8 ** 11 - 1 }),
    time: fc.integer({ min: 0, max: 8 ** 11 - 1 }),
  },
  { noNullPrototype: true },
);

describe('the headers of an archive', () => {
  it('are those that the library of tar makes, to the last byte', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (entry) => {
        assert.deepEqual(await tarHeader(entry), new Uint8Array(await headerByLibrary(entry)));
      }),
    );
  });

  it('say again what they were made of', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (entry) => {
        assert.deepEqual(await parseTarHeader(await tarHeader(entry)), entry);
      }),
    );
  });
});
