import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sourceFiles } from '../support/project.js';
import { importsOf, reachableFrom } from './imports.js';

// The house from the ground up; docs/ARCHITECTURE.md draws it. An import goes down or stays on its floor's room.
const floors = [
  'model',
  'engine',
  'files',
  'database',
  'eligibility',
  'catalog',
  'storage',
  'columns',
  'archive',
  'history',
  'admin',
  'dump',
  'recovery',
  'nightly',
  'cli',
];

// What all rooms speak of stands on the ground floor, wherever its file is kept.
const ground = new Set([
  'arguments.ts',
  'audit.ts',
  'errors.ts',
  'error-advice.ts',
  'bytes.ts',
  'escape-controls.ts',
  'quantities.ts',
  'with-defaults.ts',
]);

function isThere(file: string): boolean {
  return sourceFiles().includes(file);
}

function floorOf(file: string): number {
  if (ground.has(file)) return 0;
  if (file === 'index.ts') return floors.length + 1;
  const room = file.split('/')[0]!;
  const floor = floors.indexOf(room);
  assert.notEqual(floor, -1, `src/${file} stands in no room of the house`);
  return floor + 1;
}

test('every import goes down or stays in its room', () => {
  const upward = sourceFiles()
    .flatMap(importsOf)
    .filter(({ to }) => to.endsWith('.ts'))
    .filter(({ from, to }) => floorOf(to) > floorOf(from))
    .map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(upward, []);
});

test('no two files import each other in a circle', () => {
  const circles = sourceFiles().filter((file) =>
    importsOf(file)
      .filter(({ to, typeOnly }) => !typeOnly && to.endsWith('.ts') && to !== file)
      .some(({ to }) => reachableFrom(to, 'node').has(file)),
  );
  assert.deepEqual(circles, []);
});

test('what a browser gets reaches no Node.js module and no database driver', () => {
  for (const entry of ['archive/index.ts', 'archive/age/index.ts'].filter(isThere)) {
    const foreign = [...reachableFrom(entry, 'portable')].filter(
      (to) => to.startsWith('node:') || to === 'mysql2',
    );
    assert.deepEqual(foreign, [], entry);
  }
});

test('Node.js reaches the archive room through its engine alone', () => {
  const touching = sourceFiles()
    // That the portable engine stays so is held above.
    .filter((file) => file.startsWith('archive/') || file.startsWith('columns/'))
    .flatMap(importsOf)
    .filter(({ to }) => to.startsWith('node:'))
    .map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(touching, []);
});

test('only the S3 store speaks to the AWS client, and nothing of the main entry drags it in', () => {
  const users = sourceFiles()
    .flatMap(importsOf)
    .filter(({ to }) => to.startsWith('@aws-sdk/'))
    .filter(({ from }) => !from.startsWith('storage/s3/'));
  assert.deepEqual(users, []);
  const reached = [...reachableFrom('index.ts', 'node')].filter((to) => to.startsWith('@aws-sdk/'));
  assert.deepEqual(reached, []);
});

test('decisions reach no disk, no network, no database and no clock of their own', () => {
  const pure = [
    'catalog/select-critical-tables.ts',
    'eligibility/is-eligible.ts',
    'admin/resolve-last-admin.ts',
    'nightly/window.ts',
    'nightly/retention.ts',
  ];
  for (const file of pure.filter(isThere)) {
    const impure = [...reachableFrom(file, 'portable')].filter(
      (to) => to.startsWith('node:') || to === 'mysql2' || to === 'database/connection.ts',
    );
    assert.deepEqual(impure, [], file);
  }
});
