import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulateInChild } from './child.js';

describe('nights by seed', { concurrency: 2 }, () => {
  for (const seed of [1, 1001]) {
    it(`no promise is broken from seed ${seed} on`, async () => {
      const words = ['--seed', `${seed}`, '--days', '120', '--practices', '14'];
      const { isGood, output } = await simulateInChild(words);
      assert.ok(isGood, output);
      assert.match(output, / 0 seeds with a broken promise/);
    });
  }

  it('disks that fail while a guard is taken or given back hold up no later night', async () => {
    const { isGood, output } = await simulateInChild(['--seed', '9003', '--days', '40']);
    assert.ok(isGood, output);
  });

  it('alerts that a journal knew of are taken back when the journal is gone', async () => {
    const { isGood, output } = await simulateInChild(['--seed', '32', '--days', '40']);
    assert.ok(isGood, output);
  });

  it('the hours that HQ gave outlive the journal that kept them', async () => {
    const { isGood, output } = await simulateInChild(['--seed', '1310', '--days', '80']);
    assert.ok(isGood, output);
  });

  it('a copy that was noted just before the power went stands for its week', async () => {
    const { isGood, output } = await simulateInChild(['--seed', '104', '--days', '80']);
    assert.ok(isGood, output);
  });

  it('a fault that is put into the nights is found', async () => {
    const { isGood, output } = await simulateInChild([
      '--mutation',
      'another-date',
      '--seed',
      '1',
      '--days',
      '40',
      '--practices',
      '5',
    ]);
    assert.ok(!isGood);
    assert.match(output, /was recorded as the date of a local copy, and none was verified then/);
  });

  it('a story is the same each time it is told', async () => {
    const words = ['--seed', '7', '--days', '40', '--log'];
    const [one, other] = await Promise.all([simulateInChild(words), simulateInChild(words)]);
    const story = ({ output }: { readonly output: string }): string =>
      output.slice(0, output.lastIndexOf('\n', output.length - 2));
    assert.equal(story(one), story(other));
  });
});
