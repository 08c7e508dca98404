import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { NightPlan } from '../../src/nightly/run/night-plan.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { type NightBench, setUpNight } from './support/night.js';

describe('a plan that lacks something', () => {
  let bench: NightBench;
  before(async () => {
    bench = await setUpNight({ user: 'backup', database: 'opendental' });
  });
  after(() => bench.remove());
  const refuses = (changes: object, message: RegExp): Promise<void> =>
    assert.rejects(runSupplementalBackup({ ...bench.plan, ...changes } as NightPlan), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      return true;
    });

  it('is a programmer’s mistake, and named', async () => {
    await refuses({ database: { user: 'backup' } }, /"plan.database.database"/);
    for (const practiceId of [
      '',
      '../4711',
      'a/b',
      'x'.repeat(65),
      '.hidden',
      'Smiles.',
      'CON',
      'nul.1',
      'lpt1',
    ]) {
      await refuses({ practiceId }, /"plan.practiceId"/);
    }
    await refuses({ spool: '' }, /"plan.spool"/);
    await refuses({ hq: undefined, local: undefined }, /"hq" or "local"/);
  });
});
