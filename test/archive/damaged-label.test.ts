import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { type ArchiveReader, openArchive } from '../../src/archive/open-archive.js';
import { surveyArchive } from '../../src/archive/salvage/survey.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { collect, sampleLabel, sampleParts } from './support/parts.js';

/** The lines of a header, each with where it begins. */
function linesOf(bytes: Uint8Array, headerBytes: number): readonly { text: string; at: number }[] {
  let at = 0;
  return Buffer.from(bytes.subarray(0, headerBytes))
    .toString('latin1')
    .split('\n')
    .map((text) => {
      const line = { text, at };
      at += text.length + 1;
      return line;
    });
}

for (const [kind, makeIdentity] of [
  ['X25519', generateX25519Identity],
  ['ML-KEM-768', generateHybridIdentity],
] as const) {
  describe(`F7: a label that is damaged, of an archive sealed to ${kind}`, () => {
    let identity: string;
    let archive: Uint8Array;
    let label: readonly { text: string; at: number }[];
    let rows: number;

    before(async () => {
      identity = await makeIdentity();
      const recipients = [await identityToRecipient(identity)];
      archive = await collectBytes(encryptArchive(sampleParts(), { recipients, label: sampleLabel }));
      const lines = linesOf(archive, (await inspectArchive(archive)).headerBytes);
      const from = lines.findIndex(({ text }) => text.startsWith('-> supplemental-backup/label'));
      // With the line that ends the header: a MAC that is lost proves no label either.
      label = lines.slice(from, -1);
      assert.ok(label.length > 3);
      rows = (await verifyArchive(archive, { identities: [identity] })).rows;
    });

    const flipped = (at: number, bits = 1): Uint8Array => {
      const bytes = archive.slice();
      bytes[at]! ^= bits;
      return bytes;
    };

    /**
     * A place in every line of the label, and how it is changed: to another letter, to no letter, its end
     * lost.
     */
    const damages = function* (): Generator<Uint8Array> {
      for (const { text, at } of label) {
        yield flipped(at + 4 + Math.floor((text.length - 4) / 2));
        yield flipped(at + 4, 0x80);
        if (!text.startsWith('---')) yield flipped(at + text.length);
      }
    };

    const open = (bytes: Uint8Array, withoutLabel: boolean): Promise<ArchiveReader> =>
      openArchive(rangesOfBytes(bytes), { identities: [identity], withoutLabel });

    it('is never believed, and the archive opens without it where that is asked for', async () => {
      for (const bytes of damages()) {
        await assert.rejects(
          open(bytes, false),
          (error) => isBackupError(error, 'archive-damaged') && error.details['isLabelDamaged'] === true,
        );
        const reader = await open(bytes, true);
        assert.equal(reader.label, null);
        assert.equal(reader.isLabelDamaged, true);
        reader.close();
        const keys = { identities: [identity], withoutLabel: true };
        const streamed = decryptArchive(bytes, keys);
        assert.equal(await streamed.isLabelDamaged, true);
        assert.equal(await streamed.label, null);
      }
    });

    it('leaves everything that is sealed as proven as ever', async () => {
      const bytes = flipped(label[1]!.at + 5);
      const keys = { identities: [identity], withoutLabel: true };
      const verification = await verifyArchive(bytes, keys);
      assert.equal(verification.isLabelDamaged, true);
      assert.equal(verification.rows, rows);
      const parts = await collect(decryptArchive(bytes, keys));
      assert.deepEqual(parts, await collect(decryptArchive(archive, keys)));
      assert.equal((await open(archive, true)).isLabelDamaged, false);
      const broken = bytes.slice();
      broken[broken.length - 600]! ^= 1;
      await assert.rejects(verifyArchive(broken, keys), (error) => isBackupError(error, 'archive-damaged'));
    });

    it('is a loss that salvage tells, beside which nothing is lost', async () => {
      const survey = await surveyArchive(rangesOfBytes(flipped(label[1]!.at + 5)), {
        identities: [identity],
      });
      assert.equal(survey.isLabelDamaged, true);
      assert.equal(survey.whole, false);
      assert.ok(survey.tables.every(({ whole }) => whole));
    });

    it('opens for no other key', async () => {
      const identities = [await makeIdentity()];
      const bytes = flipped(label[1]!.at + 5);
      await assert.rejects(
        openArchive(rangesOfBytes(bytes), { identities, withoutLabel: true }),
        (error) => isBackupError(error) && error.details['isLabelDamaged'] === undefined,
      );
    });
  });
}
