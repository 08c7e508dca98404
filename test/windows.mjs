// `npm run test:exe` and `npm run test:windows`: makes the executable twice, compares the bytes, and tries it
// on a real server; for Windows also the tests of everything that touches files. Windows is that of Wine, which
// is not Windows but takes its programs. Where Wine is missing and may be installed, it is.
//   --as-it-is  less of it, for a run of all tests: nothing is installed, and the executable is made once
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackNode } from './node-binaries.mjs';

/** What a Windows does in its own way: files, folders, paths, processes, sockets. All in one process. */
const rooms = [
  'storage/contract',
  'storage/file-system',
  'files/flushing-writer',
  'files/held-files',
  'files/replace-file',
  'files/unusual-paths',
  'nightly/file-logger',
  'nightly/guard',
  'nightly/lost-journal',
  'nightly/night-journal',
  'nightly/parse-journal',
  'nightly/settings',
  'nightly/killed',
  'admin/enrollment-stores',
  'database/sockets',
];
/** Suites of the contract that have nothing of a Windows in them. */
const notOfWindows = ['memory', 'every wrapper', 'folder without hard links', 'the suite finds out'];
/** What takes longer, and of which the executable shows the most important. */
const moreRooms = ['nightly/check', 'cli/night'];

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const [platform, ...switches] = process.argv.slice(2);
const isWindows = platform === 'win32-x64';
const asItIs = switches.includes('--as-it-is');
const work = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
const quiet = { stdio: 'ignore' };
const prefix = join(work, 'wine');
// A path of this system is none there.
const { TEST_DISK: _, ...inherited } = process.env;
const env = { ...inherited, WINEPREFIX: prefix, WINEDEBUG: '-all', WINEDLLOVERRIDES: 'mscoree=;mshtml=' };
const begun = performance.now();
try {
  const skip = isWindows ? whyNoWindows() : undefined;
  if (skip !== undefined) console.log(`SKIPPED: ${skip}`);
  else process.exitCode = await test();
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function test() {
  if (isWindows) startWine();
  try {
    const ofRooms = isWindows ? await testRooms() : 0;
    return ofRooms || testExecutable();
  } finally {
    if (isWindows) spawnSync('wineserver', ['-k'], { ...quiet, env });
  }
}

function testExecutable() {
  const name = isWindows ? 'supplemental-backup.exe' : 'supplemental-backup';
  const made = (asItIs ? ['one'] : ['one', 'two']).map((folder) => {
    const out = join(work, folder);
    const words = [join(here, 'package-exe.mjs'), '--platform', platform, '--out', out];
    execFileSync(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
    return join(out, name);
  });
  for (const end of asItIs ? [] : ['', '.cdx.json', '.licenses.txt', '.sha256']) {
    const [one, two] = made.map((path) => readFileSync(`${path}${end}`));
    if (!one.equals(two)) throw new Error(`${name}${end} is not the same when it is made twice`);
  }
  if (!asItIs) console.log('Made twice: the same bytes.');
  // Its output goes through here: the tests of a whole run would take it for their own.
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--test', '--test-reporter=spec', join(here, 'executable.mjs')],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...withoutRunner(), EXECUTABLE: made[0], EXECUTABLE_BY: isWindows ? 'wine' : '' },
    },
  );
  return tell('the executable', status, stdout.toString());
}

/** The tests of {@link rooms} by the Node.js of Windows, with a server of this system. */
async function testRooms() {
  const { startAnyServer } = await import('../dist/test/support/servers.js');
  const server = await startAnyServer();
  const output = join(work, 'output');
  const file = openSync(output, 'w');
  try {
    const { user, port } = server.address;
    const words = ['--enable-source-maps', '--import', './test/remember-scrypt.mjs', '--test-reporter=spec'];
    words.push('--test', '--experimental-test-isolation=none');
    if (asItIs) words.push(`--test-skip-pattern=/^(${notOfWindows.join('|')})/`);
    const names = asItIs ? rooms : [...rooms, ...moreRooms];
    words.push(...names.map((name) => `dist/test/${name}.test.js`));
    const { status } = spawnSync('wine', [unpackNode(platform, work), ...words], {
      cwd: root,
      // Not a pipe: Node.js cannot write into one of another system.
      stdio: ['ignore', file, file],
      env: {
        ...withoutRunner(),
        SUPPLEMENTAL_BACKUP_TEST_URL: `mysql://${encodeURIComponent(user)}@127.0.0.1:${port}/`,
        SUPPLEMENTAL_BACKUP_TEST_SHARE: '\\\\office\\backup',
        KILLED_NIGHTS: process.env.KILLED_NIGHTS ?? (asItIs ? '1' : '3'),
      },
      // A process that hangs; how long it takes depends on what else the machine does.
      timeout: 480_000,
      killSignal: 'SIGKILL',
    });
    return tell('the rooms', status, readFileSync(output, 'utf8'));
  } finally {
    closeSync(file);
    await server.stop();
  }
}

function startWine() {
  spawnSync('wineboot', ['-i'], { ...quiet, env });
  // An older Windows than 10 is refused by Node.js.
  spawnSync('winecfg', ['-v', 'win10'], { ...quiet, env });
  // What Wine shows as \\office\backup.
  mkdirSync(join(prefix, 'dosdevices', 'unc', 'office', 'backup'), { recursive: true });
}

function tell(what, status, output) {
  const counts = ['tests', 'pass', 'fail', 'cancelled', 'skipped'].map(
    (word) => `${word} ${new RegExp(`^ℹ ${word} (\\d+)`, 'm').exec(output)?.[1] ?? '?'}`,
  );
  const seconds = Math.round((performance.now() - begun) / 1000);
  console.log(`${output}\n${platform}, ${what}: ${counts.join(', ')}; after ${seconds} s.`);
  return status ?? 1;
}

/** The runner of a whole run tells its files so; what is started here is a run of its own. */
function withoutRunner() {
  const { NODE_TEST_CONTEXT: _, ...rest } = env;
  return rest;
}

function whyNoWindows() {
  if (!hasWine()) return 'there is no Wine here (apt-get install wine wine64), and it is not installed.';
  try {
    unpackNode(platform, work);
    return undefined;
  } catch (error) {
    return `the Node.js of Windows cannot be fetched from npm: ${error.message.split('\n')[0]}`;
  }
}

function hasWine() {
  const isThere = () => spawnSync('wine', ['--version'], quiet).status === 0;
  if (isThere()) return true;
  if (asItIs || process.getuid?.() !== 0) return false;
  const apt = { ...quiet, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['-qq', 'update'], apt);
  spawnSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'wine', 'wine64'], apt);
  return isThere();
}
