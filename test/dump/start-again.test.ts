import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startAgainOnChange } from '../../src/dump/start-again.js';
import { BackupError } from '../../src/errors.js';

const changed = new BackupError('schema-changed', 'Table "a" was altered.');

describe('startAgainOnChange', () => {
  it('K6: runs again from the beginning, a bounded number of times', async () => {
    const seen: number[] = [];
    const run = (failures: number) => async (attempt: number) => {
      seen.push(attempt);
      if (attempt <= failures) throw changed;
      return 'done';
    };
    assert.equal(await startAgainOnChange(run(2)), 'done');
    await assert.rejects(startAgainOnChange(run(9)), changed);
    assert.deepEqual(seen, [1, 2, 3, 1, 2, 3]);
  });

  it('lets every other failure pass at once', async () => {
    let runs = 0;
    const lost = new BackupError('database-connection-lost', 'Gone.');
    await assert.rejects(
      startAgainOnChange(async () => {
        runs++;
        throw lost;
      }),
      lost,
    );
    assert.equal(runs, 1);
  });
});
