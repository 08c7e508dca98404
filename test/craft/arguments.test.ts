import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { isBackupError } from '../../src/errors.js';
import * as root from '../../src/index.js';
import { createMemoryStorage } from '../../src/testing.js';

const secret = 'hunter2';
const url = `mysql://root:${secret}@127.0.0.1:1/practice`;

// What somebody may give by mistake in the place of an address, a store, an archive or options.
const wrong: Readonly<Record<string, unknown>> = {
  undefined,
  null: null,
  number: 42,
  'a text': secret,
  'a URL with a password': url,
  'a URL object': new URL(url),
  'a pool': {
    config: { password: secret },
    query: () => [],
    execute: () => [],
    getConnection: () => undefined,
    end: () => undefined,
  },
  'an address with a URL as host': { host: url, user: 'root' },
  'an address with a password of no kind': { host: '127.0.0.1', user: 'root', password: { [secret]: 1 } },
  'an empty object': {},
  'an empty list': [],
  'a list of nothing': [null],
};

// What is right in the first place for one function or another, so that what stands behind it is looked at
// too.
const right: readonly (readonly unknown[])[] = [
  [],
  [createMemoryStorage()],
  [new Uint8Array(8)],
  [{ host: '127.0.0.1', port: 1, user: 'root' }],
  [noParts()],
  [[]],
  ['a text'],
  [new Date(0)],
];

async function* noParts(): AsyncGenerator<never> {
  // Nothing.
}

type PublicFunction = (...given: readonly unknown[]) => unknown;

const { exports } = JSON.parse(await readFile('package.json', 'utf8')) as {
  readonly exports: Readonly<Record<string, string | { readonly default: string }>>;
};

/** Every public function and class, once, however many entries have it. None is left out. */
const functions = new Map<PublicFunction, string>();
for (const entry of Object.values(exports)) {
  if (typeof entry === 'string') continue;
  const values = (await import(pathToFileURL(entry.default).href)) as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(values)) {
    if (typeof value === 'function') functions.set(value as PublicFunction, name);
  }
}

/** Calls a function, or makes one of a class. */
function called(one: PublicFunction, given: readonly unknown[]): unknown {
  return /^class\b/.test(String(one)) ? Reflect.construct(one, given) : one(...given);
}

/** What comes of a call; what is given bit by bit is asked for its first bit. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    const result = await call();
    if (typeof result === 'object' && result !== null && Symbol.asyncIterator in result) {
      for await (const _ of result as AsyncIterable<unknown>) break;
    }
    return undefined;
  } catch (error) {
    return error;
  }
}

function faultOf(error: unknown): string | undefined {
  if (error === undefined) return undefined;
  const { name, message, code } = error as NodeJS.ErrnoException;
  // The name of what is not there is what there is to tell.
  if (code === 'ENOENT' || code === 'storage-not-found') return undefined;
  const all = `${message}\n${String((error as Error).cause ?? '')}`;
  if (all.includes(secret)) return `shows a value: ${message}`;
  if (isBackupError(error)) return undefined;
  if ((name === 'TypeError' || name === 'RangeError') && /"[\w.[\]]+"/.test(message)) return undefined;
  // A message of the engine names no argument.
  return `${name}: ${message}`;
}

for (const [one, name] of functions) {
  test(`${name} names an argument that is wrong, and does not tell its value`, async () => {
    for (const [what, given] of Object.entries(wrong)) {
      for (const before of right) {
        const all = await outcome(() => called(one, [...before, given, given, given]));
        assert.equal(
          faultOf(all),
          undefined,
          `${what} behind ${before.length} right ones, and for all others`,
        );
        const alone = await outcome(() => called(one, [...before, given]));
        assert.equal(faultOf(alone), undefined, `${what} behind ${before.length} right ones`);
      }
    }
  });
}

test('nothing that is no plain address is dialled', async () => {
  for (const [what, given] of Object.entries(wrong)) {
    const error = await outcome(() => root.openConnection(given as root.DatabaseAddress));
    assert.ok(error instanceof TypeError || error instanceof RangeError, what);
  }
});
