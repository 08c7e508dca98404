import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { changeAdminPasswordWith, enrollAdminWith } from '../../src/admin/enroll-admin.js';
import type { RecoveryKit } from '../../src/admin/kits/kit-store.js';
import { createMemoryEnrollments } from '../../src/admin/stores/memory-enrollments.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { type AdminCandidate, encryptArchive, sealFor } from '../../src/index.js';
import { adminOf, lightWork, storedOf } from '../admin/admins.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';
import { noModes } from '../support/needs.js';
import { runHere } from './support.js';

const [springPassword, summerPassword] = ['spring meadow', 'summer harbor'];

describe('the keys that the command line takes', () => {
  let folder: string;
  let older: string;
  let newer: string;
  const store = createMemoryEnrollments();

  const seal = async (admin: AdminCandidate, name: string): Promise<string> => {
    const { recipients, keyHolder, unlock } = await sealFor(
      { kind: 'found', admin, warnings: [] },
      { store },
    );
    const path = join(folder, name);
    const label = { ...sampleLabel, keyHolder, unlock };
    await writeFile(path, encryptArchive(sampleParts(), { recipients, label }));
    return path;
  };

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'supplemental-backup-cli-keys-'));
    const spring = adminOf({ stored: storedOf(springPassword, 'c3ByaW5n') });
    await enrollAdminWith(lightWork, spring, springPassword, { store });
    older = await seal(spring, 'older.tar.age');
    const summer = adminOf({ stored: storedOf(summerPassword, 'c3VtbWVy') });
    await changeAdminPasswordWith(
      lightWork,
      summer,
      { oldPassword: springPassword, newPassword: summerPassword },
      { store },
    );
    newer = await seal(summer, 'newer.tar.age');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const verify = (...argv: string[]) =>
    runHere(['verify', ...argv, '--password-fd', '3'], { password: summerPassword });

  it('today’s password opens an older archive with the help of a newer one, and not without', async () => {
    assert.equal((await verify(newer)).code, 0);
    assert.equal((await verify(older)).code, 3);
    const helped = await verify(older, '--newer', newer);
    assert.equal(helped.code, 0, helped.stderr);
    // A newer archive that does not help does no harm.
    assert.equal((await verify(newer, '--newer', older)).code, 0);
    const wrong = await runHere(['verify', older, '--newer', newer, '--password-fd', '3'], {
      password: 'autumn leaves',
    });
    assert.equal(wrong.code, 3);
  });

  it('a recovery kit is made, confirmed, listed and revoked, and its words open what was sealed to it', async () => {
    const spool = ['--spool', folder];
    const page = join(folder, 'kit.html');
    const create = ['kit', 'create', ...spool, '--practice', 'Example', '--owner', 'Ada', '--out', page];
    const made = await runHere([...create, '--split', '--json']);
    assert.equal(made.code, 0, made.stderr);
    const { kit } = JSON.parse(made.stdout) as { kit: RecoveryKit };
    if (!noModes) assert.equal((await stat(page)).mode & 0o077, 0);
    const sheets = [...(await readFile(page, 'utf8')).matchAll(/<ol>(.*?)<\/ol>/g)].map(([, list]) =>
      list!.replaceAll(/<\/?li>/g, ' ').trim(),
    );
    assert.equal(sheets.length, 3);
    const another = join(folder, 'another.html');
    const told = await runHere([...create.slice(0, -1), another]);
    assert.match(
      told.stdout,
      /NOT CONFIRMED: no copy opens with it yet\nPrint .*another\.html, confirm the words/,
    );
    assert.match((await runHere(['kit', 'list', ...spool])).stdout, /NOT CONFIRMED/);
    const confirm = (words: string) =>
      runHere(['kit', 'confirm', ...spool, '--words-fd', '3'], { password: words });
    assert.equal((await confirm(sheets[0]!)).code, 3);
    const two = `${sheets[2]} ${sheets[0]}`;
    const confirmed = await confirm(two);
    assert.match(confirmed.stdout, /Confirmed\./, confirmed.stderr);

    const sealed = join(folder, 'kit.tar.age');
    const { id, createdAt, recipient } = kit;
    const label = { ...sampleLabel, recoveryKits: [{ id, createdAt, recipient }] };
    await writeFile(sealed, encryptArchive(sampleParts(), { recipients: [recipient], label }));
    assert.match((await runHere(['inspect', sealed])).stdout, new RegExp(`recovery kit of .* \\(${id}\\)`));
    const open = (words: string, archive = sealed) =>
      runHere(['verify', archive, '--kit', '--password-fd', '3'], { password: words });
    assert.equal((await open(two)).code, 0);
    const mistyped = await open(two.replace(' ', ' xyzzyq '));
    assert.equal(mistyped.code, 3);
    assert.match(mistyped.stderr, /Word 2 of the recovery kit/);
    assert.doesNotMatch(mistyped.stderr, /xyzzyq/);
    assert.equal((await open(two, newer)).code, 3);

    assert.equal((await runHere(['kit', 'revoke', id, ...spool])).code, 0);
    assert.match((await runHere(['kit', 'list', ...spool])).stdout, /revoked on/);
    for (const wrong of [
      ['kit'],
      ['kit', 'destroy', ...spool],
      ['kit', 'list', id, ...spool],
      ['kit', 'list'],
    ]) {
      assert.equal((await runHere(wrong)).code, 2, wrong.join(' '));
    }
  });

  it('a key file that is missing or holds something else is told as what it is, without its content', async () => {
    const missing = await runHere(['verify', older, '--identity', join(folder, 'missing.txt')]);
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /The key file .*missing\.txt cannot be read/);
    for (const content of ['', '# only a comment\n', 'a secret of another kind\n']) {
      const file = join(folder, 'other.txt');
      await writeFile(file, content);
      const refused = await runHere(['verify', older, '--identity', file]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /is not an age key file/);
      assert.doesNotMatch(refused.stderr, /of another kind/);
    }
  });

  it('F7: a damaged label is told, and takes nothing from a key file or from a newer archive', async () => {
    const damaged = join(folder, 'damaged-label.tar.age');
    const bytes = await readFile(older);
    // In the text of the label, where a byte is no letter of it any more.
    bytes[bytes.indexOf('-> supplemental-backup/label') + 60] = 0x07;
    await writeFile(damaged, bytes);
    assert.equal((await verify(damaged)).code, 4);
    // A letter of the name of the practice: the label reads well, and is not what was written.
    const misread = join(folder, 'misread-label.tar.age');
    const { headerBytes, label } = await inspectArchive(await readFile(newer));
    const other = Buffer.from(await readFile(newer));
    const header = other.subarray(0, headerBytes).toString('latin1');
    const [, lines] = /label\n([A-Za-z0-9+/\n]+)\n/.exec(header)!;
    const text = Buffer.from(lines!.replaceAll('\n', ''), 'base64').toString('latin1');
    const at = text.indexOf(label!.practiceId);
    const changed = Buffer.from(text, 'latin1');
    changed[at]! ^= 1;
    const again = changed
      .toString('base64')
      .replace(/=+$/, '')
      .match(/.{1,64}/g)!
      .join('\n');
    other.write(header.replace(lines!, again), 'latin1');
    await writeFile(misread, other);
    const opened = await verify(misread);
    assert.equal(opened.code, 4, opened.stderr);
    assert.match(opened.stdout, /Whole +the content; the label is damaged/);
    const helped = await verify(damaged, '--newer', newer);
    assert.equal(helped.code, 4, helped.stderr);
    assert.match(helped.stdout, /Whole +the content; the label is damaged/);
    assert.match(helped.stdout, /The label of the archive.* is damaged/);
    for (const format of ['tar', 'csv', 'sql']) {
      const out = join(folder, `plain-${format}`);
      const argv = ['extract', damaged, '--format', format, '--out', out, '--newer', newer];
      const made = await runHere([...argv, '--password-fd', '3'], { password: summerPassword });
      assert.equal(made.code, 0, made.stderr);
      assert.match(made.stderr, /The label of the archive.* is damaged/);
      assert.ok((await readdir(out)).length > 0);
    }
  });

  it('two kinds of keys at once, or a password where none can help, are mistakes of usage', async () => {
    const both = await verify(older, '--identity', join(folder, 'key.txt'));
    assert.equal(both.code, 2);
    const unsealed = join(folder, 'no-password.tar.age');
    const { recipients } = await sealFor({ kind: 'found', admin: adminOf(), warnings: [] }, { store });
    await writeFile(unsealed, encryptArchive(sampleParts(), { recipients, label: sampleLabel }));
    const { code, stderr } = await verify(unsealed);
    assert.equal(code, 2);
    assert.match(stderr, /No password opens this archive; give the key with --identity/);
  });
});
