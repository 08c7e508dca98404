// Not a quick test: archives of very many parts.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { surveyArchive } from '../../src/archive/salvage/survey.js';
import { rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { sampleParts } from '../archive/support/parts.js';
import { type Sealed, sealParts } from '../recovery/seal.js';

/** Of the processor, so that a busy machine changes nothing of what is said. */
async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const from = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
}

describe('F7: an archive of a few megabytes in very many parts', () => {
  let sealed: Sealed;
  let bytes: Uint8Array;

  before(async () => {
    sealed = await sealParts(sampleParts({ tables: 1, partsPerTable: 1500, rowsPerPart: 1 }), 'opendental');
    // Damaged in its middle, so that whoever reads it looks at every part that is left.
    bytes = sealed.bytes.slice();
    bytes[bytes.length >> 1]! ^= 1;
  });

  it('is surveyed and verified in time that grows with its size, and no faster', async () => {
    const surveyed = await secondsOf(async () => {
      const survey = await surveyArchive(rangesOfBytes(bytes), sealed);
      assert.ok(survey.tables[0]!.parts.length > 1000);
    });
    assert.ok(surveyed < 2, `${surveyed} s`);
    const verified = await secondsOf(() =>
      assert.rejects(verifyArchive(rangesOfBytes(bytes), sealed), (error) =>
        isBackupError(error, 'archive-damaged'),
      ),
    );
    assert.ok(verified < 3, `${verified} s`);
  });

  it('is surveyed so without its manifest as well', async () => {
    const cut = bytes.slice(0, bytes.length - 200_000);
    const seconds = await secondsOf(() => surveyArchive(rangesOfBytes(cut), sealed));
    assert.ok(seconds < 2, `${seconds} s`);
  });
});
