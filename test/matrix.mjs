// Runs the tests under every supported line of Node.js: `npm run test:matrix`, or
// `npm run test:matrix -- 26.10.0 archive` for some versions and some tests. The runtimes come from npm, one
// package per platform, and are kept in the cache folder.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const argv = process.argv.slice(2);
const asked = argv.filter((word) => /^\d+\.\d+\.\d+$/.test(word));
const tests = argv.filter((word) => !asked.includes(word));
// The floor that package.json promises, and the newest of each later line.
const versions = asked.length > 0 ? asked : ['20.19.0', '22.23.3', '24.21.0', '26.10.0'];

const failed = versions.filter((version) => {
  console.log(`\nNode.js ${version}`);
  const node = install(version);
  if (node === undefined) console.error(`Node.js ${version} could not be fetched.`);
  return node === undefined || run(node, [join(root, 'test', 'run.mjs'), ...tests]).status !== 0;
});
if (failed.length > 0) {
  console.error(`\nFailed under Node.js ${failed.join(', ')}`);
  process.exit(1);
}

function install(version) {
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const name = `${platform === 'darwin-arm64' ? 'node-bin' : 'node'}-${platform}`;
  const folder = join(root, 'node_modules', '.cache', 'runtimes', version);
  const binary = join(
    folder,
    'node_modules',
    name,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  );
  if (existsSync(binary)) return binary;
  mkdirSync(folder, { recursive: true });
  const { status } = run('npm', [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    `--prefix=${folder}`,
    `${name}@${version}`,
  ]);
  return status === 0 && existsSync(binary) ? binary : undefined;
}

function run(program, args) {
  return spawnSync(program, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32' && program === 'npm',
  });
}
