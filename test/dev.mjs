// The quick loop: `npm run dev`. Whenever a source or a test is saved, it is compiled without being checked,
// and the tests nearest to it run, as many as fit into a few seconds. `-- --once` does so for what is newer
// than the last build. `npm run build` checks the types; the rest of the tests are for
// `node test/run.mjs WORD…`.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { transformSync } from 'esbuild';
import { nameOf, reached, root, testGraph } from './test-graph.mjs';

/** Seconds of tests, one after the other, that a change may cost. */
const budget = 2 * availableParallelism();
const { seconds: times } = JSON.parse(readFileSync(join(root, 'test', 'times.json'), 'utf8'));
const outputOf = (file) => join(root, 'dist', file.replace(/\.ts$/, '.js'));
const mtime = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const isNew = (file) => mtime(join(root, file)) > mtime(outputOf(file));
const first = [...testGraph().imports.keys()].filter(isNew);
if (first.length > 0) answer(first);
else console.log('Nothing is newer than the last build.');
if (!process.argv.includes('--once')) await watchForever();

async function watchForever() {
  const saved = new Set();
  for (const folder of ['src', 'test']) {
    watch(join(root, folder), { recursive: true }, (_, name) => {
      if (name?.endsWith('.ts')) saved.add(`${folder}/${name.replaceAll('\\', '/')}`);
    });
  }
  console.log('Waiting for a file to be saved.');
  for (;;) {
    await delay(100);
    // Editors write in several steps: what was saved a moment ago may be saved again.
    const files = [...saved].filter((file) => mtime(join(root, file)) > 0 && isNew(file));
    saved.clear();
    if (files.length > 0) answer(files);
  }
}

function answer(files) {
  const began = performance.now();
  try {
    for (const file of files) transpile(file);
  } catch (error) {
    console.error(error.message);
    return;
  }
  const { chosen, touched } = choose(files);
  console.log(`\n${files.join(', ')}: ${touched} tests touched, the nearest ${chosen.length} run`);
  const run = spawnSync(
    process.execPath,
    [
      '--enable-source-maps',
      '--test',
      '--test-reporter=dot',
      ...chosen.map((name) => `dist/test/${name}.test.js`),
    ],
    { cwd: root, stdio: 'inherit' },
  );
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${run.status === 0 ? 'passed' : 'FAILED'} in ${seconds} s: ${chosen.join(' ')}`);
  process.exitCode = run.status ?? 1;
}

function transpile(file) {
  const { code, map } = transformSync(readFileSync(join(root, file), 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'es2022',
    sourcemap: 'external',
    sourcefile: join(root, file),
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const output = outputOf(file);
  writeFileSync(output, `${code}//# sourceMappingURL=${output.split(/[\\/]/).at(-1)}.map\n`);
  writeFileSync(`${output}.map`, map);
  // The compiler must not believe that what stands there is its own: it would leave it when the source goes
  // back.
  rmSync(join(root, 'dist', `${file.split('/')[0]}.tsbuildinfo`), { force: true });
}

/** The tests nearest to what changed: what imports it directly first, and of those the quickest. */
function choose(files) {
  const { tests, imports } = testGraph();
  const weighed = tests.flatMap((test) => {
    const steps = reached(imports, test);
    const near = Math.min(...files.map((file) => steps.get(file) ?? (isOfRoom(test, file) ? 9 : Infinity)));
    return near === Infinity ? [] : [{ name: nameOf(test), near, seconds: times[nameOf(test)] ?? 1 }];
  });
  weighed.sort((a, b) => a.near - b.near || a.seconds - b.seconds);
  let left = budget;
  const chosen = weighed.filter(({ seconds }, i) => {
    const fits = i === 0 || seconds <= left;
    if (fits) left -= seconds;
    return fits;
  });
  return { chosen: chosen.map(({ name }) => name), touched: weighed.length };
}

/** Of the same room, though no import leads there: tests of the command line start it as a program. */
function isOfRoom(test, file) {
  const [top, room, ...rest] = file.split('/');
  return top === 'src' && rest.length > 0 && test.startsWith(`test/${room}/`);
}
