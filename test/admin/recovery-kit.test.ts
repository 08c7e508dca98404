import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { identityToRecipient } from 'age-encryption';
import jsQR from 'jsqr';
import { renderSVG } from 'uqr';
import { activeKits, createFileKits, type KitStore } from '../../src/admin/kits/kit-store.js';
import {
  confirmRecoveryKit,
  createRecoveryKit,
  type MadeKit,
  revokeRecoveryKit,
} from '../../src/admin/kits/recovery-kit.js';
import { whoCanOpen } from '../../src/admin/who-can-open.js';
import { encryptArchive, inspectArchive, openArchive } from '../../src/archive/index.js';
import { identitiesOfKit } from '../../src/archive/kit-words.js';
import { makeLabel } from '../../src/archive/label.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { sampleLabel, sampleParts } from '../archive/support/parts.js';
import { noModes } from '../support/needs.js';

describe('recovery kits', () => {
  let folder: string;
  let store: KitStore;
  let number = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-kits-'));
  });
  after(() => rm(folder, { recursive: true }));

  const create = (sheets: 1 | 3 = 1, postQuantum = false): Promise<MadeKit> => {
    store = createFileKits({ path: join(folder, `${number++}.json`) });
    return createRecoveryKit({
      store,
      practice: 'Smith & <Sons>',
      owner: 'Dr. "Ada"',
      sheets,
      postQuantum,
      now: new Date('2026-11-29T10:00:00Z'),
    });
  };
  const textOf = ({ words }: MadeKit, ...sheets: number[]): string =>
    (sheets.length === 0 ? words : sheets.map((i) => words[i]!)).map((each) => each.reveal()).join('\n');

  const refusedAs = (reason: string) => (error: unknown) => {
    assert.ok(isBackupError(error, 'wrong-key'), String(error));
    assert.equal(error.details['reason'], reason);
    return true;
  };

  describe('a recovery kit', () => {
    it('counts only from when its words were given back until it is revoked, and its secret is kept nowhere', async () => {
      const made = await create();
      assert.equal(textOf(made).split(' ').length, 24);
      assert.deepEqual(activeKits(await store.load()), []);
      const confirmed = await confirmRecoveryKit(textOf(made), { store });
      assert.deepEqual(activeKits(await store.load()), [confirmed]);
      const kept = await readFile(join(folder, `${number - 1}.json`), 'utf8');
      for (const secret of [textOf(made), ...(await identitiesOfKit(textOf(made)))]) {
        assert.ok(!kept.includes(secret));
      }
      assert.equal(JSON.stringify(made).includes(textOf(made)), false);
      if (!noModes) {
        assert.equal((await stat(join(folder, `${number - 1}.json`))).mode & 0o077, 0);
      }
      await revokeRecoveryKit(made.kit.id, { store });
      assert.deepEqual(activeKits(await store.load()), []);
      await assert.rejects(confirmRecoveryKit(textOf(made), { store }), /was revoked/);
      await assert.rejects(revokeRecoveryKit('00000000', { store }), /no recovery kit of that number/);
    });

    it('takes its words in any case, with numbers and line breaks between them', async () => {
      const made = await create();
      const typed = textOf(made)
        .split(' ')
        .map((word, i) => `${i + 1}. ${word.toUpperCase()}`)
        .join('\r\n');
      assert.equal((await confirmRecoveryKit(typed, { store })).id, made.kit.id);
    });

    it('tells a mistyped word by its place, swapped words, missing ones and those of another kit apart', async () => {
      const made = await create();
      const words = textOf(made).split(' ');
      const mistyped = words.with(6, 'xyzzyq');
      await assert.rejects(confirmRecoveryKit(mistyped.join(' '), { store }), (error) => {
        assert.ok(isBackupError(error));
        assert.deepEqual([error.details['word'], error.message.includes('xyzzyq')], [7, false]);
        return refusedAs('unknown-word')(error);
      });
      // One in 256 swaps fits the checksum: then they are the words of another kit.
      const other = words.findIndex((word, i) => i > 0 && word !== words[0]);
      const swapped = words.with(0, words[other]!).with(other, words[0]!).join(' ');
      await assert.rejects(confirmRecoveryKit(swapped, { store }), (error) => {
        const { reason } = (error as { details: { reason: string } }).details;
        assert.match(reason, /^(checksum|other-kit)$/);
        return true;
      });
      await assert.rejects(confirmRecoveryKit(words.slice(1).join(' '), { store }), refusedAs('count'));
      await assert.rejects(confirmRecoveryKit('', { store }), refusedAs('count'));
      const own = store;
      const foreign = await create();
      await assert.rejects(confirmRecoveryKit(textOf(foreign), { store: own }), refusedAs('other-kit'));
    });

    it('two swapped words that are told: an example that never changes', async () => {
      const zeros = `${'abandon '.repeat(23)}art`;
      assert.deepEqual((await identitiesOfKit(zeros)).length, 2);
      const swapped = zeros.replace('abandon art', 'art abandon');
      await assert.rejects(identitiesOfKit(swapped), refusedAs('checksum'));
    });

    it('opens an archive that names it in its label, also one of the kind that withstands quantum computers', async () => {
      for (const postQuantum of [false, true]) {
        const made = await create(1, postQuantum);
        const { id, createdAt, recipient } = made.kit;
        assert.equal(recipient.startsWith('age1pq1'), postQuantum);
        const sealed = await collectBytes(
          encryptArchive(sampleParts(), {
            recipients: [recipient],
            label: { ...sampleLabel, recoveryKits: [{ id, createdAt, recipient }] },
          }),
        );
        const source = rangesOfBytes(sealed);
        assert.equal((await inspectArchive(source)).label?.recoveryKits?.[0]?.id, id);
        const archive = await openArchive(source, { identities: await identitiesOfKit(textOf(made)) });
        assert.equal(archive.manifest.tables.length, 2);
      }
    });

    it('is a second way in for who-can-open, which no longer warns of one person', async () => {
      const unlock = [{ kind: 'enrolled', epoch: 1, recipient: 'a', sealedIdentity: '' }] as const;
      const keyHolder = { userNum: '1', userName: 'Ada' };
      const recoveryKits = [{ id: '01234567', createdAt: '2026-11-29T10:00:00Z', recipient: 'b' }];
      const alone = makeLabel({ ...sampleLabel, keyHolder, unlock });
      const both = makeLabel({ ...sampleLabel, keyHolder, unlock, recoveryKits });
      assert.deepEqual(whoCanOpen([both]).archives[0]?.recoveryKits, recoveryKits);
      assert.deepEqual(whoCanOpen([both]).warnings, []);
      assert.deepEqual(
        whoCanOpen([both, alone]).warnings.map(({ code }) => code),
        ['one-person'],
      );
    });

    it('a file of kits that somebody spoiled is told, and not written over', async () => {
      await create();
      const path = join(folder, `${number - 1}.json`);
      await writeFile(path, '{"revision": 1, "kits": [{"id": "../../x"}]}');
      for (const work of [() => store.load(), () => revokeRecoveryKit('00000000', { store })]) {
        await assert.rejects(work, (error) => isBackupError(error, 'settings-invalid'));
      }
      assert.match(await readFile(path, 'utf8'), /\.\.\/x/);
    });
  });

  describe('a kit on three sheets', () => {
    it('opens with any two of them in any order, or all, and with one not at all', async () => {
      const made = await create(3);
      const pairs = [
        [0, 1],
        [1, 0],
        [0, 2],
        [2, 1],
        [0, 1, 2],
      ];
      for (const pair of pairs) {
        const identities = await identitiesOfKit(textOf(made, ...pair));
        assert.equal(await identityToRecipient(identities[0]!), made.kit.recipient, pair.join());
      }
      assert.equal((await confirmRecoveryKit(textOf(made, 2, 0), { store })).sheets, 3);
      for (const sheet of [0, 1, 2]) {
        await assert.rejects(identitiesOfKit(textOf(made, sheet)), refusedAs('one-sheet'));
        // Its first 24 words are those of no kit at all, or of another one.
        const cut = textOf(made, sheet).split(' ').slice(0, 24).join(' ');
        await assert.rejects(confirmRecoveryKit(cut, { store }), refusedAs('other-kit'));
        await assert.rejects(identitiesOfKit(textOf(made, sheet, sheet)), refusedAs('one-sheet'));
      }
    });

    it('tells sheets of two kits, and words mistyped on one of them', async () => {
      const other = await create(3);
      const made = await create(3);
      const mixed = `${textOf(made, 0)} ${textOf(other, 1)}`;
      await assert.rejects(confirmRecoveryKit(mixed, { store }), (error) => {
        // By chance both may be of one number.
        const { reason } = (error as { details: { reason: string } }).details;
        assert.match(reason, /^(other-kit|one-sheet)$/);
        return true;
      });
      const short = `${textOf(made, 0)} ${textOf(made, 1).split(' ').slice(1).join(' ')}`;
      await assert.rejects(identitiesOfKit(short), refusedAs('count'));
    });
  });

  describe('the page of a kit', () => {
    it('holds the words and a QR code of them for each sheet, asks nothing of a network, and is steered by no name', async () => {
      for (const sheets of [1, 3] as const) {
        const made = await create(sheets);
        const page = made.page.reveal();
        assert.equal(page.match(/<section>/g)?.length, sheets);
        assert.match(
          page,
          /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/,
        );
        assert.doesNotMatch(page.replaceAll('http://www.w3.org', ''), /https?:|<script|<link|<img|url\(/i);
        assert.ok(!page.includes('<Sons>') && !page.includes('"Ada"'));
        const codes = [...page.matchAll(/<svg[\s\S]*?<\/svg>/g)].map(([svg]) => readBack(svg));
        assert.deepEqual(
          codes,
          made.words.map((words) => words.reveal().toUpperCase()),
        );
        if (sheets === 1) assert.equal((await confirmRecoveryKit(codes[0]!, { store })).id, made.kit.id);
      }
    });

    it('is decoded as what a camera sees', () => {
      assert.equal(readBack(renderSVG('HELLO', { border: 4, pixelSize: 1 })), 'HELLO');
    });
  });

  /** What an independent decoder reads in the squares of an SVG. */
});
function readBack(svg: string): string | undefined {
  const [, side] = /viewBox="0 0 (\d+) \d+"/.exec(svg)!;
  const [, path] = /<path [^>]*\bd="([^"]+)"/.exec(svg)!;
  const scale = 4;
  const size = Number(side) * scale;
  const pixels = new Uint8ClampedArray(size * size * 4).fill(255);
  for (const [x, y] of squaresOf(path!)) {
    for (let dy = 0; dy < scale; dy++) {
      for (let dx = 0; dx < scale; dx++) {
        pixels.fill(
          0,
          ((y * scale + dy) * size + x * scale + dx) * 4,
          ((y * scale + dy) * size + x * scale + dx) * 4 + 3,
        );
      }
    }
  }
  return jsQR.default(pixels, size, size)?.data;
}

/** Where a path draws its squares of one by one. */
function squaresOf(path: string): readonly (readonly [number, number])[] {
  return [...path.matchAll(/M(\d+),(\d+)h1v1h-1z/g)].map(([, x, y]) => [Number(x), Number(y)]);
}
