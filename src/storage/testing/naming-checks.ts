import { bodyBytes, bodyOf } from './bodies.js';
import type { NamedCheck } from './named-check.js';
import { demand, demandBytes, demandFailure } from './violation.js';

const oddNames = [
  'with space/and  two',
  'percent%20/100%',
  'plus+and&equals=',
  "quote'and`tick",
  'Grüße/ß/日本語',
  'rocket-🚀',
  '.hidden/..double-dot',
  '-leading-dash',
  'hash#question-free;comma,',
  '(parens)[brackets]{braces}!~@^',
  `deep/${Array.from({ length: 20 }, (_, i) => i).join('/')}/leaf`,
  'n'.repeat(200),
];

const badKeys = [
  '',
  '/',
  'a//b',
  '/a',
  'a/',
  '.',
  '..',
  'a/../b',
  '../a',
  'a/./b',
  'a\\b',
  'a\u0000b',
  'a\nb',
];

/** What keys may be, and may not be. */
export const namingChecks: readonly NamedCheck[] = [
  {
    name: 'odd keys are kept apart and come back as they were',
    async try({ adapter, other, key, keys, read, settled }) {
      const bodies = oddNames.map((_, i) => bodyBytes(20 + i, i));
      for (const [i, name] of oddNames.entries()) await adapter.put(key(name), bodyOf(bodies[i]!));
      for (const [i, name] of oddNames.entries()) {
        demandBytes(await read(other, key(name)), bodies[i]!, `the object ${name}`);
        demand((await other.stat(key(name)))?.key === key(name), `stat tells another key for ${name}`);
      }
      const wanted = oddNames.map(key).sort();
      const same = async (): Promise<boolean> =>
        (await keys(other, key(''))).sort().join('\n') === wanted.join('\n');
      demand(await settled(same), 'list does not give the odd keys as they were');
    },
  },
  {
    name: 'keys with an empty, "." or ".." segment, a backslash or a control character are refused',
    async try({ adapter, read }) {
      for (const key of badKeys) {
        const attempts = [
          adapter.put(key, bodyOf(bodyBytes(1, 1))),
          adapter.stat(key),
          read(adapter, key),
          ...(adapter.capabilities.delete ? [adapter.delete(key)] : []),
        ];
        for (const outcome of await Promise.allSettled(attempts)) {
          demand(outcome.status === 'rejected', `the key ${JSON.stringify(key)} is not refused`);
          demand(outcome.reason instanceof RangeError, `the key ${JSON.stringify(key)} is no RangeError`);
        }
      }
      await demandFailure(adapter.stat('k'.repeat(1025)), 'a key of more than 1,024 bytes');
    },
  },
];
