// Lints and builds: `npm run check`. What does not need each other runs side by side, since the compiler keeps
// one processor busy.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { root } from './test-graph.mjs';

const tool = (name, ...path) => [join(root, 'node_modules', name, ...path)];
const compile = (project) => run([...tool('typescript', 'bin', 'tsc'), '-b', project]);

const lint = run([...tool('@biomejs/biome', 'bin', 'biome'), 'check', '.']);
const build = async () => {
  if (!(await compile('.'))) return false;
  const page = async () => (await compile('opener')) && run([join(root, 'opener', 'build.mjs')]);
  return (await Promise.all([compile('test'), page()])).every(Boolean);
};
if (!(await Promise.all([lint, build()])).every(Boolean)) process.exitCode = 1;

/** Whether it ended well. */
async function run(words) {
  const [code] = await once(spawn(process.execPath, words, { cwd: root, stdio: 'inherit' }), 'exit');
  return code === 0;
}
