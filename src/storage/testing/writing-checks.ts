import { isBackupError } from '../../errors.js';
import { bodyBytes, bodyOf } from './bodies.js';
import type { NamedCheck } from './named-check.js';
import { demand, demandBytes, demandFailure } from './violation.js';

/** What `put`, `stat` and `delete` promise one writer. */
export const writingChecks: readonly NamedCheck[] = [
  {
    name: 'what was put is what anybody gets',
    async try({ adapter, other, key, read }) {
      for (const size of [1, 1000, 65_536, 65_537]) {
        const bytes = bodyBytes(size, size);
        const stored = await adapter.put(key(`size-${size}`), bodyOf(bytes));
        demand(stored.key === key(`size-${size}`) && stored.size === size, 'put tells another key or size');
        demandBytes(await read(adapter, key(`size-${size}`)), bytes, `${size} bytes`);
        demandBytes(await read(other, key(`size-${size}`)), bytes, `${size} bytes, elsewhere`);
      }
    },
  },
  {
    name: 'an empty object is an object',
    async try({ adapter, other, key, read }) {
      await adapter.put(key('empty'), bodyOf(new Uint8Array(0)));
      demand((await other.stat(key('empty')))?.size === 0, 'stat does not tell the size 0');
      demandBytes(await read(other, key('empty')), new Uint8Array(0), 'the empty object');
    },
  },
  {
    name: 'an object of several parts arrives whole, and progress is told up to its size',
    async try({ adapter, other, key, read, severalParts }) {
      for (const size of [severalParts - 1, severalParts, severalParts + 1]) {
        const bytes = bodyBytes(size, 7);
        const told: number[] = [];
        const stored = await adapter.put(key(`large-${size}`), bodyOf(bytes), {
          onProgress({ transferredBytes, totalBytes }) {
            demand(totalBytes === size, 'progress tells another total');
            told.push(transferredBytes);
          },
        });
        demand(stored.size === size, 'put tells another size');
        demandBytes(await read(other, key(`large-${size}`)), bytes, 'the large object');
        demand(told.at(-1) === size, 'progress does not end at the size');
        demand(
          told.every((at, i) => i === 0 || at >= told[i - 1]!),
          'progress goes backwards',
        );
      }
    },
  },
  {
    name: 'stat tells what put told, and null for what is not there',
    async try({ adapter, other, key }) {
      demand((await adapter.stat(key('absent'))) === null, 'stat of nothing is not null');
      const stored = await adapter.put(key('there'), bodyOf(bodyBytes(10, 1)));
      const seen = await other.stat(key('there'));
      demand(seen !== null, 'stat does not see the object');
      demand(seen.key === stored.key && seen.size === stored.size, 'stat and put tell different things');
      demand(seen.etag === stored.etag, 'stat and put tell different etags');
      const day = 24 * 60 * 60 * 1000;
      demand(Math.abs(seen.modifiedAt.getTime() - Date.now()) < day, 'the date is a day or more off');
    },
  },
  {
    name: 'a second put replaces the object whole, or is refused where nothing is overwritten',
    async try({ adapter, other, key, read }) {
      const [first, second] = [bodyBytes(5000, 1), bodyBytes(300, 2)];
      const before = await adapter.put(key('twice'), bodyOf(first));
      if (adapter.capabilities.overwrite) {
        const after = await adapter.put(key('twice'), bodyOf(second));
        demandBytes(await read(other, key('twice')), second, 'the replaced object');
        demand(before.etag === undefined || before.etag !== after.etag, 'the etag did not change');
      } else {
        const error = await demandFailure(adapter.put(key('twice'), bodyOf(second)), 'the overwriting put');
        demand(isBackupError(error, 'storage-exists'), 'the refusal is not `storage-exists`');
        demandBytes(await read(other, key('twice')), first, 'the object that was to stay');
      }
    },
  },
  {
    name: '`ifAbsent` stores what is new and leaves alone what is there',
    async try({ adapter, other, key, read, severalParts }) {
      const bytes = bodyBytes(100, 1);
      await adapter.put(key('once'), bodyOf(bytes), { ifAbsent: true });
      for (const size of [100, severalParts + 1]) {
        const put = adapter.put(key('once'), bodyOf(bodyBytes(size, 2)), { ifAbsent: true });
        const error = await demandFailure(put, 'the second put');
        demand(isBackupError(error, 'storage-exists'), 'the refusal is not `storage-exists`');
        demand(adapter.classify(error) === 'exists', 'classify does not say `exists`');
      }
      demandBytes(await read(other, key('once')), bytes, 'the first object');
    },
  },
  {
    name: 'a source that is shorter, longer or other than it says is refused, and nothing shows',
    async try({ adapter, other, key, keys }) {
      const bytes = bodyBytes(2000, 3);
      const liars = [
        { ...bodyOf(bytes), size: 2001 },
        { ...bodyOf(bytes), size: 1999, open: () => bytes },
        { ...bodyOf(bytes), sha256: '0'.repeat(64) },
      ];
      for (const liar of liars) {
        await demandFailure(adapter.put(key('liar'), liar), 'a source that lies');
        demand((await other.stat(key('liar'))) === null, 'the object of a lying source shows');
      }
      demand((await keys(other, key(''))).length === 0, 'list shows the object of a lying source');
    },
  },
  {
    name: 'delete removes an object, also one that is not there, or is refused as a whole',
    async try({ adapter, other, key }) {
      await adapter.put(key('gone'), bodyOf(bodyBytes(10, 1)));
      await adapter.put(key('gone-not'), bodyOf(bodyBytes(10, 1)));
      if (adapter.capabilities.delete) {
        await adapter.delete(key('gone'));
        demand((await other.stat(key('gone'))) === null, 'the deleted object is still there');
        await adapter.delete(key('gone'));
        await adapter.delete(key('never/was'));
        await adapter.put(key('gone'), bodyOf(bodyBytes(20, 2)), { ifAbsent: true });
        demand((await other.stat(key('gone')))?.size === 20, 'what was deleted cannot be stored anew');
      } else {
        const error = await demandFailure(adapter.delete(key('gone')), 'delete');
        demand(isBackupError(error, 'storage-permanent'), 'the refusal is not `storage-permanent`');
        demand((await other.stat(key('gone'))) !== null, 'the refused delete removed the object');
      }
      demand((await other.stat(key('gone-not'))) !== null, 'delete removed another object');
    },
  },
];
