// Mutation testing of the rooms that decide and the room that seals: `npm run test:mutation`, or
// `… -- eligibility` for one, or `… -- archive/age archive/tar.ts` for a part of one. Every change the tool
// makes to the source should turn a test red; what survives is looked at. The tool is heavy and not part of
// the everyday installation: it comes from npm on first use and is kept in the cache folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tool = join(root, 'node_modules', '.cache', 'mutation');
const reports = join(root, 'reports', 'mutation');
const version = '9.6.1';
const asked = process.argv.slice(2);
const rooms = asked.length > 0 ? asked : ['eligibility', 'catalog', 'admin', 'engine', 'columns', 'archive'];

mkdirSync(tool, { recursive: true });
mkdirSync(reports, { recursive: true });
if (!existsSync(join(tool, 'node_modules'))) {
  run('npm', [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `--prefix=${tool}`,
    `@stryker-mutator/core@${version}`,
    `@stryker-mutator/tap-runner@${version}`,
  ]);
}
for (const room of rooms) {
  const config = join(reports, `${nameOf(room)}.config.json`);
  writeFileSync(config, JSON.stringify(configFor(room)));
  run(process.execPath, [
    join(tool, 'node_modules', '@stryker-mutator', 'core', 'bin', 'stryker.js'),
    'run',
    config,
  ]);
}
for (const room of rooms) console.log(`${room}: ${scoreOf(join(reports, `${nameOf(room)}.json`))}`);

function configFor(room) {
  return {
    mutate: [room.endsWith('.ts') ? `src/${room}` : `src/${room}/**/*.ts`],
    // The tests of this room take longest, so the words of its errors are left as they are.
    mutator: { excludedMutations: room.startsWith('archive') ? ['StringLiteral'] : [] },
    testRunner: 'tap',
    tap: {
      testFiles: testsOf(room),
      nodeArgs: ['-r', '{{hookFile}}', '--test-reporter=tap', '{{testFile}}'],
    },
    plugins: [join(tool, 'node_modules', '@stryker-mutator', 'tap-runner', 'dist', 'src', 'index.js')],
    // A constant with a mutant in it has no type that stands beside it.
    buildCommand: 'npm run -s build -- --isolatedDeclarations false',
    reporters: ['clear-text', 'json'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: join(reports, `${nameOf(room)}.json`) },
    coverageAnalysis: 'perTest',
    concurrency: 2,
    timeoutMS: 30_000,
  };
}

// What administrators use is tested with them.
function testsOf(part) {
  const [room] = part.split('/');
  return [room, ...(/^archive\/(?:password|unlock)/.test(part) ? ['admin'] : [])].flatMap(testsIn);
}

// Tests that need a server or another program would start one for every mutant.
function testsIn(room) {
  const folder = join(root, 'test', room);
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .filter((file) => !/support\/servers|node:child_process/.test(readFileSync(join(folder, file), 'utf8')))
    .map((file) => `dist/test/${room}/${file.replace(/\.ts$/, '.js')}`);
}

function nameOf(part) {
  return part.replaceAll('/', '-');
}

function scoreOf(report) {
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const mutants = Object.values(files).flatMap((file) => file.mutants);
  const count = (...states) => mutants.filter(({ status }) => states.includes(status)).length;
  const caught = count('Killed', 'Timeout');
  const missed = count('Survived', 'NoCoverage');
  return `${((caught / (caught + missed)) * 100).toFixed(1)} % of ${caught + missed} changes caught`;
}

function run(program, args) {
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
