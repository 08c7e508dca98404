import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot, sourceFiles } from '../support/project.js';
import { tortureDefinitions } from '../torture/index.js';
import { hazardTests, knownHazards } from './hazards-page.js';

test('every hazard of a faithful copy is in the name of a test, or built into the torture database', () => {
  const known = knownHazards();
  assert.equal(new Set(known).size, known.length);
  const tested = new Set([
    ...hazardTests().flatMap(({ ids }) => ids),
    ...tortureDefinitions.map(({ id }) => id),
  ]);
  assert.deepEqual(
    known.filter((id) => !tested.has(id)),
    [],
    'no test',
  );
  assert.deepEqual(
    [...tested].filter((id) => !known.includes(id)),
    [],
    'not in docs/HAZARDS.md',
  );
});

test('every hazard that a comment of the source names is told', () => {
  const known = new Set(knownHazards());
  const unknown = sourceFiles().flatMap((file) => {
    const text = readFileSync(join(projectRoot, 'src', file), 'utf8');
    const comments = text.match(/^\s*(?:\/\/|\/?\*).*$/gm) ?? [];
    // In brackets, alone, in a list or as a range: (K6), (S1, S4), (K1–K5), (1615, before any row; F14).
    return comments
      .flatMap((line) => line.match(/\([^()]*\b[A-Z]\d{1,2}\)/g) ?? [])
      .flatMap((brackets) => brackets.match(/\b[A-Z]\d{1,2}\b/g) ?? [])
      .filter((id) => !known.has(id))
      .map((id) => `src/${file}: ${id}`);
  });
  assert.deepEqual(unknown, []);
});
