import { collectBytes } from '../../bytes.js';
import { isBackupError } from '../../errors.js';
import { bodyBytes, bodyOf } from './bodies.js';
import type { NamedCheck } from './named-check.js';
import { demand, demandBytes, demandFailure } from './violation.js';

/** What `get` and `list` promise. */
export const readingChecks: readonly NamedCheck[] = [
  {
    name: 'get of what is not there says `storage-not-found`',
    async try({ adapter, key, read }) {
      const error = await demandFailure(read(adapter, key('absent')), 'get of nothing');
      demand(isBackupError(error, 'storage-not-found'), 'the failure is not `storage-not-found`');
      demand(adapter.classify(error) === 'not-found', 'classify does not say `not-found`');
    },
  },
  {
    name: 'a range gives exactly its bytes, and one outside of the object is a RangeError',
    async try({ adapter, other, key, severalParts }) {
      if (!adapter.capabilities.ranges) return;
      const bytes = bodyBytes(severalParts + 1, 5);
      const size = bytes.length;
      await adapter.put(key('ranges'), bodyOf(bytes));
      const middle = Math.floor(size / 2);
      const inside: readonly (readonly [number, number?])[] = [
        [0, 1],
        [0, size],
        [0, 0],
        [size - 1, 1],
        [middle - 70_000, 140_000],
        [middle],
        [size],
        [size, 0],
      ];
      for (const [offset, length] of inside) {
        const range = { offset, ...(length !== undefined && { length }) };
        const got = await collectBytes(other.get(key('ranges'), { range }));
        const end = length === undefined ? size : offset + length;
        demandBytes(got, bytes.subarray(offset, end), `the range from ${offset} to ${end}`);
      }
      for (const [offset, length] of [[-1, 1], [size + 1, 0], [size, 1], [0, size + 1], [size + 1]]) {
        const range = { offset: offset!, ...(length !== undefined && { length }) };
        const error = await demandFailure(collectBytes(other.get(key('ranges'), { range })), 'a wrong range');
        demand(error instanceof RangeError, 'a wrong range is not a RangeError');
      }
    },
  },
  {
    name: 'what is only the beginning of a key is nothing',
    async try({ adapter, other, key, read }) {
      await adapter.put(key('folder/leaf'), bodyOf(bodyBytes(10, 1)));
      for (const name of ['folder', 'folder/le']) {
        demand((await other.stat(key(name))) === null, 'stat shows the beginning of a key');
        const error = await demandFailure(read(other, key(name)), 'get of the beginning of a key');
        demand(isBackupError(error, 'storage-not-found'), 'the failure is not `storage-not-found`');
        if (adapter.capabilities.delete) await adapter.delete(key(name));
      }
      demand((await other.stat(key('folder/leaf'))) !== null, 'delete removed what only begins so');
    },
  },
  {
    name: 'several readers at a time each get their own bytes',
    async try({ adapter, key, read, severalParts }) {
      const bodies = [bodyBytes(severalParts + 1, 11), bodyBytes(3000, 12)];
      for (const [i, bytes] of bodies.entries()) await adapter.put(key(`${i}`), bodyOf(bytes));
      await Promise.all(
        [0, 1, 0, 1].map(async (i) => demandBytes(await read(adapter, key(`${i}`)), bodies[i]!, 'a reader')),
      );
    },
  },
  {
    name: 'a reader may stop early, and an aborted one is told why',
    async try({ adapter, key, read, severalParts }) {
      const bytes = bodyBytes(severalParts + 1, 6);
      await adapter.put(key('early'), bodyOf(bytes));
      for await (const chunk of adapter.get(key('early'))) {
        demand(chunk.length > 0, 'get gives an empty chunk');
        break;
      }
      const reason = new Error('enough');
      const abort = new AbortController();
      const error = await demandFailure(
        (async () => {
          for await (const _ of adapter.get(key('early'), { signal: abort.signal })) abort.abort(reason);
        })(),
        'the aborted get',
      );
      demand(error === reason, 'an aborted get rejects with something else than `signal.reason`');
      demandBytes(await read(adapter, key('early')), bytes, 'the object after an aborted get');
    },
  },
  {
    name: 'an aborted signal stops stat, list and delete too',
    async try({ adapter, key, keys }) {
      const reason = new Error('not now');
      const signal = AbortSignal.abort(reason);
      const listed = (async () => {
        for await (const _ of adapter.list(key(''), { signal })) demand(false, 'list went on');
      })();
      const attempts: Promise<unknown>[] = [adapter.stat(key('a'), { signal }), listed];
      if (adapter.capabilities.delete) attempts.push(adapter.delete(key('a'), { signal }));
      for (const outcome of await Promise.allSettled(attempts)) {
        demand(outcome.status === 'rejected', 'an aborted call went on');
        demand(outcome.reason === reason, 'an aborted call rejects with something else than `signal.reason`');
      }
      demand((await keys(adapter, key(''))).length === 0, 'something is there');
    },
  },
  {
    name: 'list gives the keys that begin with the prefix, in order, over pages',
    async try({ adapter, other, key, keys, severalPages, settled }) {
      const wanted = Array.from({ length: severalPages }, (_, i) =>
        key(`pages/${String(i).padStart(5, '0')}`),
      );
      // Stored backwards, so that the order of arrival does not help.
      for (const one of [...wanted].reverse()) await adapter.put(one, bodyOf(bodyBytes(3, 1)));
      for (const name of ['pages-other', 'page', 'pages.txt']) {
        await adapter.put(key(name), bodyOf(bodyBytes(3, 1)));
      }
      const same = async (prefix: string, expected: readonly string[]): Promise<boolean> =>
        (await keys(other, prefix)).join('\n') === expected.join('\n');
      demand(await settled(() => same(key('pages/'), wanted)), 'the listed pages are not those stored');
      const all = [key('page'), key('pages-other'), key('pages.txt'), ...wanted];
      demand(await settled(() => same(key(''), all)), 'the keys are not in the order of their bytes');
      const tenth = wanted.filter((one) => one.startsWith(key('pages/0000')));
      demand(await settled(() => same(key('pages/0000'), tenth)), 'a prefix that ends in a name is not met');
      demand(await settled(() => same(key('none/'), [])), 'a prefix of nothing lists something');
      for await (const object of other.list(wanted[0]!)) {
        demand(object.size === 3 && object.modifiedAt instanceof Date, 'list tells no size or date');
      }
    },
  },
];
