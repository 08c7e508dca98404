import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { surveyArchive } from '../../src/archive/salvage/survey.js';
import { rangesOfBytes } from '../../src/bytes.js';
import { type BackupError, isBackupError } from '../../src/errors.js';
import type { Part, RowsPart } from '../../src/model/parts.js';
import { salvagedParts } from '../../src/recovery/salvage-archive.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { damage, damages, type MadeArchive, makeArchive, randomNumbers } from './damage.js';

// The soak turns every kind this many times; the suite a few.
const times = Number(process.env['SUPPLEMENTAL_BACKUP_DAMAGES'] ?? 3);

describe('an archive that was damaged', () => {
  let made: MadeArchive;

  before(async () => {
    made = await makeArchive(6, 8, 60_000);
  });

  it('F19: is proven whole when it is', async () => {
    const verification = await verifyArchive(rangesOfBytes(made.bytes), made);
    assert.equal(verification.tables, 6);
    assert.equal(
      verification.rows,
      made.rows.reduce((sum, part) => sum + part.rows, 0),
    );
    const survey = await surveyArchive(rangesOfBytes(made.bytes), made);
    assert.equal(survey.whole, true);
  });

  for (const kind of damages) {
    it(`F7: ${kind}: is refused, and salvage gives every whole part and tells every lost row`, async () => {
      const random = randomNumbers(damages.indexOf(kind) + 1);
      for (let i = 0; i < times; i++) {
        const bytes = damage(made.bytes, made.headerBytes, kind, random);
        const error = await verifyArchive(rangesOfBytes(bytes), made).then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        assert.ok(isBackupError(error, 'archive-damaged'), `${kind} ${i} was not refused`);
        await checkSalvage(made, bytes, error, `${kind} ${i}`);
      }
    });
  }

  it('F7: nothing of another archive for the same key is taken for its own', async () => {
    const other = await makeArchive(6, 8, 60_000);
    const from = made.headerBytes + 2 * 65_552;
    const spliced = Buffer.from(made.bytes);
    Buffer.from(other.bytes).copy(
      spliced,
      from,
      other.headerBytes + 2 * 65_552,
      other.headerBytes + 4 * 65_552,
    );
    const error = await verifyArchive(rangesOfBytes(spliced), made).catch((thrown: unknown) => thrown);
    assert.ok(isBackupError(error, 'archive-damaged'));
    await checkSalvage(made, spliced, error, 'splice');
  });

  it('F8: a wrong key is told apart from damage', async () => {
    const other = await makeArchive(1, 1, 100);
    await assert.rejects(verifyArchive(rangesOfBytes(made.bytes), other), (error) =>
      isBackupError(error, 'wrong-key'),
    );
  });
});

async function checkSalvage(
  made: MadeArchive,
  bytes: Uint8Array,
  error: BackupError,
  what: string,
): Promise<void> {
  const survey = await surveyArchive(rangesOfBytes(bytes), made);
  const parts: Part[] = [];
  for await (const part of salvagedParts(survey)) parts.push(part);
  const found = parts.filter((part): part is RowsPart => part.kind === 'rows');
  const key = (part: RowsPart): string => `${part.table} ${part.sequence} ${part.rows} ${part.sha256}`;
  const original = new Set(made.rows.map(key));
  for (const part of found) {
    assert.ok(original.has(key(part)), `${what}: a part came back that was never there`);
    const source = made.rows.find((each) => key(each) === key(part))!;
    assert.deepEqual(Buffer.from(part.data), Buffer.from(source.data));
  }
  // What was not found must be told, to the row where the manifest is there.
  const foundKeys = new Set(found.map(key));
  for (const missing of made.rows.filter((part) => !foundKeys.has(key(part)))) {
    const table = survey.tables.find((each) => each.index === missing.table);
    if (table === undefined) {
      assert.equal(survey.manifest, null, `${what}: a table is missing without a word`);
      continue;
    }
    if (table.description === null) continue;
    const told = table.lost.some(
      ({ firstPart, lastPart }) =>
        firstPart <= missing.sequence && (lastPart === null || lastPart >= missing.sequence),
    );
    assert.ok(told, `${what}: part ${missing.sequence} of table ${missing.table} is missing without a word`);
  }
  if (survey.manifest !== null) {
    for (const table of survey.tables) {
      if (table.description === null) continue;
      const lost = table.lost.reduce((sum, { fromRow, toRow }) => sum + toRow! - fromRow! + 1, 0);
      assert.equal(table.rows + lost, table.expectedRows, `${what}: table ${table.index}`);
    }
  }
  const { wholeTables, damagedTables } = error.details;
  if (Array.isArray(wholeTables) && Array.isArray(damagedTables)) {
    assert.deepEqual(
      wholeTables,
      survey.tables.filter((table) => table.whole).map((table) => table.name),
    );
  }
}
