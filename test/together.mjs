// Loading takes longer than most of the tests that start nothing, and half as long as many that start a server or
// another program: small files share a few processes. So do those that have the compiler read the whole package.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './test-graph.mjs';

/** Seconds that a file with a server or another program may take and still share its process. */
const small = 10;
/**
 * Who measures its process, changes it, says so in its first line, or has hooks for all of its file, keeps a process
 * to itself.
 */
const keepsToItself =
  /^\/\/ In a process of its own: |^(?:before|after)(?:Each)?\(|memoryUsage|\(process\.env,|process\.env\S* = |process\.(?:on|chdir|umask)\b/m;

/**
 * The files to run, each with the seconds that it is expected to take, and those of the processor where known.
 *
 * @param names - the tests, as `archive/tar`
 * @param startNothing - names of those that start neither a server nor another program
 * @param askCompiler - names of those that have the compiler read what the package exports
 * @param mocking - names of those that replace parts of Node: a file that is loaded meanwhile would keep these
 * @param times - seconds by name, as far as they are known
 * @param processor - those of the processor, of files with a process of their own
 * @param groups - how many processes those share at most that start nothing, and as many for those that start something
 * @param folder - an empty one, for files that load several tests
 */
export function joined(names, { startNothing, askCompiler, mocking, times, processor, groups, folder }) {
  const secondsOf = (name) => times[name] ?? 3;
  const compiled = (name) => join(root, 'dist', 'test', `${name}.test.js`);
  const source = (name) => {
    const path = join(root, 'test', `${name}.test.ts`);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  };
  const processOf = (name) => {
    if (mocking.has(name) || keepsToItself.test(source(name))) return 'its own';
    if (startNothing.has(name)) return 'small';
    if (askCompiler.has(name)) return 'compiler';
    return secondsOf(name) <= small ? 'with a program' : 'its own';
  };
  const kept = { 'its own': [], small: [], 'with a program': [], compiler: [] };
  for (const name of names) kept[processOf(name)].push(name);
  const shares = [
    ...shared(kept.small, groups, secondsOf),
    ...shared(kept['with a program'], groups, secondsOf),
    ...shared(kept.compiler, 1, secondsOf),
  ];
  return [
    ...kept['its own'].map((name) => ({
      path: compiled(name),
      seconds: secondsOf(name),
      processor: processor[name],
    })),
    ...shares.map((share, i) => {
      const path = join(folder, `together-${i + 1}.mjs`);
      const urls = share.names.map((name) => pathToFileURL(compiled(name)).href);
      writeFileSync(path, loadOneByOne(urls));
      return { path, seconds: share.seconds };
    }),
  ];
}

function shared(names, groups, secondsOf) {
  const shares = Array.from({ length: Math.min(groups, names.length) }, () => ({ names: [], seconds: 0 }));
  for (const name of names.sort((a, b) => secondsOf(b) - secondsOf(a))) {
    const least = shares.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    least.names.push(name);
    least.seconds += secondsOf(name);
  }
  return shares;
}

// Each file starts servers of its own, by the name that it finds here.
function loadOneByOne(urls) {
  return `for (const url of ${JSON.stringify(urls)}) {
  process.env.TEST_FILE = url;
  await import(url);
}
`;
}
