// Runs every compiled test in one process tree, so that the runner's closing summary appears exactly once.
// Arguments narrow the run: `node test/run.mjs archive storage` takes the files whose path contains one of
// them.
//   --unit   only files that start no server and no other program, and do not call themselves slow
//   --times  says at the end which processes took longest, and how much of the processor; a whole run is
//            remembered in test/times.json, by which the next one begins with the longest
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { temporaryFolder } from './memory-disk.mjs';
import { inOrder } from './order.mjs';
import { kindsOfTests, quickTests, root } from './test-graph.mjs';
import { joined } from './together.mjs';

process.chdir(root);
const switches = process.argv.slice(2).filter((word) => word.startsWith('--'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const unknown = switches.filter((word) => !['--unit', '--times'].includes(word));
if (unknown.length > 0) {
  console.error('no such switch:', unknown.join(' '));
  process.exit(2);
}
const withTimes = switches.includes('--times');

const timesFile = join(root, 'test', 'times.json');
const { seconds: times, processor } = JSON.parse(readFileSync(timesFile, 'utf8'));
const kinds = kindsOfTests();
const onlyUnit = switches.includes('--unit');
const unit = quickTests(kinds.startNothing);
const names = readdirSync(join('dist', 'test'), { recursive: true })
  .map((file) => String(file).split(sep).join('/'))
  .filter((file) => file.endsWith('.test.js'))
  .map((file) => file.slice(0, -'.test.js'.length))
  .filter((name) => wanted.length === 0 || wanted.some((word) => `${name}.test.js`.includes(word)))
  .filter((name) => !onlyUnit || unit.has(name))
  .sort();
if (names.length === 0) {
  console.error('no test matches', wanted.join(' '));
  process.exit(1);
}

const preload = (file) => ['--import', pathToFileURL(join(root, 'test', file)).href];
const forChildren = [
  '--enable-source-maps',
  ...['untraced.mjs', 'remember-scrypt.mjs', 'remember-keys.mjs'].flatMap(preload),
];
if (withTimes) {
  process.env.TEST_TIMES = join(mkdtempSync(join(tmpdir(), 'sb-times-')), 'times');
  forChildren.push(...preload('usage.mjs'));
}
// The runner hands its own switches to the files.
process.execArgv.push(...forChildren);
// Many files wait, for servers or for time to pass: one more than there are processors keeps these busy. Two more
// make each slower, and the whole no faster. Where nothing starts a server, it is three.
const concurrency = Math.min(availableParallelism() + (onlyUnit ? 3 : 1), 5);
const folder = temporaryFolder();
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
// Tests of the disk itself stay there (test/support/disk.ts).
process.env.TEST_DISK = tmpdir();
process.env.TMPDIR = folder;
// For what is made once for several files (test/support/once-a-run.ts).
process.env.TEST_RUN_FOLDER = folder;
const results = run({
  files: inOrder(
    joined(names, { ...kinds, times, processor, groups: concurrency + (onlyUnit ? 2 : 1), folder }),
    concurrency,
    availableParallelism(),
  ).map(({ path }) => path),
  concurrency,
  execArgv: forChildren,
  // The longest takes a minute. What hangs fails under its name, and the others are still heard.
  timeout: 10 * 60_000,
});
results.on('test:fail', ({ todo }) => {
  if (todo === undefined || todo === false) process.exitCode = 1;
});
results.compose(new spec()).pipe(process.stdout);
// Of those that share a process only the runner knows how long each took.
const spent = {};
if (withTimes) {
  for (const event of ['test:pass', 'test:fail']) {
    results.on(event, ({ nesting, file, details }) => {
      if (nesting !== 0 || file === undefined) return;
      const name = relative(join(root, 'test'), file)
        .split(sep)
        .join('/')
        .replace(/\.test\.ts$/, '');
      spent[name] = (spent[name] ?? 0) + details.duration_ms / 1000;
    });
  }
  process.on('exit', tellTimes);
}

function tellTimes() {
  const lines = readFileSync(process.env.TEST_TIMES, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const took = lines.filter(({ wall }) => wall !== undefined);
  // Suites on a server seem to be of the file that starts it (test/support/servers.ts).
  for (const { file, seconds } of lines.filter(({ file }) => file !== undefined)) {
    const name = file.split('/dist/test/')[1].replace(/\.test\.js$/, '');
    spent[name] = (spent[name] ?? 0) + seconds;
  }
  rmSync(dirname(process.env.TEST_TIMES), { recursive: true, force: true });
  const sum = took.reduce((all, { processor }) => all + processor, 0);
  console.log(`\n${took.length} processes, ${Math.round(sum)} s of the processor in all. The longest:`);
  for (const { name, wall, processor } of took.sort((a, b) => b.wall - a.wall).slice(0, 20)) {
    console.log(`${wall.toFixed(1).padStart(6)} s, processor ${processor.toFixed(1).padStart(5)} s  ${name}`);
  }
  if (wanted.length > 0 || onlyUnit) return;
  const tenths = (seconds) => Math.round(seconds * 10) / 10;
  const alone = new Map(took.map((each) => [each.name, each]));
  const seconds = names.map((name) => [name, tenths(alone.get(name)?.wall ?? spent[name] ?? 0)]);
  const processor = names
    .filter((name) => alone.has(name))
    .map((name) => [name, tenths(alone.get(name).processor)]);
  const remembered = { seconds: Object.fromEntries(seconds), processor: Object.fromEntries(processor) };
  writeFileSync(timesFile, `${JSON.stringify(remembered, undefined, 1)}\n`);
}
