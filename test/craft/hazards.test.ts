import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../support/project.js';
import { tortureDefinitions } from '../torture/index.js';

const folder = join(projectRoot, 'test');

/** Ids in front of the names of tests, as in "R1, F9: …". */
function idsOfTests(): ReadonlySet<string> {
  const files = readdirSync(folder, { recursive: true }).map(String);
  const text = files
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const lists = [...text.matchAll(/['"`]((?:[A-Z]\d{1,2}, )*[A-Z]\d{1,2}): /g)];
  return new Set(lists.flatMap(([, list]) => list!.split(', ')));
}

test('every hazard of a faithful copy is in the name of a test, or built into the torture database', () => {
  const known = readFileSync(join(folder, 'craft', 'hazards.txt'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ', 1)[0]!);
  assert.equal(new Set(known).size, known.length);
  const tested = new Set([...idsOfTests(), ...tortureDefinitions.map(({ id }) => id)]);
  assert.deepEqual(
    known.filter((id) => !tested.has(id)),
    [],
    'no test',
  );
  assert.deepEqual(
    [...tested].filter((id) => !known.includes(id)),
    [],
    'not in hazards.txt',
  );
});
