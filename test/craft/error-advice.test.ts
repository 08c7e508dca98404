import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviceOn } from '../../src/error-advice.js';
import { during, happenedDuring, yieldDuring } from '../../src/errors.js';
import { type Activity, BackupError, type BackupErrorCode, errorExplanations } from '../../src/index.js';

const codes = Object.keys(errorExplanations) as BackupErrorCode[];
const combinations = codes.flatMap((code) =>
  (Object.keys(errorExplanations[code].during) as Activity[]).map((activity) => ({ code, activity })),
);

// What is not so while that is done, or has nothing to do with it.
const outOfPlace: Readonly<Record<Activity, RegExp>> = {
  backup: /\b(target|restore the|this store|was (?:read|looked at))\b/i,
  read: /\b(target|office|publish|upload|final name|locks were|nightly|the run|settings|a backup)\b/i,
  restore:
    /\b(office|publish|upload|final name|locks were|nightly|this store|settings|a backup|older archives)\b/i,
  settings: /\b(office|publish|upload|final name|locks were|nightly|this store|archive|target|a backup)\b/i,
  store: /\b(target|salvage|restore|locks were|settings|a backup)\b/i,
  tool: /\b(office|nightly|the run does)\b/i,
};

test('every error code is told in whole sentences, whatever was being done', () => {
  for (const code of codes) {
    assert.match(errorExplanations[code].what, /^[A-Z].*\.$/, code);
    assert.notDeepEqual(Object.keys(errorExplanations[code].during), [], `${code} can happen during nothing`);
  }
  for (const { code, activity } of [
    ...combinations,
    ...codes.map((code) => ({ code, activity: undefined })),
  ]) {
    const { safe, action } = adviceOn(code, activity);
    for (const sentence of [safe, action]) assert.match(sentence, /^[A-Z].*\.$/, `${code} in ${activity}`);
    assert.doesNotMatch(`${safe} ${action}`, /\.\.| {2}|undefined/, `${code} in ${activity}`);
  }
});

test('what is told of every error fits what was being done', () => {
  for (const { code, activity } of combinations) {
    const { safe, action } = adviceOn(code, activity);
    assert.doesNotMatch(`${safe} ${action}`, outOfPlace[activity], `${code} in ${activity}`);
  }
});

test('an error that nobody has placed yet is told in words that are true everywhere', () => {
  for (const code of codes) {
    const places = Object.keys(errorExplanations[code].during) as Activity[];
    // What can happen during one thing alone may speak of it.
    if (places.length === 1) continue;
    const { safe, action } = errorExplanations[code];
    assert.doesNotMatch(`${safe} ${action}`, /\b(office|a backup|target|settings stay)\b/i, code);
  }
});

test('a function says what it was doing, and what was said before stays', async () => {
  const lost = (): never => {
    throw new BackupError('database-connection-lost', 'The connection to the server was lost.');
  };
  const inner = during('restore', async () => lost());
  const error = await during('backup', () => inner).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof BackupError);
  assert.equal(error.activity, 'restore');
  assert.equal(error.happened, 'The connection to the server was lost.');
  const { safe, action } = adviceOn('database-connection-lost', 'restore');
  assert.equal(error.message, `${error.happened} ${safe} ${action}`);
  assert.ok(
    error.stack?.startsWith(`BackupError: ${error.message}\n`) ?? error.stack?.includes(error.message),
  );
  const given = yieldDuring(
    'backup',
    (async function* (): AsyncGenerator<number> {
      yield 1;
      lost();
    })(),
  );
  const taken: number[] = [];
  await assert.rejects(
    async () => {
      for await (const each of given) taken.push(each);
    },
    { activity: 'backup' },
  );
  assert.deepEqual(taken, [1]);
});

test('what is no error of the family passes as it is', () => {
  const foreign = new Error('foreign');
  assert.equal(happenedDuring('backup', foreign), foreign);
  assert.equal(foreign.message, 'foreign');
  assert.equal(happenedDuring('backup', undefined), undefined);
});
