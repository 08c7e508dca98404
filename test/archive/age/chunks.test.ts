// Not a quick test: megabytes through the portable engine.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { before, describe, it } from 'node:test';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptAge, decryptAgeWith, takePayloadKey } from '../../../src/archive/age/decrypt.js';
import { encryptAge, encryptAgeWith } from '../../../src/archive/age/encrypt.js';
import { takeHeader, unlockHeader } from '../../../src/archive/age/header.js';
import { openPayloadRanges } from '../../../src/archive/age/random-access.js';
import { sealPayload } from '../../../src/archive/age/stream.js';
import { ByteReader } from '../../../src/archive/byte-reader.js';
import { inspectArchive } from '../../../src/archive/inspect-archive.js';
import { collectBytes, type RangeSource, rangesOfBytes } from '../../../src/bytes.js';
import type { Engine } from '../../../src/engine/engine.js';
import { engine as nodeEngine } from '../../../src/engine/node.js';
import { engine as portableEngine } from '../../../src/engine/portable.js';
import { isBackupError } from '../../../src/errors.js';
import { fc } from '../../support/properties.js';

const chunkBytes = 65536;
const sealedBytes = chunkBytes + 16;
const engines = [nodeEngine, portableEngine];
// Nothing, and both sides of every border: of a chunk, of as many as are opened together, of as many as are
// sealed together.
const sizes = [
  0,
  1,
  ...[1, 2, 4, 5, 16, 17, 32].flatMap((n) => [-1, 0, 1].map((more) => n * chunkBytes + more)),
];

const contentOf = (size: number): Uint8Array => {
  const content = new Uint8Array(size);
  // Other bytes in every chunk, so that one in the place of another shows.
  for (let i = 0; i < size; i++) content[i] = i * 31 + (i >> 16) * 7;
  return content;
};

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const isDamage = (error: unknown): boolean => isBackupError(error, 'archive-damaged');

describe('the chunks of an age file', () => {
  let identity: string;
  let recipients: string[];
  before(async () => {
    identity = await generateX25519Identity();
    recipients = [await identityToRecipient(identity)];
  });

  for (const engine of engines) {
    it(`are those of another implementation, at every border: ${engine.name} engine`, async () => {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      const encrypter = new Encrypter();
      encrypter.addRecipient(recipients[0]!);
      for (const size of sizes) {
        const content = contentOf(size);
        for (const step of [size || 1, 50_000, 4 * chunkBytes - 1]) {
          const ours = await collectBytes(encryptAgeWith(engine, pieces(content, step), { recipients }));
          const { headerBytes, contentBytes } = await inspectArchive(ours);
          assert.equal(ours.length, headerBytes + 16 + size + 16 * Math.max(1, Math.ceil(size / chunkBytes)));
          assert.equal(contentBytes, size);
          assert.deepEqual(Buffer.compare(await decrypter.decrypt(ours), content), 0, `${size} by ${step}`);
        }
        const theirs = await encrypter.encrypt(content);
        for (const step of [theirs.length, 60_000]) {
          const opened = decryptAgeWith(engine, pieces(theirs, step), { identities: [identity] });
          assert.equal(Buffer.compare(await collectBytes(opened), content), 0, `${size} by ${step}`);
        }
      }
    });

    it(`F7: are given out as far as they are good, and the file refused after them: ${engine.name} engine`, async () => {
      const chunks = 6;
      const content = contentOf((chunks - 1) * chunkBytes + 5);
      const file = await collectBytes(encryptAge(content, { recipients }));
      const start = (await inspectArchive(file)).headerBytes + 16;
      const chunk = (i: number): Uint8Array =>
        file.subarray(start + i * sealedBytes, start + (i + 1) * sealedBytes);
      const head = file.subarray(0, start);
      const all = Array.from({ length: chunks }, (_, i) => chunk(i));
      const flipped = (i: number): Uint8Array => {
        const bad = chunk(i).slice();
        bad[bad.length - 1]! ^= 1;
        return bad;
      };
      /** What is given out, and which chunk is named. */
      const outcome = async (
        list: readonly Uint8Array[],
        step: number,
      ): Promise<readonly [number, unknown]> => {
        const hostile = new Uint8Array(Buffer.concat([head, ...list]));
        let given = 0;
        try {
          for await (const piece of decryptAgeWith(engine, pieces(hostile, step), {
            identities: [identity],
          })) {
            assert.equal(Buffer.compare(piece, content.subarray(given, given + piece.length)), 0);
            assert.ok(piece.length > 0);
            given += piece.length;
          }
        } catch (error) {
          assert.ok(isBackupError(error, 'archive-damaged'), String(error));
          const chunk = Number(error.details['chunk']);
          assert.ok(error.message.includes(` near byte ${chunk * chunkBytes} of `), error.message);
          return [given, chunk];
        }
        return [given, null];
      };
      for (const step of [10_000_000, 30_000]) {
        assert.deepEqual(await outcome(all, step), [content.length, null]);
        for (let i = 0; i < chunks; i++) {
          const cases: Readonly<Record<string, readonly [readonly Uint8Array[], number]>> = {
            'a changed byte': [[...all.slice(0, i), flipped(i), ...all.slice(i + 1)], i],
            'a chunk left out': [[...all.slice(0, i), ...all.slice(i + 1)], i],
            // The last one is short: with itself behind it, it is one chunk that is wrong.
            'a chunk twice': [[...all.slice(0, i + 1), ...all.slice(i)], i === chunks - 1 ? i : i + 1],
            'a cut between two': [all.slice(0, i), i],
            'a cut within one': [[...all.slice(0, i), chunk(i).subarray(0, chunk(i).length - 1)], i],
            'a cut within a tag': [[...all.slice(0, i), chunk(i).subarray(0, 15)], i],
          };
          for (const [what, [list, good]] of Object.entries(cases)) {
            const expected = [Math.min(content.length, good * chunkBytes), good];
            assert.deepEqual(await outcome(list, step), expected, `${what}, ${i}`);
          }
        }
        assert.deepEqual(await outcome([...all, Uint8Array.of(0)], step), [
          (chunks - 1) * chunkBytes,
          chunks - 1,
        ]);
      }
    });
  }

  it('F7: are all given out where something stands behind the last one, and the file refused', async () => {
    for (const chunks of [1, 4, 5, 6]) {
      const content = contentOf(chunks * chunkBytes);
      const file = await collectBytes(encryptAge(content, { recipients }));
      for (const more of [1, 16, 20, sealedBytes, sealedBytes + 1, 4 * sealedBytes + 1]) {
        const longer = new Uint8Array(Buffer.concat([file, file.subarray(file.length - sealedBytes), file]));
        const hostile = longer.subarray(0, file.length + more);
        let given = 0;
        await assert.rejects(
          async () => {
            for await (const piece of decryptAge(hostile, { identities: [identity] })) given += piece.length;
          },
          (error) => isDamage(error) && isBackupError(error) && error.details['chunk'] === chunks,
        );
        assert.equal(given, content.length, `${more} bytes behind ${chunks} chunks`);
      }
    }
  });

  it('leave no plaintext behind, whether the file is written to its end or left', async () => {
    const seen: Uint8Array[] = [];
    const watching: Engine = {
      ...nodeEngine,
      seal(key, nonce, data, into) {
        seen.push(data);
        nodeEngine.seal(key, nonce, data, into);
      },
    };
    const key = new Uint8Array(32);
    // Pieces that are no whole chunks have to be put together first.
    const source = pieces(contentOf(20 * chunkBytes), 60_000);
    for await (const _batch of sealPayload(Readable.from(source), key, watching)) break;
    await collectBytes(sealPayload(Readable.from([contentOf(100)]), key, watching));
    assert.ok(seen.length > 8, `${seen.length} chunks`);
    assert.ok(seen.every((data) => data.every((byte) => byte === 0)));
  });

  it('are none of an empty file', async () => {
    const file = await collectBytes(encryptAge(contentOf(0), { recipients }));
    for await (const _ of decryptAge(file, { identities: [identity] })) assert.fail('a piece was given out');
  });

  it('leave no room for a file that ends right after its header, or whose last chunk is empty', async () => {
    const file = await collectBytes(encryptAge(contentOf(chunkBytes), { recipients }));
    const { headerBytes } = await inspectArchive(file);
    for (const left of [0, 1, 15, 16, 31]) {
      const cut = file.subarray(0, headerBytes + left);
      await assert.rejects(collectBytes(decryptAge(cut, { identities: [identity] })), isDamage);
      await assert.rejects(inspectArchive(cut), isDamage, String(left));
    }
    // A whole chunk, and a tag behind it.
    const empty = new Uint8Array(Buffer.concat([file, new Uint8Array(16)]));
    await assert.rejects(inspectArchive(empty), isDamage);
    await assert.rejects(collectBytes(decryptAge(empty, { identities: [identity] })), isDamage);
  });

  it('are found without the ones before them, whatever range is asked for', async () => {
    for (const size of [0, 1, chunkBytes, chunkBytes + 1, 3 * chunkBytes, 3 * chunkBytes + 100]) {
      const content = contentOf(size);
      const { ranges } = await openRanges(content);
      assert.equal(ranges.size, size);
      await fc.assert(
        fc.asyncProperty(fc.nat(size), fc.nat(size), async (a, b) => {
          const [from, to] = [Math.min(a, b), Math.max(a, b)];
          const bytes = await ranges.read(from, to - from);
          assert.equal(Buffer.compare(bytes, content.subarray(from, to)), 0, `${from} to ${to} of ${size}`);
        }),
        { numRuns: 30, seed: 1 },
      );
      for (const [offset, length] of [
        [-1, 1],
        [0, -1],
        [0, size + 1],
        [size, 1],
        [Number.NaN, 0],
      ] as const) {
        await assert.rejects(ranges.read(offset, length), {
          name: 'RangeError',
          message: /outside of the archive/,
        });
      }
      assert.equal((await ranges.read(size, 0)).length, 0);
      const signal = AbortSignal.abort(new Error('enough'));
      await assert.rejects(ranges.read(0, 0, { signal }), /enough/);
    }
  });

  it('are fetched only when wanted, and the one that two neighbours share is fetched once', async () => {
    const { ranges, fetched } = await openRanges(contentOf(4 * chunkBytes));
    await ranges.read(chunkBytes + 10, 20);
    await ranges.read(chunkBytes + 30, 20);
    assert.deepEqual(fetched, [[1, sealedBytes]]);
    await ranges.read(chunkBytes + 50, chunkBytes);
    assert.deepEqual(fetched.slice(1), [[2, sealedBytes]]);
    await ranges.read(0, 4 * chunkBytes);
    assert.deepEqual(fetched.slice(2), [[0, 4 * sealedBytes]]);
  });

  it('F7: are refused at any place where another stands, or the end is not the end', async () => {
    const content = contentOf(3 * chunkBytes);
    const { file, start } = await openRanges(content);
    const swapped = file.slice();
    swapped.copyWithin(start, start + sealedBytes, start + 2 * sealedBytes);
    const ranges = (await openRanges(content, swapped)).ranges;
    await assert.rejects(ranges.read(10, 10), isDamage);
    assert.deepEqual(await ranges.read(chunkBytes, 10), content.subarray(chunkBytes, chunkBytes + 10));
    // Cut between two chunks: each that is left is good, and the last is not the last.
    const cut = (await openRanges(content, file.subarray(0, start + 2 * sealedBytes))).ranges;
    assert.equal(cut.size, 2 * chunkBytes);
    assert.deepEqual(await cut.read(0, 10), content.subarray(0, 10));
    await assert.rejects(cut.read(2 * chunkBytes - 1, 1), isDamage);
  });

  /** The content of a file as ranges, and which were fetched of it: chunk and length. */
  async function openRanges(content: Uint8Array, changed?: Uint8Array) {
    const file =
      changed ?? files.get(content.length) ?? (await collectBytes(encryptAge(content, { recipients })));
    if (changed === undefined) files.set(content.length, file);
    const reader = new ByteReader(file);
    const header = await takeHeader(reader);
    const key = await takePayloadKey(reader, await unlockHeader(header, [identity]));
    const start = reader.taken;
    const fetched: [chunk: number, length: number][] = [];
    const watched: RangeSource = {
      size: file.length,
      read(offset, length, options) {
        fetched.push([(offset - start) / sealedBytes, length]);
        return rangesOfBytes(file).read(offset, length, options);
      },
    };
    return { file, start, fetched, ranges: openPayloadRanges(watched, start, key, nodeEngine) };
  }
  const files = new Map<number, Uint8Array>();
});
