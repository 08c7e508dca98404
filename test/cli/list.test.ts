import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { formatNoteKey, hashOfNote } from '../../src/history/note.js';
import { formatBody } from '../../src/history/note-body.js';
import { noteKeyOfSigner, signNote } from '../../src/history/signer.js';
import { officeSigner } from '../history/noted-store.js';
import { runHere, withPassword } from './support.js';
import { fillWithTwoPractices, springPassword, summerPassword, type TwoPractices } from './two-practices.js';

interface Listed {
  readonly practices: readonly {
    readonly practiceId: string;
    readonly archives: readonly {
      readonly archive: string;
      readonly paths: readonly string[];
      readonly night: string;
      readonly scope: string;
      readonly size: number;
      readonly keyHolder: { readonly userName: string } | null;
      readonly password: string | null;
      readonly newer: string | null;
    }[];
  }[];
  readonly unreadable: readonly {
    readonly archive: string;
    readonly code: string;
    readonly message: string;
  }[];
}

describe('the archives that lie somewhere', () => {
  let root: string;
  let two: TwoPractices;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'sb-list-'));
    two = await fillWithTwoPractices(root);
  });
  after(() => rm(root, { recursive: true, force: true }));

  const listed = async (...words: string[]): Promise<Listed> =>
    JSON.parse((await runHere(['list', ...words, '--json'])).stdout) as Listed;

  it('are told by practice, newest first, each once with all its places, and bad files by name', async () => {
    const { practices, unreadable } = await listed(root);
    assert.deepEqual(
      practices.map(({ practiceId, archives }) => [practiceId, archives.length]),
      [
        ['0815', 12],
        ['4711', 15],
      ],
    );
    const { archives } = practices[1]!;
    assert.deepEqual(
      archives.map(({ archive }) => archive),
      [...two.spring, ...two.summer].reverse(),
    );
    assert.deepEqual(archives.at(-1)!.paths, [two.spring[0], two.copy]);
    assert.deepEqual(
      [archives[0]!.night, archives[0]!.scope, archives[0]!.keyHolder?.userName, archives[0]!.password],
      ['2026-03-15', 'full', 'Ada', null],
    );
    assert.deepEqual(
      new Map(unreadable.map(({ archive, code }) => [archive, code])),
      new Map([
        [two.cut, 'archive-damaged'],
        [two.foreign, 'archive-unsupported'],
      ]),
    );
    assert.match(
      unreadable.find(({ archive }) => archive === two.cut)!.message,
      /practice 4711 of 2026-03-09/,
    );
  });

  it('are found by wildcards too, which are expanded here, and by names; a note beside them is none', async () => {
    await writeFile(two.summer[0]!.replace('.tar.age', '.note'), 'a note\n');
    const glob = join(root, '47*', '2026-03-0?', '*');
    assert.equal((await listed(glob)).practices[0]!.archives.length, 9);
    const byName = await listed(two.others[0]!, two.others[0]!, two.copy);
    assert.deepEqual(
      byName.practices.map(({ archives }) => archives.map(({ paths }) => paths.length)),
      [[1], [1]],
    );
    const nothing = await runHere(['list', join(root, '48*')]);
    assert.deepEqual([nothing.code, /^Nothing fits /.test(nothing.stderr)], [1, true]);
    const empty = join(root, 'empty');
    await mkdir(empty);
    assert.match((await runHere(['list', empty])).stderr, /holds no archive: no name in it ends in \.age/);
  });

  it('say which of them a password opens, alone or with a newer one, and what to type next', async () => {
    const words = await withPassword(summerPassword, (descriptor) =>
      runHere(['list', root, '--password-fd', descriptor, '--json']),
    );
    assert.equal(words.code, 4);
    const { practices } = JSON.parse(words.stdout) as Listed;
    assert.deepEqual(new Set(practices[0]!.archives.map(({ password }) => password)), new Set(['does-not']));
    const ofAda = practices[1]!.archives;
    assert.deepEqual(
      ofAda.map(({ password }) => password),
      [...two.summer.map(() => 'opens'), ...two.spring.map(() => 'opens-with')],
    );
    assert.equal(ofAda.at(-1)!.newer, two.summer.at(-1));
    const { stdout } = await withPassword(summerPassword, (descriptor) =>
      runHere(['list', join(root, '4711', '2026-03-01'), two.summer[0]!, '--password-fd', descriptor]),
    );
    assert.ok(stdout.includes(`With --newer ${two.summer[0]!} the password opens:\n`), stdout);
    assert.ok(stdout.includes(`supplemental-backup verify ${two.summer[0]!}\n`), stdout);
    assert.ok(stdout.includes(`supplemental-backup restore ${two.summer[0]!} --target `), stdout);
  });

  it('have a history where notes lie beside them in the order of a store', async () => {
    const { stdout } = await runHere(['list', join(root, '4711')]);
    assert.match(stdout, /NOT PROVEN: the note beside it cannot be read/);
    assert.match(stdout, /Notes: none of them has a valid signature/);
  });

  it('that the office signed are told with their numbers, and one that is gone from among them is missed', async () => {
    const place = join(root, 'signed');
    const kept = await Promise.all(two.spring.slice(0, 2).map((path) => copyInto(place, path, root)));
    let previous: string | null = null;
    for (const [index, path] of kept.entries()) {
      const note = await noteOf(path, { number: index + 1, previous });
      previous = hashOfNote(note);
      await writeFile(path.replace('.tar.age', '.note'), note);
    }
    const { stdout } = await runHere(['list', place]);
    assert.match(stdout, /^ {4}number 2 of the office’s sequence$/m);
    assert.match(stdout, /^ {2}Nothing is missing since the night of 2026-03-01\.$/m);
    assert.ok(stdout.includes(formatNoteKey(noteKeyOfSigner(officeSigner, '4711'))), stdout);
    await rm(kept[0]!);
    assert.match((await runHere(['list', place])).stdout, /The archive of note 1 is missing/);
    await rm(place, { recursive: true });
  });

  it('are asked of one practice at a time, and no foreign file ends the answer', async () => {
    const map = await runHere(['who-can-open', root]);
    assert.equal(map.code, 4);
    assert.match(map.stdout, /^Practice 0815$/m);
    assert.match(map.stdout, /^Practice 4711$/m);
    assert.match(map.stdout, /Only "Ada" can open the archives/);
    assert.match(map.stdout, /Only "Bob" can open the archives/);
    assert.ok(map.stdout.includes(two.foreign));
    assert.ok(map.stdout.includes(`${two.spring[0]}\n${two.copy}\n  made `), map.stdout);
    assert.match(map.stdout, /whole database, \d/);
    const mixed = await runHere(['who-can-open', root, '--source', 'mysql://root@127.0.0.1:1/x']);
    assert.match(mixed.stderr, /--source is the database of one practice, and the archives are of several/);
    const copies = JSON.parse(
      (await runHere(['who-can-open', two.spring[0]!, two.copy, '--json'])).stdout,
    ) as {
      archives: { paths: string[] }[];
    };
    assert.deepEqual(
      copies.archives.map(({ paths }) => paths),
      [[two.spring[0], two.copy]],
    );
  });

  it('open an older one by today’s password through --newer, which a refusal names', async () => {
    const verify = (path: string, password: string, ...more: string[]) =>
      withPassword(password, (descriptor) => runHere(['verify', path, '--password-fd', descriptor, ...more]));
    const refused = await verify(two.spring[2]!, summerPassword);
    assert.equal(refused.code, 3);
    const named = /It opens the archive with --newer (\S+)\. /.exec(refused.stderr)?.[1];
    assert.equal(named, two.summer.at(-1));
    assert.equal((await verify(two.spring[2]!, summerPassword, '--newer', named!)).code, 0);
    const wrong = await verify(two.spring[2]!, 'autumn leaves');
    assert.match(wrong.stderr, /--newer NEWER-ARCHIVE\. With a key file: --identity FILE/);
    assert.equal((await verify(two.spring[2]!, springPassword)).code, 0);
  });

  it('that are cut or changed say that --salvage restores what is whole', async () => {
    const bytes = await readFile(two.summer[1]!);
    bytes[bytes.length - 100]! ^= 1;
    const flipped = join(dirname(two.foreign), 'flipped.bin');
    await writeFile(flipped, bytes);
    for (const path of [flipped, two.cut]) {
      const { code, stderr } = await withPassword(summerPassword, (descriptor) =>
        runHere(['verify', path, '--password-fd', descriptor]),
      );
      assert.equal(code, 4);
      assert.match(stderr, /^restore --salvage restores what is whole/m);
    }
  });
});

async function copyInto(place: string, path: string, root: string): Promise<string> {
  const copy = join(place, relative(root, path));
  await mkdir(dirname(copy), { recursive: true });
  await cp(path, copy);
  return copy;
}

/** The note of an archive that lies as a store has it, as the office signs it. */
async function noteOf(
  path: string,
  { number, previous }: { readonly number: number; readonly previous: string | null },
): Promise<string> {
  const bytes = await readFile(path);
  const [practiceId = '', night = '', name = ''] = path.split(sep).slice(-3);
  const signedWith = noteKeyOfSigner(officeSigner, practiceId);
  const text = formatBody({
    practiceId,
    destination: 'local',
    scope: 'full',
    night,
    archiveId: name.replace('.tar.age', ''),
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    madeAt: `${night}T23:00:00.000Z`,
    number,
    previous,
    standing: Array.from({ length: number }, (_, index) => index + 1),
    recipient: null,
    heads: {},
    signedWith,
  });
  return signNote(text, officeSigner, signedWith);
}
