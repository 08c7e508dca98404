// Which test imports what, over any number of files. Imports of types alone do not count: they vanish when
// compiled.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** A test that imports one of these takes seconds: it starts a server or another program, or it compiles. */
const heavy = new Set(['node:child_process', 'esbuild', 'typescript']);
/** How the first line of a test begins that is left to the whole run. */
const notQuick = '// Not a quick test: ';
const specifiers =
  /^(?:import|export)\s+(?!type\b)[^'";]*?from\s*'([^']+)'|^import\s*'([^']+)'|\bimport\('([^']+)'\)/gm;

/** `archive/tar` of `test/archive/tar.test.ts`. */
export function nameOf(test) {
  return test.slice('test/'.length, -'.test.ts'.length);
}

/**
 * The tests, and for every file of `src` and `test` what it imports, as `src/archive/tar.ts` or `node:fs`.
 */
export function testGraph() {
  const files = ['src', 'test'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((file) => `${folder}/${String(file).split(sep).join('/')}`)
      .filter((file) => file.endsWith('.ts')),
  );
  const imports = new Map(files.map((file) => [file, importsOf(file)]));
  return { tests: files.filter((file) => file.endsWith('.test.ts')), imports };
}

function importsOf(file) {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(specifiers)].map(([, from, effect, dynamic]) => {
    const specifier = from ?? effect ?? dynamic;
    if (specifier === '#engine') return 'src/engine/node.ts';
    if (!specifier.startsWith('.')) return specifier;
    return normalize(join(dirname(file), specifier))
      .split(sep)
      .join('/')
      .replace(/\.js$/, '.ts');
  });
}

/** Everything that a file reaches, with the number of steps to it. */
export function reached(imports, from) {
  const steps = new Map([[from, 0]]);
  // A Map also gives what is added while it is walked over.
  for (const [file, step] of steps) {
    for (const next of imports.get(file) ?? []) if (!steps.has(next)) steps.set(next, step + 1);
  }
  return steps;
}

/**
 * Names of the tests that start neither a server nor another program, of those that ask the compiler what the
 * package exports, and of those that put something else in the place of a part of Node, such as its timers.
 */
export function kindsOfTests() {
  const { tests, imports } = testGraph();
  const isHeavy = (file) => file.startsWith('test/') && imports.get(file)?.some((next) => heavy.has(next));
  const mocks = new Set(
    [...imports.keys()].filter(
      (file) =>
        file.startsWith('test/') &&
        /\bmock\.|\bsyncBuiltinESMExports\b/.test(readFileSync(join(root, file), 'utf8')),
    ),
  );
  const startNothing = new Set();
  const askCompiler = new Set();
  const mocking = new Set();
  for (const test of tests) {
    const files = [...reached(imports, test).keys()];
    if (!files.some(isHeavy)) startNothing.add(nameOf(test));
    if (files.includes('test/craft/public-surface.ts')) askCompiler.add(nameOf(test));
    if (files.some((file) => mocks.has(file))) mocking.add(nameOf(test));
  }
  return { startNothing, askCompiler, mocking };
}

/** Of these names those whose file does not begin by saying that it is not quick. */
export function quickTests(names) {
  const isQuick = (name) => !readFileSync(join(root, 'test', `${name}.test.ts`), 'utf8').startsWith(notQuick);
  return new Set([...names].filter(isQuick));
}
