import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as frontDoor from '../../src/index.js';
import { projectRoot } from '../support/project.js';
import { untoldProperties } from './public-names.js';

const sixFunctions = [
  'isEligible',
  'resolveLastAdmin',
  'selectCriticalTables',
  'dumpDatabase',
  'encryptArchive',
  'decryptArchive',
];

test('the front door stays small', () => {
  const values = Object.keys(frontDoor);
  assert.ok(values.length <= 45, `${values.length} values; what few need belongs behind a door of its own`);
  assert.deepEqual(
    sixFunctions.filter((name) => !values.includes(name)),
    [],
  );
});

test('the README joins the six functions in one example, and tells each alone', () => {
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
  const [, example = ''] = /^```ts\n([\s\S]*?)^```/m.exec(readme) ?? [];
  for (const name of sixFunctions) {
    assert.ok(example.includes(`${name}(`), `${name} is not called`);
    assert.ok(readme.includes(`| \`${name}\` |`), `${name} has no line of its own`);
  }
});

test('each of the six functions has a section of its own for those who embed it', () => {
  const page = readFileSync(join(projectRoot, 'docs/EMBEDDING.md'), 'utf8');
  for (const name of sixFunctions) assert.match(page, new RegExp(`^### ${name}$`, 'm'));
});

test('every property that a user meets has its sentence', () => {
  assert.deepEqual(untoldProperties(), []);
});
