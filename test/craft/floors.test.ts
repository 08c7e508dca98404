import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot, sourceFiles } from '../support/project.js';
import { importsOf, reachableFrom } from './imports.js';

// The house from the ground up; docs/ARCHITECTURE.md draws it. An import goes down or stays on its floor's
// room.
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
  'evidence',
  'cli',
];

// What all rooms speak of stands on the ground floor, in no room.
const ground = new Set([
  'arguments.ts',
  'audit.ts',
  'errors.ts',
  'error-advice.ts',
  'bytes.ts',
  'escape-controls.ts',
  'diagnosis.ts',
  'quantities.ts',
  'html.ts',
  'nearest-word.ts',
  'passing-items.ts',
  'shapes.ts',
  'with-defaults.ts',
]);

// Doors to the street: what a package's user imports, and no room does.
const street = new Set(['index.ts', 'testing.ts']);

// The face of a room: what other rooms may import of it, beside its own `index.ts`. What is not here is its
// own business.
const faces: Readonly<Record<string, readonly string[]>> = {
  model: ['column-batch', 'parts'],
  engine: ['buffer-pool', 'engine', 'stretches'],
  files: [
    'failures',
    'fill-file',
    'flushing-writer',
    'look-at-folder',
    'one-by-one',
    'processes',
    'read-file-if-there',
    'replace-file',
    'retry-while-busy',
    'sync',
  ],
  database: [
    'address',
    'byte-answers',
    'check-address',
    'connection',
    'driver-internals',
    'frame-reader',
    'identifiers',
    'lost-at-table',
    'query-batcher',
    'sees-sessions',
    'server-failures',
    'server-names',
    'server-version',
    'session',
    'statements',
    'system-databases',
    'tokens',
  ],
  eligibility: ['is-eligible'],
  catalog: [
    'catalog-rows',
    'column-items',
    'computed-columns',
    'date-condition',
    'definitions',
    'describe-left-out',
    'engines',
    'exact-definition',
    'globs',
    'model',
    'need',
    'objects-without-tables',
    'open-tables',
    'open-dental/index',
    'open-dental/opening-hours',
    'open-dental/patient-rows',
    'patient-rows',
    'plan-backup',
    'privileges',
    'read-catalog',
    'restore-mark',
    'select-all-tables',
    'select-critical-tables',
    'system-time',
    'table-policy',
    'view-names',
  ],
  storage: [
    'adapter',
    'file-system/apart/look-apart',
    'file-system/file-system',
    'file-system/names',
    'file-system/publish',
    'http/index',
    'object-keys',
    'read-ranges',
    'replayable',
    's3/index',
    'verify-stored',
    'wrappers/with-retry',
  ],
  columns: ['filter-rows', 'gzip-member', 'pack'],
  archive: [
    'age/encrypt',
    'decrypt-archive',
    'age/keys',
    'age/plain-recipient',
    'descriptions',
    'encrypt-archive',
    'entry-names',
    'kit-words',
    'password/passphrase',
    'password/stored-password',
    'range-reader',
    'salvage/losses',
    'salvage/lost-rows',
    'salvage/survey',
    'tar',
    'unlock',
  ],
  history: [
    'findings',
    'judge-history',
    'kept-heads',
    'list-backups',
    'loss/facts',
    'loss/findings',
    'loss/judge-night',
    'loss/stillness',
    'note',
    'note-beside',
    'note-body',
    'signer',
    'small-reads',
    'verify-history',
  ],
  admin: [
    'enrollment',
    'key-pair',
    'key-warning',
    'kits/kit-store',
    'kits/recovery-kit',
    'pinned-key',
    'opening',
    'opening-proof',
    'prove-opening',
    'read-admins',
    'record-opening',
    'resolve-last-admin',
    'seal-for',
    'stores/database-enrollments',
    'stores/file-enrollments',
    'who-can-open',
  ],
  dump: [
    'dump-database',
    'dump-record',
    'events',
    'locks',
    'reader-session',
    'row-reader',
    'snapshot',
    'start-again',
    'strategy',
  ],
  recovery: [
    'export/character-sets',
    'export/csv',
    'export/readable-value',
    'export/sql',
    'plan/plan-restore',
    'records/csv-line',
    'records/extract-patient',
    'records/file-name',
    'records/patient-json',
    'rehearse/certificate',
    'rehearse/rehearse-restore',
    'restore/missing',
    'restore/options',
    'restore/own-account',
    'restore/restore-database',
    'restore/restore-report',
    'salvage-archive',
    'verify/check-without-key',
    'verify/verify-archive',
  ],
  nightly: [
    'check/check-night',
    'check/findings',
    'file/plan-of',
    'file/run-tonight',
    'log/file-audit',
    'nights',
    'origin/acknowledge',
    'origin/facts-file',
    'retention',
    'run/backup-report',
    'run/night-plan',
    'run/prune',
    'run/report-shape',
    'run/evidence-plan',
    'run/render-report',
    'service/start-nightly',
    'settings/database-settings',
  ],
  evidence: ['files'],
};

function isThere(file: string): boolean {
  return sourceFiles().includes(file);
}

function roomOf(file: string): string {
  return file.includes('/') ? file.split('/')[0]! : '';
}

function isOnFace(file: string): boolean {
  const room = roomOf(file);
  const inside = file.slice(room.length + 1);
  return room === '' || inside === 'index.ts' || (faces[room] ?? []).includes(inside.replace(/\.ts$/, ''));
}

function floorOf(file: string): number {
  if (ground.has(file)) return 0;
  if (street.has(file)) return floors.length + 1;
  const floor = floors.indexOf(roomOf(file));
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

test('a room is entered by its face', () => {
  const past = sourceFiles()
    .flatMap(importsOf)
    .filter(({ from, to }) => to.endsWith('.ts') && roomOf(from) !== roomOf(to) && !street.has(from))
    .filter(({ to }) => !isOnFace(to))
    .map(({ from, to }) => `${from} → ${to}`);
  assert.deepEqual(past, []);
});

test('a face holds nothing that nobody comes for', () => {
  const asked = new Set(
    sourceFiles()
      .flatMap(importsOf)
      .filter(({ from, to }) => roomOf(from) !== roomOf(to) && !street.has(from))
      .map(({ to }) => to),
  );
  const idle = Object.entries(faces).flatMap(([room, files]) =>
    files.map((file) => `${room}/${file}.ts`).filter((file) => !asked.has(file)),
  );
  assert.deepEqual(idle, []);
});

test('a file has one job, and fits into 350 lines unless it is data or a loop over every value', () => {
  const reasons: Readonly<Record<string, string>> = {
    'catalog/open-dental/references.ts': 'data: which columns of Open Dental name rows of which tables',
    'dump/batch-builder.ts':
      'the loop over every value of a database: all its steps share arrays, a slot a column',
    'error-advice.ts':
      'data: what is safe and what to do, for every code of an error and what was being done',
  };
  const long = sourceFiles().filter(
    (file) => readFileSync(join(projectRoot, 'src', file), 'utf8').split('\n').length > 351,
  );
  assert.deepEqual(long, Object.keys(reasons));
});

test('no two files need each other, not even for a type', () => {
  const circles: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (done.has(file)) return;
    done.add(file);
    for (const { to } of importsOf(file)) if (to.endsWith('.ts')) walk(to, [...way, file]);
  };
  for (const file of sourceFiles()) walk(file, []);
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
