import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isBackupError } from '../../src/errors.js';
import * as root from '../../src/index.js';

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
};

// Whatever takes an address, a connection, a store or an archive.
const guarded = [
  'checkNight',
  'checkWithoutKey',
  'compareDatabases',
  'createDatabaseAlerts',
  'createDatabaseEnrollments',
  'createDatabaseSettings',
  'dumpDatabase',
  'explainEligibility',
  'findLatestBackup',
  'isEligible',
  'listBackups',
  'openConnection',
  'openSnapshot',
  'parseDatabaseUrl',
  'planRestore',
  'rangeSourceOf',
  'readAdmins',
  'readCatalog',
  'rehearseRestore',
  'restoreDatabase',
  'runSupplementalBackup',
  'salvage',
  'startNightly',
  'takeFingerprint',
  'verifyArchive',
  'verifyStored',
  'withLog',
  'withReadOnly',
  'withRetry',
  'withThrottle',
];

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
  const { name, message } = error as Error;
  const all = `${message}\n${String((error as Error).cause ?? '')}`;
  if (all.includes(secret)) return `shows a value: ${message}`;
  if (isBackupError(error)) return undefined;
  if ((name === 'TypeError' || name === 'RangeError') && /"[\w.[\]]+"/.test(message)) return undefined;
  // A message of the engine names no argument.
  return `${name}: ${message}`;
}

for (const name of guarded) {
  test(`${name} names an argument that is wrong, and does not tell its value`, async () => {
    const call = (root as Readonly<Record<string, unknown>>)[name] as (...args: unknown[]) => unknown;
    for (const [what, given] of Object.entries(wrong)) {
      const error = await outcome(() => call(given, given, given, given));
      assert.equal(faultOf(error), undefined, what);
    }
  });
}

test('nothing that is no plain address is dialled', async () => {
  for (const [what, given] of Object.entries(wrong)) {
    const error = await outcome(() => root.openConnection(given as root.DatabaseAddress));
    assert.ok(error instanceof TypeError || error instanceof RangeError, what);
  }
});
