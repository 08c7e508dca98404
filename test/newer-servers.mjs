// Runs the tests on newer servers than this machine has: `npm run test:servers`, or
// `npm run test:servers -- torture` for some of them. On Debian only: the servers come from newer suites of
// the machine's own mirror, are unpacked beside the runtimes in the cache folder, and run there with their
// own libraries. Nothing is installed, and the machine's package lists stay as they are.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, 'node_modules', '.cache', 'servers');
const tests = process.argv.slice(2);
const chosen = tests.length > 0 ? tests : ['torture', 'recovery/', 'dump/', 'database/', 'fuzz-schema'];
const library = 'usr/lib/x86_64-linux-gnu';

const servers = [
  {
    name: 'mariadb',
    suite: 'trixie',
    packages: ['mariadb-server-core'],
    program: 'mariadbd',
    share: 'usr/share/mariadb',
  },
  {
    name: 'mysql',
    suite: 'sid',
    // The client for its mysqldump, by which the fuzzer of schemas judges.
    packages: ['mysql-server-core', 'mysql-client-core'],
    program: 'mysqld',
    share: 'usr/share/mysql',
    dump: 'mysqldump-of-mysql',
  },
];

const failed = servers.filter((server) => {
  const folder = join(cache, server.name);
  const bin = join(folder, 'bin');
  const complete = existsSync(join(bin, server.dump ?? server.program));
  if (!complete && !unpack(server, folder)) {
    console.error(`${server.name} could not be fetched.`);
    return true;
  }
  console.log(
    `\n${run(join(bin, server.program), ['--no-defaults', '--version'], { stdio: 'pipe' }).stdout}`,
  );
  const path = [bin, process.env.PATH].join(delimiter);
  const environment = { ...process.env, PATH: path };
  return run(process.execPath, [join(root, 'test', 'run.mjs'), ...chosen], { env: environment }).status !== 0;
});
if (failed.length > 0) {
  console.error(`\nFailed on ${failed.map(({ name }) => name).join(', ')}`);
  process.exit(1);
}

function unpack(server, folder) {
  const apt = join(folder, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial', 'none'])
    mkdirSync(join(apt, part), { recursive: true });
  writeFileSync(join(apt, 'status'), '');
  writeFileSync(join(apt, 'sources.list'), `${sourceOf(server.suite)}\n`);
  const settings = {
    'Dir::State': apt,
    'Dir::State::status': join(apt, 'status'),
    'Dir::State::lists': join(apt, 'lists'),
    'Dir::Cache': join(apt, 'cache'),
    'Dir::Etc::sourcelist': join(apt, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::Etc::preferencesparts': join(apt, 'none'),
    'APT::Install-Recommends': 'false',
  };
  writeFileSync(
    join(apt, 'conf'),
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  const environment = { ...process.env, APT_CONFIG: join(apt, 'conf') };
  const quiet = { env: environment, stdio: ['ignore', 'ignore', 'inherit'] };
  if (run('apt-get', ['update', '-q'], quiet).status !== 0) return false;
  if (run('apt-get', ['install', '-q', '-y', '--download-only', ...server.packages], quiet).status !== 0)
    return false;
  const tree = join(folder, 'tree');
  mkdirSync(tree, { recursive: true });
  const archives = join(apt, 'cache', 'archives');
  for (const file of readdirSync(archives).filter((name) => name.endsWith('.deb'))) {
    if (run('dpkg', ['-x', join(archives, file), tree]).status !== 0) return false;
  }
  rmSync(apt, { recursive: true });
  writePrograms(server, folder, tree);
  return true;
}

/** A line for the suite, at the place and under the key of the machine's own. */
function sourceOf(suite) {
  const text = readFileSync('/etc/apt/sources.list.d/debian.sources', 'utf8');
  const place = /^URIs: *(\S+)/m.exec(text)?.[1];
  const key = /^Signed-By: *(\S+)/m.exec(text)?.[1];
  return `deb [signed-by=${key}] ${place} ${suite} main`;
}

/** What the tests look for on the PATH. The first option of a server must stay the first. */
function writePrograms(server, folder, tree) {
  const { program, share } = server;
  const base = join(tree, 'usr');
  const libraries = [join(tree, library), join(base, 'lib', 'mysql', 'private')].join(delimiter);
  const own = [
    `--basedir=${base}`,
    `--lc-messages-dir=${join(tree, share)}`,
    `--character-sets-dir=${join(tree, share, 'charsets')}`,
    `--plugin-dir=${join(base, 'lib', 'mysql', 'plugin')}`,
    '--secure-file-priv=',
  ].join(' ');
  const loader = join(tree, library, 'ld-linux-x86-64.so.2');
  const start = `${loader} --library-path ${libraries} --argv0 ${program} ${join(base, 'sbin', program)}`;
  writeProgram(
    folder,
    program,
    `first=\ncase "$1" in --no-defaults) first=$1; shift;; esac\nexec ${start} $first ${own} "$@"`,
  );
  if (server.dump !== undefined) {
    const dump = `${loader} --library-path ${libraries} --argv0 mysqldump ${join(base, 'bin', 'mysqldump')}`;
    const plugins = `--plugin-dir=${join(base, 'lib', 'mysql', 'plugin')}`;
    writeProgram(
      folder,
      server.dump,
      `first=\ncase "$1" in --no-defaults) first=$1; shift;; esac\nexec ${dump} $first ${plugins} "$@"`,
    );
  }
  if (program !== 'mariadbd') return;
  // Two helpers of the installer are in packages that bring much else; those of the machine's own server do.
  for (const helper of ['my_print_defaults', 'resolveip']) {
    rmSync(join(base, 'bin', helper), { force: true });
    run('ln', ['-s', `/usr/bin/${helper}`, join(base, 'bin', helper)]);
  }
  writeProgram(
    folder,
    'mariadb-install-db',
    `export MYSQLD_BOOTSTRAP=${join(folder, 'bin', program)}\nexec sh ${join(base, 'bin', 'mariadb-install-db')} "$@" --basedir=${base}`,
  );
}

function writeProgram(folder, name, script) {
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}

function run(program, args, options = {}) {
  return spawnSync(program, args, { cwd: root, stdio: 'inherit', encoding: 'utf8', ...options });
}
