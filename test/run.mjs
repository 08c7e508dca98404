// Runs every compiled test in one process tree, so that the runner's closing summary appears exactly once.
// Arguments narrow the run: `node test/run.mjs archive storage` takes the files whose path contains one of them.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);
const files = readdirSync(join(root, 'dist', 'test'), { recursive: true })
  .map((file) => join('dist', 'test', String(file)))
  .filter((file) => file.endsWith('.test.js'))
  .filter((file) => wanted.length === 0 || wanted.some((word) => relative('dist/test', file).includes(word)))
  .sort();
if (files.length === 0) {
  console.error('no test matches', wanted.join(' '));
  process.exit(1);
}
const run = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', '--test-concurrency=2', '--enable-source-maps', ...files],
  { cwd: root, stdio: 'inherit' },
);
process.exit(run.status ?? 1);
