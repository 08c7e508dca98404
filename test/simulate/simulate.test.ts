import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { simulateInChild, tellInChild } from './child.js';
import { fullSeed } from './faults.js';
import { mutations } from './mutations.js';

/** Practices of 120 days each; the last of them meet everything that is simulated. */
const practices = [1, 1001, fullSeed].flatMap((first) =>
  Array.from({ length: first === fullSeed ? 8 : 12 }, (_, i) => first + i),
);
/**
 * Seeds that broke a promise once, with the days that it took. Stories move when the nights change: each was
 * seen to break it again without its mend, on 30 November 2026, and each mend has a test of its own besides.
 */
const once = {
  9003: 'disks that fail while a guard is taken or given back hold up no later night',
  32: 'alerts that a journal knew of are taken back when the journal is gone',
  1310: 'the hours that HQ gave outlive the journal that kept them',
};
const days: Readonly<Record<keyof typeof once, number>> = { 9003: 40, 32: 40, 1310: 80 };
const loud = 7;

describe('nights by seed', { concurrency: 3 }, () => {
  // One process for all of them: most of a short one's time goes into learning the code.
  const told = tellInChild([
    ...practices.map((seed) => `${seed}:120`),
    ...Object.entries(days).map(([seed, each]) => `${seed}:${each}`),
    `${loud}:40:log`,
  ]);

  it('no promise is broken', async () => {
    const lines = (await told).filter((line) => line.endsWith(' days'));
    assert.deepEqual(
      lines.slice(0, practices.length),
      practices.map((seed) => `seed ${seed}: every promise was kept for 120 days`),
    );
  });

  for (const [seed, promise] of Object.entries(once)) {
    it(promise, async () => {
      const kept = `seed ${seed}: every promise was kept for ${days[Number(seed) as keyof typeof once]} days`;
      assert.ok((await told).includes(kept), `seed ${seed}`);
    });
  }

  for (const { name, file, from } of mutations) {
    it(`the deliberate fault "${name}" still has its place`, async () => {
      const code = await readFile(new URL(`../../src${file}`, import.meta.url), 'utf8');
      assert.ok(code.includes(from), from);
    });
  }

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

  it('a story is the same alone as after others', async () => {
    const of = (lines: readonly string[]): readonly string[] =>
      lines.filter((line) => line.startsWith(`${loud} `));
    const alone = of(await tellInChild([`${loud}:40:log`]));
    assert.ok(alone.length > 100);
    assert.deepEqual(of(await told), alone);
  });
});
