import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrollAdminWith } from '../../src/admin/enroll-admin.js';
import { readAdmins } from '../../src/admin/read-admins.js';
import { createDatabaseEnrollments } from '../../src/admin/stores/database-enrollments.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { lightWork } from '../admin/admins.js';
import { runHere, withPassword } from './support.js';

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
    // Where the share is not there, nothing is made in its place.
    const words = [
      'backup',
      '--source',
      source,
      '--last-admin',
      '--recipient',
      recipient,
      '--practice-id',
      '4711',
    ];
    const away = await runHere([...words, '--out', `${folder}/away/`, '--quiet'], { env });
    assert.deepEqual([away.code, /There is no folder/.test(away.stderr)], [1, true]);
    const nightly = [...words, '--out', `${folder}/`, '--keep', '3d,6m,1y,3y', '--quiet'];
    for (let day = 2; day <= 31; day += 1) {
      const now = (): Date => new Date(2026, 2, day, 23);
      const isBad = day === 10;
      const ended = await runHere(nightly, { env: isBad ? { MYSQL_PWD: 'another' } : env, now });
      if (isBad) {
        assert.equal(ended.code, 1);
        assert.match(ended.stderr, /--source: the server is there, and does not take this user/);
        assert.equal(ended.stdout, '');
      } else assert.deepEqual(ended, { code: 0, stdout: '', stderr: '' }, `night ${day}`);
    }
    // The last of each week, and the last three days; weeks begin on Mondays.
    const nights = (await readdir(join(folder, '4711'))).sort();
    const left = nights.map((night) => Number(night.slice(-2)));
    assert.deepEqual(left, [8, 15, 22, 28, 29, 30, 31]);
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
  } finally {
    await rm(folder, { recursive: true });
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
