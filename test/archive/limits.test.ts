// Not a quick test: bounds that show with megabytes only.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient, Stanza } from 'age-encryption';
import { decryptAge } from '../../src/archive/age/decrypt.js';
import { encryptAge, writeAge } from '../../src/archive/age/encrypt.js';
import { passphraseRecipient } from '../../src/archive/age/keys.js';
import { ByteReader } from '../../src/archive/byte-reader.js';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { parseObjects } from '../../src/archive/descriptions.js';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { labelRecipient, labelStanza, makeLabel } from '../../src/archive/label.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { readTar } from '../../src/archive/read-tar.js';
import { parseTarHeader, tarHeader } from '../../src/archive/tar.js';
import { unlockLabel } from '../../src/archive/unlock.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { collectBytes, fromUtf8, rangesOfBytes, utf8 } from '../../src/bytes.js';
import { gunzipMember, gzipMember } from '../../src/columns/gzip-member.js';
import { engine } from '../../src/engine/node.js';
import { type BackupErrorCode, isBackupError } from '../../src/errors.js';
import type { Label, Part } from '../../src/model/parts.js';
import { fc } from '../support/properties.js';
import { fuzzing } from './support/fuzz.js';
import { collect, sampleLabel, sampleParts } from './support/parts.js';

const hasCode =
  (...codes: readonly BackupErrorCode[]) =>
  (error: unknown): boolean => {
    assert.ok(isBackupError(error), String(error));
    assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
    return true;
  };

describe('what a hostile file can cost', () => {
  let identity: string;
  let recipient: string;
  let tar: Uint8Array;
  const label = makeLabel(sampleLabel);

  before(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
    tar = await collectBytes(writeTar(sampleParts(), label, () => undefined));
  });

  const sealed = (content: Uint8Array, of: Label = label): Promise<Uint8Array> =>
    collectBytes(encryptAge(content, { recipients: [recipient, labelRecipient(of)] }));
  const open = (bytes: Uint8Array): Promise<Part[]> =>
    collect(decryptArchive(bytes, { identities: [identity] }));

  it('a header without an end is given up at its limit', async () => {
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      yield utf8('age-encryption.org/v1\n');
      for (;;) {
        given += 65536;
        yield new Uint8Array(65536).fill(65);
      }
    }
    await assert.rejects(inspectArchive(endless()), hasCode('archive-limit-exceeded'));
    assert.ok(given < 4 * 1024 * 1024, `${given} bytes were read`);
  });

  it('a header with very many stanzas is refused before any is tried', async () => {
    let tried = 0;
    const many = {
      wrapFileKey: () => Array.from({ length: 200 }, () => new Stanza(['X', 'Y'], new Uint8Array(32))),
    };
    const bytes = await collectBytes(encryptAge(tar, { recipients: [many, recipient] }));
    const counting = {
      unwrapFileKey() {
        tried++;
        return null;
      },
    };
    await assert.rejects(
      collect(decryptArchive(bytes, { identities: [counting] })),
      hasCode('archive-limit-exceeded'),
    );
    assert.equal(tried, 0);
  });

  it('a label is bounded, single, and of the right shape', async () => {
    const withLabels = (...bodies: readonly Uint8Array[]): Promise<Uint8Array> =>
      collectBytes(
        encryptAge(tar, {
          recipients: [
            recipient,
            { wrapFileKey: () => bodies.map((body) => new Stanza([labelStanza], body)) },
          ],
        }),
      );
    const good = utf8(JSON.stringify(label));
    await assert.rejects(inspectArchive(await withLabels(good, good)), hasCode('archive-damaged'));
    await assert.rejects(
      inspectArchive(await withLabels(new Uint8Array(300_000))),
      hasCode('archive-limit-exceeded'),
    );
    await assert.rejects(
      inspectArchive(await withLabels(utf8('{"format":{"major":1,"minor":0}}'))),
      hasCode('archive-damaged'),
    );
    const newer = utf8(
      JSON.stringify({ ...label, format: { major: 2, minor: 0 }, unlock: 'something else' }),
    );
    await assert.rejects(inspectArchive(await withLabels(newer)), hasCode('archive-unsupported'));
    const later = utf8(JSON.stringify({ ...label, format: { major: 1, minor: 7 }, news: [1, 2, 3] }));
    assert.equal((await inspectArchive(await withLabels(later))).label?.format.minor, 7);
    assert.throws(() => makeLabel({ ...sampleLabel, practiceId: 'x'.repeat(300_000) }), RangeError);
    const argued = { wrapFileKey: () => [new Stanza([labelStanza, 'more'], good)] };
    const bytes = await collectBytes(encryptAge(tar, { recipients: [recipient, argued] }));
    await assert.rejects(inspectArchive(bytes), hasCode('archive-damaged'));
  });

  it('a work factor beyond the limit is refused without doing the work', async () => {
    const claiming = {
      wrapFileKey: () => [new Stanza(['scrypt', 'AAAAAAAAAAAAAAAAAAAAAA', '30'], new Uint8Array(32))],
    };
    const bytes = await collectBytes(writeAge(engine, sampleBytes(), [claiming]));
    await assert.rejects(
      collectBytes(decryptAge(bytes, { passphrase: 'x' })),
      hasCode('archive-limit-exceeded'),
    );

    const heavy = await collectBytes(
      writeAge(engine, sampleBytes(), [
        claimWork(await passphraseRecipient('x', 4).wrapFileKey(new Uint8Array(16)), '19'),
      ]),
    );
    const sealedIdentity = `-----BEGIN AGE ENCRYPTED FILE-----\n${Buffer.from(heavy).toString('base64').replace(/.{64}/g, '$&\n').trim()}\n-----END AGE ENCRYPTED FILE-----\n`;
    const unlock = [{ kind: 'enrolled', epoch: 1, recipient, sealedIdentity } as const];
    const archive = await sealed(tar, { ...label, unlock });
    await assert.rejects(
      collect(decryptArchive(archive, { password: 'x' })),
      hasCode('archive-limit-exceeded'),
    );
  });

  it('a work factor is taken up to its limit in a label, and no further', async () => {
    const unlockWith = async (scryptLogN: number, passphrase: string) => {
      const line = utf8(`${identity}\n`);
      const file = await collectBytes(encryptAge(line, { passphrase, scryptLogN, armor: true }));
      return { kind: 'enrolled', epoch: 1, recipient, sealedIdentity: fromUtf8(file) } as const;
    };
    const archive = await sealed(tar, { ...label, unlock: [await unlockWith(18, 'x')] });
    assert.equal((await collect(decryptArchive(archive, { password: 'x' }))).length, 9);
  });

  it('what a sealed identity holds is bounded, and must be the one it says', async () => {
    const unlockOf = async (content: string) => {
      const file = await collectBytes(
        encryptAge(utf8(content), { passphrase: 'x', scryptLogN: 1, armor: true }),
      );
      return [{ kind: 'enrolled', epoch: 1, recipient, sealedIdentity: fromUtf8(file) } as const];
    };
    const open = (unlock: Label['unlock']) => unlockLabel({ unlock }, 'x');
    assert.equal((await open(await unlockOf(`# made today\r\n${identity}\r\n`))).identity, identity);
    const stranger = await generateX25519Identity();
    await assert.rejects(open(await unlockOf(`${stranger}\n`)), hasCode('archive-damaged'));
    await assert.rejects(open(await unlockOf('AGE-SECRET-KEY-1X')), hasCode('archive-damaged'));
    await assert.rejects(open(await unlockOf('nothing of the kind')), hasCode('archive-damaged'));
    await assert.rejects(open(await unlockOf('x'.repeat(5000))), hasCode('archive-limit-exceeded'));
  });

  it('a key file opens what it fits, at no cost of scrypt, whatever the label says of passwords', async () => {
    const unlock = [{ kind: 'enrolled', epoch: 1, recipient, sealedIdentity: 'no age file' } as const];
    const archive = await sealed(tar, { ...label, unlock });
    assert.equal(
      (await collect(decryptArchive(archive, { identities: [identity], password: 'x' }))).length,
      9,
    );
    const stranger = await generateX25519Identity();
    await assert.rejects(
      collect(decryptArchive(archive, { identities: [stranger], password: 'x' })),
      hasCode('archive-damaged', 'archive-unsupported'),
    );
    await assert.rejects(collect(decryptArchive(archive, { identities: [stranger] })), hasCode('wrong-key'));
  });

  it('a label never holds keys of two kinds, as the weaker would count for both', () => {
    const way = { recipient, sealedIdentity: '' };
    const enrolled = { kind: 'enrolled', epoch: 1, ...way } as const;
    const stored = { kind: 'stored-hash', hashType: 'MD5', salt: '', ...way } as const;
    assert.equal(makeLabel({ ...sampleLabel, unlock: [enrolled, enrolled] }).unlock.length, 2);
    assert.throws(() => makeLabel({ ...sampleLabel, unlock: [enrolled, stored] }), TypeError);
  });

  it('a label cannot hold more ways in than somebody would wait for', () => {
    const unlock = Array.from({ length: 9 }, (_, i) => ({
      kind: 'enrolled' as const,
      epoch: i + 1,
      recipient,
      sealedIdentity: '',
    }));
    assert.throws(() => makeLabel({ ...sampleLabel, unlock }), TypeError);
  });

  it('refuses a label whose time is none, as it is shown, compared and pruned by', () => {
    for (const createdAt of [
      '',
      'yesterday',
      '2026-07-15',
      '2026-13-45T00:00:00Z',
      '\u001b[2J',
      '2026-07-15T05:00:00+02:00',
    ]) {
      assert.throws(() => makeLabel({ ...sampleLabel, createdAt }), TypeError, createdAt);
    }
    assert.equal(
      makeLabel({ ...sampleLabel, createdAt: '2026-07-15T05:00:00Z' }).createdAt,
      '2026-07-15T05:00:00Z',
    );
  });

  it('a file that claims to be huge is not waited for', async () => {
    for (const name of ['database.json', 'notes.txt', 'tables/0001/000001.cols.gz']) {
      const claim = await tarHeader({ name, size: 8 * 2 ** 30 - 1, time: 0 });
      await assert.rejects(open(await sealed(claim)), hasCode('archive-limit-exceeded', 'archive-damaged'));
    }
  });

  it('very many small files are not remembered without end', async () => {
    const read = (most: number): Promise<Part[]> => collect(readTar(new ByteReader(tar), label, most));
    const files = (await read(Number.POSITIVE_INFINITY)).length + 1;
    assert.equal((await read(files)).length, files - 1);
    await assert.rejects(read(files - 1), hasCode('archive-limit-exceeded'));
  });

  it('JSON of very many small values is not read, however well-formed', async () => {
    const many = (list: string): Uint8Array => utf8(`[${list.repeat(2 ** 22)}1]`);
    for (const json of [many('[],'), many('0,'), utf8('['.repeat(2 ** 22 + 1))]) {
      assert.throws(() => parseObjects(json), hasCode('archive-limit-exceeded'));
    }
    // What stands in a text is no value, whatever it looks like.
    const text = ',[{\\"'.repeat(2 ** 20);
    const object = { kind: 'view', name: 'v', createStatement: text };
    assert.equal(parseObjects(utf8(JSON.stringify([object])))[0]?.createStatement, text);
  });

  it('a gzip bomb is not inflated beyond what it says, nor believed when it says too much', async () => {
    const zeros = new Uint8Array(64 * 2 ** 20);
    const member = await gzipMember(zeros, 1);
    // The writer keeps the front of what is large and hollow as it is, so that no genuine part looks like a
    // bomb.
    assert.ok(member.length < zeros.length / 32);
    const view = new DataView(member.buffer);
    const sizeAt = member.length - 4;
    for (const [claimed, code] of [
      [1000, 'malformed'],
      [2 ** 32 - 1, 'archive-limit-exceeded'],
      [900 * 2 ** 20, 'archive-limit-exceeded'],
      [65 * 2 ** 20, 'malformed'],
    ] as const) {
      view.setUint32(sizeAt, claimed, true);
      const before = process.memoryUsage().arrayBuffers;
      await assert.rejects(gunzipMember(member), (error) => code === 'malformed' || hasCode(code)(error));
      assert.ok(process.memoryUsage().arrayBuffers - before < 100 * 2 ** 20);
    }
    await assert.rejects(
      gunzipMember(new Uint8Array(gzipSync('of another writer'))),
      hasCode('archive-damaged'),
    );
    await assert.rejects(gunzipMember(new Uint8Array(10)), hasCode('archive-damaged'));
  });

  it('tar tricks find nothing to hold on to', async () => {
    const header = await tarHeader({ name: 'tables/0001/table.json', size: 5, time: 7 });
    assert.deepEqual(await parseTarHeader(header), { name: 'tables/0001/table.json', size: 5, time: 7 });
    for (const name of [
      '../x',
      '/etc/passwd',
      'a/../b',
      'C:\\x',
      'a//b',
      '.ssh',
      'a b',
      '',
      'a/',
      `${'a/'.repeat(60)}x`,
    ]) {
      await assert.rejects(tarHeader({ name, size: 0, time: 0 }), RangeError, name);
    }
    const change = (edit: (block: Uint8Array) => void): Uint8Array => {
      const block = header.slice();
      edit(block);
      // With the checksum made right again, so that it is not what saves us.
      block.fill(32, 148, 156);
      const sum = block.reduce((total, byte) => total + byte, 0);
      block.set(utf8(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
      block.set(utf8(sum.toString(8).padStart(6, '0')), 148);
      block[154] = 0;
      block[155] = 0x20;
      return block;
    };
    assert.ok(await parseTarHeader(change(() => undefined)));
    const tricks: Readonly<Record<string, (block: Uint8Array) => void>> = {
      'a symbolic link': (block) => block.set(utf8('2'), 156),
      'a hard link': (block) => block.set(utf8('1/etc/passwd'), 156),
      'a directory': (block) => block.set(utf8('5'), 156),
      'a device': (block) => block.set(utf8('3'), 156),
      'an extended header': (block) => block.set(utf8('x'), 156),
      'a long name': (block) => block.set(utf8('L'), 156),
      'a prefix': (block) => block.set(utf8('../..'), 345),
      'a name after the end of the name': (block) => block.set(utf8('x'), 60),
      'a climbing name': (block) => block.set(utf8('../../../etc/cron.d\0\0\0'), 0),
      'a size in base 256': (block) => block.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5], 124),
      'a negative size': (block) => block.set(utf8('-0000000005\0'), 124),
      'an executable': (block) => block.set(utf8('0004755'), 100),
      'an owner': (block) => block.set(utf8('root'), 265),
    };
    for (const [what, edit] of Object.entries(tricks)) {
      await assert.rejects(parseTarHeader(change(edit)), hasCode('archive-damaged'), what);
    }
  });

  it('files in the wrong order, twice, missing or from elsewhere are refused', async () => {
    const parts = await collect(sampleParts());
    const other = makeLabel(sampleLabel);
    const tarOf = async (list: readonly Part[], of: Label = label): Promise<Uint8Array> =>
      collectBytes(writeTar(iterate(list), of, () => undefined));
    await assert.rejects(open(await sealed(await tarOf(parts), other)), hasCode('archive-damaged'));
    const original = await open(await sealed(tar));
    const blocks = tar.length / 512;
    // Every file of the tar taken out, doubled, and swapped with the next.
    const starts: number[] = [];
    for (let at = 0; at < blocks * 512; ) {
      const header = await parseTarHeader(tar.subarray(at, at + 512));
      if (header === null) break;
      starts.push(at);
      at += 512 + Math.ceil(header.size / 512) * 512;
    }
    const pieces = starts.map((start, i) => tar.subarray(start, starts[i + 1] ?? tar.length));
    for (let i = 0; i < pieces.length - 1; i++) {
      const without = pieces.filter((_, k) => k !== i);
      const doubled = [...pieces.slice(0, i + 1), ...pieces.slice(i)];
      const swapped = [...pieces.slice(0, i), pieces[i + 1]!, pieces[i]!, ...pieces.slice(i + 2)];
      for (const list of [without, doubled, swapped]) {
        const bytes = await sealed(Buffer.concat(list));
        await assert.rejects(open(bytes), hasCode('archive-damaged'));
        // Read at any place, what is not asked for is not looked at; what is given out is true all the same.
        await openArchive(rangesOfBytes(bytes), { identities: [identity] })
          .then((archive) => collect(archive.parts()))
          .then((given) => assert.deepEqual(given, original), hasCode('archive-damaged'));
      }
    }
  });

  it('F7: changed bytes inside the seal, as a forger could make them, never crash or hang a reader', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.nat(20),
        async (edits, cut) => {
          const hostile = tar.slice(0, cut < 3 ? tar.length - cut * 512 : tar.length);
          for (const [at, value] of edits) if (at < hostile.length) hostile[at] = value;
          const bytes = await sealed(hostile);
          const acceptable = hasCode('archive-damaged', 'archive-limit-exceeded', 'archive-unsupported');
          const isUnchanged = Buffer.compare(hostile, tar) === 0;
          const streamed = await open(bytes).then(() => true, acceptable);
          const ranged = await openArchive(rangesOfBytes(bytes), { identities: [identity] })
            .then((archive) => collect(archive.parts()))
            .then(() => true, acceptable);
          assert.ok(streamed && ranged);
          if (!isUnchanged) await assert.rejects(open(bytes));
        },
      ),
      fuzzing(60),
    );
  });

  it('nothing of a key or a password reaches an error', async () => {
    const archive = await collectBytes(
      encryptArchive(sampleParts(), { recipients: [recipient], label: sampleLabel }),
    );
    const stranger = await generateX25519Identity();
    const errors = await Promise.all([
      collect(decryptArchive(archive, { identities: [stranger] })).catch((error: unknown) => error),
      collect(decryptArchive(archive, { password: 'hunter22-secret' })).catch((error: unknown) => error),
      open(archive.slice(0, -1)).catch((error: unknown) => error),
    ]);
    for (const error of errors) {
      const { inspect } = await import('node:util');
      const shown = inspect(error, { depth: 10, showHidden: true });
      assert.ok(isBackupError(error));
      assert.doesNotMatch(shown, /SECRET-KEY|hunter22/);
      assert.ok(!shown.includes(identity.slice(20, 40)) && !shown.includes(stranger.slice(20, 40)));
    }
  });
});

async function* iterate<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}

async function* sampleBytes(): AsyncGenerator<Uint8Array> {
  yield utf8('content');
}

/** A scrypt stanza that claims other work than was done. */
function claimWork(stanzas: readonly Stanza[], logN: string): { wrapFileKey(): Stanza[] } {
  const [stanza] = stanzas;
  return { wrapFileKey: () => [new Stanza(['scrypt', stanza!.args[1]!, logN], stanza!.body)] };
}
