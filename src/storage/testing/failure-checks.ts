import { isBackupError } from '../../errors.js';
import { bodyBytes, bodyOf } from './bodies.js';
import type { NamedCheck } from './named-check.js';
import { demand, demandFailure } from './violation.js';

const telling = ['storage-permanent', 'storage-transient', 'storage-full', 'destination-missing'] as const;

/** What an adapter says when it cannot do its work. */
export const failureChecks: readonly NamedCheck[] = [
  {
    name: 'a store that refuses or does not answer says so, and is never taken for an empty one',
    async try({ broken, key, keys, read }) {
      for (const adapter of broken) {
        const body = bodyOf(bodyBytes(10, 1));
        const attempts: readonly (readonly [string, () => Promise<unknown>])[] = [
          ['put', () => adapter.put(key('a'), body)],
          ['put with `ifAbsent`', () => adapter.put(key('b'), body, { ifAbsent: true })],
          ['get', () => read(adapter, key('a'))],
          ['stat', () => adapter.stat(key('a'))],
          ['list', () => keys(adapter, key(''))],
        ];
        for (const [name, attempt] of attempts) {
          const what = `${name} of a broken adapter`;
          const error = await demandFailure(attempt(), what);
          const typed = telling.some((code) => isBackupError(error, code));
          demand(typed, `${what} fails with something else than ${telling.join(', ')}`, error);
        }
      }
    },
  },
];
