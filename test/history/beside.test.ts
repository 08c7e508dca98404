import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { inspectArchive, type Label } from '../../src/archive/index.js';
import { utf8 } from '../../src/bytes.js';
import { findLatestBackup, listBackups } from '../../src/history/list-backups.js';
import { formatNoteKey } from '../../src/history/note.js';
import { judgeNoteBeside } from '../../src/history/note-beside.js';
import { formatBody, noteKeyOf } from '../../src/history/note-body.js';
import { noteKeyOfSigner, type Signer, signNote } from '../../src/history/signer.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { runHere } from '../cli/support.js';
import { officeSigner, otherSigner } from './noted-store.js';

const vector = 'test/vectors/critical.tar.age';
let archive: Buffer;
let label: Label;
let folder: string;
let path: string;
before(async () => {
  archive = await readFile(vector);
  label = (await inspectArchive(archive)).label!;
  folder = await mkdtemp(join(tmpdir(), 'sb-beside-'));
  path = join(folder, 'copy.tar.age');
  await copyFile(vector, path);
});
after(() => rm(folder, { recursive: true }));

async function noteOf(signer: Signer, night: string, changes: object = {}): Promise<string> {
  const key = noteKeyOfSigner(signer, label.practiceId);
  const text = formatBody({
    practiceId: label.practiceId,
    destination: 'hq',
    scope: label.scope,
    night,
    archiveId: label.archiveId,
    size: archive.length,
    sha256: createHash('sha256').update(archive).digest('hex'),
    madeAt: '2026-02-02T04:05:06.000Z',
    number: 1,
    previous: null,
    standing: [1],
    recipient: null,
    heads: {},
    signedWith: key,
    ...changes,
  });
  return signNote(text, signer, key);
}

function keyText(signer: Signer): string {
  return formatNoteKey(noteKeyOfSigner(signer, label.practiceId));
}

describe('whoever has the archive alone', () => {
  const noteFile = (): string => noteKeyOf(path)!;

  it('is told that nothing says who made it, where no note lies beside it', async () => {
    await rm(noteFile(), { force: true });
    assert.match((await runHere(['inspect', path])).stdout, /Origin +there is no signed note beside it/);
    assert.equal((await runHere(['verify', path, '--without-key'])).code, 0);
    const asked = await runHere(['verify', path, '--without-key', '--signed-with', keyText(officeSigner)]);
    assert.match(asked.stderr, /cannot be shown that the office made this archive/);
    assert.notEqual(asked.code, 0);
  });

  it('is told its number and key, and may hold every byte against the note without a key of the archive', async () => {
    await writeFile(noteFile(), await noteOf(officeSigner, '2026-02-01'));
    assert.match((await runHere(['inspect', path])).stdout, /Origin +number 1 of the office’s sequence/);
    const verified = await runHere(['verify', path, '--without-key', '--signed-with', keyText(officeSigner)]);
    assert.equal(verified.code, 0);
    assert.match(verified.stdout, /Its SHA-256 is the one in its note/);
    const foreign = await runHere(['verify', path, '--without-key', '--signed-with', keyText(otherSigner)]);
    assert.match(foreign.stderr, /not the key given/);
    assert.match((await runHere(['who-can-open', path])).stdout, /number 1 of the office’s sequence/);
  });

  it('is kept from restoring what another key signed, nobody signed or was changed since', async () => {
    const { identities } = JSON.parse(await readFile('test/vectors/critical.json', 'utf8'));
    const keyFile = join(folder, 'key.txt');
    await writeFile(keyFile, `${identities[0]}\n`);
    // Nobody listens there: it is refused before anybody is asked for anything.
    const target = 'mysql://root@127.0.0.1:1/restored';
    const restore = (signer: Signer): ReturnType<typeof runHere> =>
      runHere(['restore', path, '--target', target, '--identity', keyFile, '--signed-with', keyText(signer)]);
    for (const [note, signer, refused] of [
      [null, officeSigner, /not known who made it|no note/i],
      [await noteOf(officeSigner, '2026-02-01'), otherSigner, /another key|not the key/i],
      [
        await noteOf(officeSigner, '2026-02-01', { sha256: '0'.repeat(64) }),
        officeSigner,
        /its SHA-256 differs/,
      ],
    ] as const) {
      if (note === null) await rm(noteFile(), { force: true });
      else await writeFile(noteFile(), note);
      const { code, stderr } = await restore(signer);
      assert.notEqual(code, 0);
      assert.match(stderr, refused);
    }
    await writeFile(noteFile(), await noteOf(officeSigner, '2026-02-01'));
    assert.match(
      (await restore(officeSigner)).stderr,
      /127\.0\.0\.1:1/,
      'the next thing that is asked is the server',
    );
    await rm(noteFile());
  });

  it('is told of an archive that was overwritten under its own name, of the same size', async () => {
    await writeFile(noteFile(), await noteOf(officeSigner, '2026-02-01', { sha256: 'a'.repeat(64) }));
    const verified = await runHere(['verify', path, '--without-key']);
    assert.match(verified.stderr, /is not the archive that its note is about/);
    assert.notEqual(verified.code, 0);
  });

  it('is told so with a key as well, when the office’s key is given', async () => {
    const { identities } = JSON.parse(await readFile('test/vectors/critical.json', 'utf8')) as {
      identities: string[];
    };
    const key = join(folder, 'key.txt');
    await writeFile(key, identities.join('\n'));
    const argv = ['verify', path, '--identity', key, '--signed-with', keyText(officeSigner)];
    await writeFile(noteFile(), await noteOf(officeSigner, '2026-02-01'));
    assert.match((await runHere(argv)).stdout, /Origin +number 1 of the office’s sequence/);
    await writeFile(noteFile(), await noteOf(officeSigner, '2026-02-01', { sha256: 'a'.repeat(64) }));
    const overwritten = await runHere(argv);
    assert.equal(overwritten.stdout, '');
    assert.match(overwritten.stderr, /is not the archive that its note is about/);
  });

  // The column of the table in THREAT-MODEL: what one archive and the note beside it say, to whom the key of the
  // office is given or not.
  for (const [attack, note, said] of [
    ['a forged newest archive, no note', async () => null, 'unsigned'],
    [
      'a forged newest archive, a note of another key',
      () => noteOf(otherSigner, '2026-02-01'),
      'another key',
    ],
    [
      'an older archive in the place of the newest, its own note',
      () => noteOf(officeSigner, '2026-01-01'),
      'its night',
    ],
    [
      'an older archive in the place of the newest, the note of that',
      () => noteOf(officeSigner, '2026-02-01', { archiveId: 'a'.repeat(32) }),
      'foreign',
    ],
    ['overwritten, another size', () => noteOf(officeSigner, '2026-02-01', { size: 5 }), 'foreign'],
    [
      'overwritten, the same size',
      () => noteOf(officeSigner, '2026-02-01', { sha256: 'a'.repeat(64) }),
      'its bytes',
    ],
    [
      'a note of another practice',
      () => noteOf(officeSigner, '2026-02-01', { practiceId: '4712' }),
      'foreign',
    ],
    ['a note removed', async () => null, 'unsigned'],
    ['a new signing key', () => noteOf(otherSigner, '2026-02-01'), 'another key'],
  ] as const) {
    it(`is told: ${attack}`, async () => {
      const text = await note();
      const origin = judgeNoteBeside(text, { ...label, size: archive.length });
      if (said === 'unsigned' || said === 'foreign') {
        assert.equal(origin.kind, said);
        return;
      }
      assert.equal(origin.kind, 'signed');
      if (origin.kind !== 'signed') return;
      assert.equal(origin.signedWith === keyText(officeSigner), said !== 'another key');
      assert.equal(origin.night === '2026-02-01', said !== 'its night');
      const sha256 = createHash('sha256').update(archive).digest('hex');
      assert.equal(origin.sha256 === sha256, said !== 'its bytes');
    });
  }

  it('is told of a note that is about another archive, changed or none at all', async () => {
    for (const note of [
      await noteOf(officeSigner, '2026-02-01', { size: 5 }),
      await noteOf(officeSigner, '2026-02-01', { archiveId: 'a'.repeat(32) }),
      (await noteOf(officeSigner, '2026-02-01')).replace('number: 1', 'number: 2'),
      'hello',
      'x'.repeat(100_000),
    ]) {
      assert.equal(judgeNoteBeside(note, { ...label, size: archive.length }).kind, 'foreign');
    }
    await writeFile(noteFile(), 'x'.repeat(100_000));
    assert.match((await runHere(['inspect', path])).stdout, /Origin +NOT PROVEN/);
  });
});

describe('the newest copy in a store', () => {
  const keyOn = (night: string): string => `${label.practiceId}/${night}/${label.archiveId}.tar.age`;
  let now = new Date('2026-02-01T23:00:00Z');
  const storeWith = async (
    copies: readonly (readonly [string, Signer | null])[],
  ): Promise<ReturnType<typeof createMemoryStorage>> => {
    const store = createMemoryStorage({ now: () => now });
    for (const [night, signer] of copies) {
      now = new Date(now.getTime() + 86_400_000);
      await store.put(keyOn(night), replayableBytes(archive));
      if (signer === null) continue;
      await store.put(noteKeyOf(keyOn(night))!, replayableBytes(utf8(await noteOf(signer, night))));
    }
    return store;
  };
  const find = async (copies: readonly (readonly [string, Signer | null])[], keys?: readonly string[]) => {
    const found = await findLatestBackup(await storeWith(copies), {
      practiceId: label.practiceId,
      ...(keys === undefined ? {} : { trustedKeys: keys }),
      now: new Date('2030-01-01T00:00:00Z'),
    });
    return [found?.key, found?.passedOver.map(({ key }) => key)];
  };

  it('is one that the office signed, and what claims to be newer is told beside it', async () => {
    for (const forger of [null, otherSigner]) {
      const found = await find([
        ['2026-01-31', officeSigner],
        ['2026-02-01', forger],
      ]);
      assert.deepEqual(found, [keyOn('2026-01-31'), [keyOn('2026-02-01')]]);
    }
  });

  it('is that of the key that is given, whoever signed first', async () => {
    const copies = [
      ['2026-01-31', otherSigner],
      ['2026-02-01', officeSigner],
    ] as const;
    assert.equal((await find(copies, [keyText(officeSigner)]))[0], keyOn('2026-02-01'));
    assert.equal((await find(copies))[0], keyOn('2026-01-31'));
  });

  it('is by its label where nothing is signed, as before there were notes', async () => {
    const found = await find([
      ['2026-01-31', null],
      ['2026-02-01', null],
    ]);
    assert.deepEqual(found, [keyOn('2026-02-01'), []]);
  });

  it('and all others say in a list what their notes prove', async () => {
    const store = await storeWith([
      ['2026-01-31', officeSigner],
      ['2026-02-01', null],
    ]);
    const moved = await noteOf(officeSigner, '2026-01-31');
    await store.put(keyOn('2026-02-03'), replayableBytes(archive));
    await store.put(noteKeyOf(keyOn('2026-02-03'))!, replayableBytes(utf8(moved)));
    const kinds = (await listBackups(store)).map(({ origin }) => origin?.kind);
    assert.deepEqual(kinds.sort(), ['foreign', 'signed', 'unsigned']);
  });
});
