// Loading takes longer than most of the tests that start nothing: those share a few processes.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './test-graph.mjs';

/** Who measures its process, changes it, or has hooks for all of its file, keeps a process to itself. */
const keepsToItself = /^(?:before|after)(?:Each)?\(|memoryUsage|\bmock\.|process\.(?:env|on|chdir|umask)\b/m;

/**
 * The files to run, each with the seconds that it is expected to take.
 *
 * @param names - the tests, as `archive/tar`
 * @param unit - names of those that start neither a server nor another program
 * @param times - seconds by name, as far as they are known
 * @param groups - how many processes the small tests share at most
 * @param folder - an empty one, for files that load several tests
 */
export function joined(names, { unit, times, groups, folder }) {
  const secondsOf = (name) => times[name] ?? 3;
  const compiled = (name) => join(root, 'dist', 'test', `${name}.test.js`);
  const source = (name) => readFileSync(join(root, 'test', `${name}.test.ts`), 'utf8');
  const together = new Set(names.filter((name) => unit.has(name) && !keepsToItself.test(source(name))));
  const alone = names.filter((name) => !together.has(name));
  const shares = Array.from({ length: Math.min(groups, together.size) }, () => ({ names: [], seconds: 0 }));
  for (const name of [...together].sort((a, b) => secondsOf(b) - secondsOf(a))) {
    const least = shares.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    least.names.push(name);
    least.seconds += secondsOf(name);
  }
  return [
    ...alone.map((name) => ({ path: compiled(name), seconds: secondsOf(name) })),
    ...shares.map((share, i) => {
      const path = join(folder, `together-${i + 1}.mjs`);
      const imports = share.names.map(
        (name) => `import ${JSON.stringify(pathToFileURL(compiled(name)).href)};\n`,
      );
      writeFileSync(path, imports.join(''));
      return { path, seconds: share.seconds };
    }),
  ];
}
