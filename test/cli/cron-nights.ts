import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { readAdmins } from '../../src/admin/read-admins.js';
import { createDatabaseEnrollments } from '../../src/admin/stores/database-enrollments.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { lightWork } from '../admin/admins.js';
import { projectRoot } from '../support/project.js';
import { runHere, withPassword } from './support.js';
import { restoreInThreeCommands } from './three-commands.js';

/** What a month of nights goes by. */
export interface Month {
  readonly source: string;
  readonly address: DatabaseAddress & { readonly database: string };
  readonly env: Readonly<Record<string, string>>;
  readonly recipient: string;
  readonly keyFile: string;
  /** The password of Ada, the last administrator who logged in. */
  readonly password: string;
}

/** Thirty nights of cron: what it says, how it ends, and what is left on the disk. */
export async function playMonth({
  source,
  address,
  env,
  recipient,
  keyFile,
  password,
}: Month): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sb-month-'));
  try {
    await enroll(address, password);
    const { words: recipe, cron } = readRecipes();
    const inPlace = (word: string): string =>
      ({
        'mysql://backup@localhost/opendental': source,
        '/backup/': `${folder}/`,
        'age1…': recipient,
      })[word] ?? word;
    const nightly = [...recipe.map(inPlace), '--practice-id', '4711'];
    const words = nightly.filter(
      (word) => !['--keep', 'default', '--out', `${folder}/`, '--quiet'].includes(word),
    );
    // Where the share is not there, nothing is made in its place.
    const away = await runHere([...words, '--out', `${folder}/away/`, '--quiet'], { env });
    assert.deepEqual([away.code, /There is no folder/.test(away.stderr)], [1, true]);
    for (let day = 2; day <= 31; day += 1) {
      const now = (): Date => new Date(2026, 2, day, 23);
      const isBad = day === 10;
      const ended = await runHere(nightly, { env: isBad ? { MYSQL_PWD: 'another' } : env, now });
      if (isBad) {
        assert.equal(ended.code, 1);
        assert.match(ended.stderr, /--source: the server refuses this user or password/);
        assert.equal(ended.stdout, '');
      } else assert.deepEqual(ended, { code: 0, stdout: '', stderr: '' }, `night ${day}`);
    }
    // The last of each week, and the last three days; weeks begin on Mondays.
    const nights = (await readdir(join(folder, '4711'))).sort();
    const left = nights.map((night) => Number(night.slice(-2)));
    assert.deepEqual(left, [8, 15, 22, 28, 29, 30, 31]);
    await stopWhileOlderOnesGo(nightly, folder, env);
    const oldest = join(folder, '4711', nights[0]!);
    const names = await readdir(oldest);
    assert.equal(names.length, 1);
    const archive = join(oldest, names[0]!);
    assert.equal((await runHere(['verify', archive, '--identity', keyFile])).code, 0);
    const byPassword = await withPassword(password, (descriptor) =>
      runHere(['verify', archive, '--password-fd', descriptor, '--json']),
    );
    assert.equal(byPassword.code, 0, byPassword.stdout);
    await assertRefusals(words, folder, env);
    await runCronLine(cron, { folder, source, env, recipient });
    await restoreInThreeCommands({ folder, source, env, password });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The copy is there by then, and is not said to be gone. */
async function stopWhileOlderOnesGo(
  nightly: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const stop = new AbortController();
  let asked = 0;
  const now = (): Date => {
    // The first time is for the label, the second one when the copy is read back.
    if (++asked === 2) stop.abort();
    return new Date(2026, 3, 1, 23);
  };
  const { code, stderr } = await runHere(nightly, { env, now, signal: stop.signal });
  assert.deepEqual(
    [code, /^Stopped\. The new copy is complete and was read back\. /m.test(stderr)],
    [130, true],
  );
  assert.equal((await readdir(join(folder, '4711', '2026-04-01'))).length, 1);
  await rm(join(folder, '4711', '2026-04-01'), { recursive: true });
}

/** The recipes of the page, whose words must be the same for cron, systemd and Windows. */
function readRecipes(): { readonly words: readonly string[]; readonly cron: string } {
  const page = readFileSync(join(projectRoot, 'docs', 'COMMANDS.md'), 'utf8');
  const [cron = '', systemd = '', windows = ''] = page
    .split('\n')
    .filter((line) => line.includes(' backup --source mysql://backup@localhost/opendental --out '));
  const wordsIn = (line: string): readonly string[] =>
    line
      .replace(/^.*?supplemental-backup(\.exe)? /, '')
      .replace(/ >> .*/, '')
      .split(' ');
  const words = wordsIn(systemd);
  assert.deepEqual(wordsIn(cron.replace(/^.*?; supp/, 'supp')), words);
  assert.deepEqual(
    wordsIn(windows).map((word) => (word === 'D:\\Backup\\' ? '/backup/' : word)),
    words,
  );
  return { words, cron };
}

/** The line of cron, as its shell runs it, in a folder of its own. */
async function runCronLine(
  cron: string,
  {
    folder,
    source,
    env,
    recipient,
  }: Pick<Month, 'env' | 'recipient' | 'source'> & { readonly folder: string },
): Promise<void> {
  const place = join(folder, '..', `${basename(folder)}-cron`);
  await mkdir(join(place, 'copies'), { recursive: true });
  try {
    await writeFile(join(place, 'env'), `MYSQL_PWD='${env['MYSQL_PWD'] ?? ''}'\n`, { mode: 0o600 });
    const program = `${process.execPath} ${join(projectRoot, 'dist/src/cli/main.js')}`;
    const [, command = ''] = /^\S+ \S+ \S+ \S+ \S+ backup (.*)$/.exec(cron) ?? [];
    const line = command
      .replace('/etc/supplemental-backup.env', join(place, 'env'))
      .replace('supplemental-backup backup', `${program} backup`)
      .replace('mysql://backup@localhost/opendental', `'${source}'`)
      .replace('/backup/', `${place}/copies/`)
      .replace('age1…', recipient);
    const ran = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
    assert.deepEqual([ran.status, ran.stdout, ran.stderr], [0, '', '']);
    assert.deepEqual(await readdir(join(place, 'copies')), ['cli_users']);
  } finally {
    await rm(place, { recursive: true });
  }
}

async function assertRefusals(
  words: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const file = join(folder, 'file.tar.age');
  await writeFile(join(folder, 'note.txt'), 'here');
  for (const more of [
    ['--out', file, '--keep', 'default'],
    ['--out', folder, '--keep', '3d'],
    ['--out', folder, '--keep', '3d,6m,1y,0y'],
    ['--out', folder, '--keep', 'default', '--tables', 'program'],
    ['--out', folder, '--keep', 'default', '--damaged-tables', 'leave-out'],
    ['--out', folder, '--practice-id', '../..'],
  ]) {
    const { code, stderr } = await runHere([...words, ...more], { env });
    assert.equal(code, 2, more.join(' '));
    assert.match(stderr, /^--(keep|practice-id) /);
  }
  assert.deepEqual((await readdir(folder)).sort(), ['4711', 'note.txt']);
}

async function enroll(
  address: DatabaseAddress & { readonly database: string },
  password: string,
): Promise<void> {
  const connection = await openConnection(address);
  try {
    const ada = (await readAdmins(connection)).find(({ userName }) => userName === 'Ada')!;
    await enrollAdminWith(lightWork, ada, password, { store: createDatabaseEnrollments(address) });
  } finally {
    await connection.close();
  }
}
