// `npm run test:exe` and `npm run test:windows`: makes the executable twice, compares the bytes, and tries it
// on a real server; that of Windows under Wine, which is not Windows but takes its programs. Where Wine is
// missing and may be installed, it is.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [platform] = process.argv.slice(2);
const isWindows = platform === 'win32-x64';
const work = mkdtempSync(join(tmpdir(), 'supplemental-backup-'));
const quiet = { stdio: 'ignore' };
const env = { ...process.env, WINEPREFIX: join(work, 'wine'), WINEDEBUG: '-all' };
try {
  if (isWindows && !hasWine()) console.log('SKIPPED: there is no Wine here, and it cannot be installed.');
  else process.exitCode = test();
} finally {
  rmSync(work, { recursive: true, force: true });
}

function test() {
  const name = isWindows ? 'supplemental-backup.exe' : 'supplemental-backup';
  const made = ['one', 'two'].map((folder) => {
    const out = join(work, folder);
    const words = [join(here, 'package-exe.mjs'), '--platform', platform, '--out', out];
    execFileSync(process.execPath, words, { stdio: ['ignore', 'inherit', 'inherit'] });
    return join(out, name);
  });
  for (const end of ['', '.cdx.json', '.licenses.txt', '.sha256']) {
    const [one, two] = made.map((path) => readFileSync(`${path}${end}`));
    if (!one.equals(two)) throw new Error(`${name}${end} is not the same when it is made twice`);
  }
  console.log('Made twice: the same bytes.');
  if (isWindows) {
    spawnSync('wineboot', ['-i'], { ...quiet, env });
    // An older Windows than 10 is refused by Node.js.
    spawnSync('winecfg', ['-v', 'win10'], { ...quiet, env });
  }
  const { status } = spawnSync(process.execPath, ['--test', join(here, 'executable.mjs')], {
    stdio: 'inherit',
    env: { ...env, EXECUTABLE: made[0], EXECUTABLE_BY: isWindows ? 'wine' : '' },
  });
  if (isWindows) spawnSync('wineserver', ['-k'], { ...quiet, env });
  return status ?? 1;
}

function hasWine() {
  const isThere = () => spawnSync('wine', ['--version'], quiet).status === 0;
  if (isThere()) return true;
  if (process.getuid?.() !== 0) return false;
  const apt = { ...quiet, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  spawnSync('apt-get', ['-qq', 'update'], apt);
  spawnSync('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'wine', 'wine64'], apt);
  return isThere();
}
