import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { identityToRecipient } from 'age-encryption';
import { decryptAge, takePayloadKey } from '../../src/archive/age/decrypt.js';
import { encryptAge } from '../../src/archive/age/encrypt.js';
import { ByteReader } from '../../src/archive/byte-reader.js';
import { decryptArchive, unlockArchive } from '../../src/archive/decrypt-archive.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { chunksOfRanges } from '../../src/archive/range-reader.js';
import { ChunkMap } from '../../src/archive/salvage/chunk-map.js';
import { findByHeaders } from '../../src/archive/salvage/find-files.js';
import { lossesOf } from '../../src/archive/salvage/losses.js';
import { surveyArchive } from '../../src/archive/salvage/survey.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { ManifestEntry } from '../../src/model/parts.js';
import { salvageArchive } from '../../src/recovery/salvage-archive.js';
import { olderForm } from '../archive/support/older-form.js';
import { collect } from '../archive/support/parts.js';
import { type MadeArchive, makeArchive } from './damage.js';

const plainBytes = 65_536;
const sealedBytes = 65_552;

interface Sealed {
  readonly bytes: Uint8Array;
  readonly payloadAt: number;
  readonly identities: readonly string[];
  /** What a restore takes. */
  readonly entries: readonly ManifestEntry[];
}

async function sealedOf(bytes: Uint8Array, identities: readonly string[]): Promise<Sealed> {
  const { manifest } = await openArchive(rangesOfBytes(bytes), { identities });
  const reader = new ByteReader(chunksOfRanges(rangesOfBytes(bytes)));
  const { fileKey } = await unlockArchive(reader, { identities });
  await takePayloadKey(reader, fileKey);
  const entries = manifest.entries.filter(({ name }) => /\.json$|\.gz$/.test(name));
  return { bytes, payloadAt: reader.taken, identities, entries };
}

/** The archive without one chunk. */
function without({ bytes, payloadAt }: Sealed, chunk: number): Uint8Array {
  const damaged = bytes.slice();
  damaged.fill(0, payloadAt + chunk * sealedBytes, payloadAt + (chunk + 1) * sealedBytes);
  return damaged;
}

async function find({ identities }: Sealed, bytes: Uint8Array, unproven: boolean) {
  const source = rangesOfBytes(bytes);
  const reader = new ByteReader(chunksOfRanges(source));
  const { fileKey } = await unlockArchive(reader, { identities });
  const key = await takePayloadKey(reader, fileKey);
  const { files, unproven: others } = await findByHeaders(
    await ChunkMap.make(source, reader.taken, key),
    unproven,
  );
  return { found: files.map(({ sha256 }) => sha256), others };
}

const names = (entries: readonly ManifestEntry[]): readonly string[] => entries.map(({ name }) => name);
const digests = (entries: readonly ManifestEntry[]): readonly string[] => entries.map(({ sha256 }) => sha256);

describe('an archive of which a piece is lost, read without its manifest', () => {
  let made: MadeArchive;
  let tied: Sealed;
  let older: Sealed;

  before(async () => {
    made = await makeArchive(20, 4, 60_000);
    tied = await sealedOf(made.bytes, made.identities);
    const tar = await collectBytes(decryptAge(made.bytes, made));
    const recipients = await Promise.all(made.identities.map(identityToRecipient));
    const again = await collectBytes(encryptAge(await olderForm(tar), { recipients }));
    older = await sealedOf(again, made.identities);
  });

  /**
   * For every chunk that may be lost: the files whose header is there, those that are whole, the first lost
   * header.
   */
  function* losses({ bytes, payloadAt, entries }: Sealed) {
    const chunks = Math.floor((bytes.length - payloadAt) / sealedBytes);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const from = chunk * plainBytes;
      const isThere = (at: number, length: number): boolean => at >= from + plainBytes || at + length <= from;
      const headed = entries.filter(({ offset }) => isThere(offset - 512, 512));
      const whole = headed.filter(({ offset, size }) => isThere(offset - 512, 512 + size));
      const broken = chunk === 0 ? 0 : (entries.find((entry) => !headed.includes(entry))?.offset ?? Infinity);
      yield { chunk, headed, whole, broken };
    }
  }

  it('F7: gives back every file that is whole, wherever a header was lost, while its front is there', async () => {
    for (const { chunk, headed, whole } of losses(tied)) {
      const { found, others } = await find(tied, without(tied, chunk), false);
      assert.deepEqual(found, chunk > 0 ? digests(whole) : [], `chunk ${chunk}`);
      assert.deepEqual(others.names, chunk > 0 ? [] : names(headed));
      assert.equal(others.fate, chunk > 0 ? 'foreign' : 'left-out');
    }
  });

  it('F7: of a version before 1.2 believes what its headers lead to, and tells the others by name', async () => {
    let broken = 0;
    for (const loss of losses(older)) {
      const { found, others } = await find(older, without(older, loss.chunk), false);
      const isProven = ({ offset }: ManifestEntry): boolean => offset < loss.broken;
      assert.deepEqual(found, digests(loss.whole.filter(isProven)), `chunk ${loss.chunk}`);
      const rest = loss.headed.filter((entry) => !isProven(entry));
      assert.deepEqual(others, { count: rest.length, names: names(rest), fate: 'left-out' });
      if (rest.length > 0) broken += 1;
    }
    assert.ok(broken > 2);
  });

  it('gives back what is not proven when it is asked for', async () => {
    for (const of of [tied, older]) {
      for (const { chunk, whole } of losses(of)) {
        const { found, others } = await find(of, without(of, chunk), true);
        assert.deepEqual(found, digests(whole), `chunk ${chunk}`);
        assert.ok(others.count === 0 || others.fate === 'restored');
      }
    }
  });

  it('says by name what it leaves out, also when nothing else is left', async () => {
    const { bytes, identities } = older;
    const tar = await collectBytes(decryptAge(bytes, { identities }));
    const { offset, size } = older.entries.at(-1)!;
    const end = offset + Math.ceil(size / 512) * 512;
    tar.fill(0, end);
    const recipients = await Promise.all(identities.map(identityToRecipient));
    const sealed = await collectBytes(encryptAge(tar.subarray(0, end + 1024), { recipients }));
    const damaged = rangesOfBytes(without({ ...older, bytes: sealed }, 0));
    const said =
      /\d+ files behind the damage are not proven to be of this archive and were left out: tables\/\d{4}\/\S+, /;
    const survey = await surveyArchive(damaged, older);
    assert.match(lossesOf(survey)!.sentences.join('\n'), said);
    const asked = await surveyArchive(damaged, { ...older, unproven: true });
    assert.match(
      lossesOf(asked)!.sentences.join('\n'),
      /not proven to be of this archive and were taken: tables/,
    );
    assert.ok(asked.tables.some(({ description }) => description !== null));
    assert.ok(survey.tables.every(({ description, parts }) => description === null && parts.length === 0));
    const target = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'nothing' };
    await assert.rejects(salvageArchive(damaged, target, older), (error) => {
      assert.ok(isBackupError(error, 'archive-damaged'));
      assert.match(error.message, said);
      assert.deepEqual(error.details['unprovenFiles'], survey.unproven.names);
      return true;
    });
  });

  it('of a version before 1.2 is read like any other while it is whole', async () => {
    const parts = await collect(decryptArchive(older.bytes, older));
    assert.equal(parts.filter(({ kind }) => kind === 'rows').length, made.rows.length);
  });
});
