import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { filterParts } from '../../src/archive/filter-parts.js';
import { lossesOf } from '../../src/archive/salvage/losses.js';
import { surveyArchive } from '../../src/archive/salvage/survey.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { promise } from '../../src/catalog/need.js';
import { isBackupError } from '../../src/errors.js';
import type { Part, PromisedTable, TableSummary } from '../../src/model/parts.js';
import { verifyArchive } from '../../src/recovery/verify/verify-archive.js';
import { collect, sampleLabel, sampleParts } from '../archive/support/parts.js';

// What an archive holds from its front on, and what stood behind the place where it is cut.
const front = ['provider', 'claim', 'phone'];
const behind = ['patient', 'appointment', 'signalod'];

const nameOf = (index: number): string => [...front, ...behind][index - 1]!;
const tasks = [...front, ...behind].map((name, i) => ({
  index: i + 1,
  selected: { name, tier: 'unclassified' as const },
}));

/** The sample, with the tables of an office. */
async function* officeParts(): AsyncGenerator<Part> {
  const noisy = { tables: 6, partsPerTable: 2, rowsPerPart: 400, noise: 200 };
  for await (const part of sampleParts(noisy)) {
    if (part.kind === 'database') {
      yield { ...part, database: { ...part.database, ...promise(tasks) } };
    } else if (part.kind === 'table')
      yield { ...part, table: { ...part.table, name: nameOf(part.table.index) } };
    else if (part.kind === 'summary') {
      const tables = part.summary.tables.map(
        (table): TableSummary => ({ ...table, name: nameOf(table.index) }),
      );
      yield { ...part, summary: { ...part.summary, tables } };
    } else yield part;
  }
}

describe('an archive that is cut off', () => {
  let bytes: Uint8Array;
  let keys: { readonly identities: readonly string[] };
  let cut: Uint8Array;

  before(async () => {
    const identity = await generateX25519Identity();
    keys = { identities: [identity] };
    const recipients = [await identityToRecipient(identity)];
    bytes = await collectBytes(encryptArchive(officeParts(), { recipients, label: sampleLabel }));
    cut = bytes.subarray(0, Math.floor(bytes.length * 0.5));
  });

  it('F7: says which tables are absent, the most needed first', async () => {
    const survey = await surveyArchive(rangesOfBytes(cut), keys);
    assert.equal(survey.endsEarly, true);
    assert.deepEqual(survey.absent, [
      { name: 'patient', tier: 'critical' },
      { name: 'appointment', tier: 'critical' },
      { name: 'signalod', tier: 'transient' },
    ]);
  });

  it('F7: begins with the loss, in one sentence', async () => {
    const { headline, sentences } = lossesOf(await surveyArchive(rangesOfBytes(cut), keys))!;
    assert.match(
      headline,
      /^The file ends early; 3 tables are absent, patient and appointment among them; 3 tables may have lost rows\.$/,
    );
    assert.equal(sentences[0], headline);
    assert.ok(sentences.length < 6, 'not a line for every table that came back');
  });

  it('F7: is refused by verify with the same sentence and with the names', async () => {
    const error = await verifyArchive(rangesOfBytes(cut), keys).catch((thrown: unknown) => thrown);
    assert.ok(isBackupError(error, 'archive-damaged'));
    assert.match(error.message, /^The file ends early; 3 tables are absent, patient/);
    assert.deepEqual(error.details['absentTables'], behind);
    assert.deepEqual(error.details['damagedTables'], front);
    assert.deepEqual(error.details['wholeTables'], []);
  });

  it('loses nothing when it is whole, and says so', async () => {
    const survey = await surveyArchive(rangesOfBytes(bytes), keys);
    assert.deepEqual([survey.whole, survey.absent, lossesOf(survey)], [true, [], null]);
  });

  it('promises no table that a smaller copy leaves out', async () => {
    const filter = { tables: [{ name: 'patient' }], scope: 'critical', leftOut: [] } as const;
    const [first] = await collect(filterParts(officeParts(), filter));
    assert.ok(first?.kind === 'database');
    assert.deepEqual(first.database.tables, [{ index: 4, name: 'patient', tier: 'critical' }]);
  });

  it('F14: names no more tables at its front than a reader takes, and counts the others', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => ({
      index: i + 1,
      selected: { name: `${'€'.repeat(58)}${i}`, tier: 'unclassified' as const },
    }));
    const { tables, unlistedTables = 0 } = promise([
      ...many,
      { index: 20_001, selected: { name: 'Patient', tier: 'unclassified' } },
    ]);
    assert.equal(tables.length + unlistedTables, 20_001);
    assert.deepEqual(tables[0], { index: 20_001, name: 'Patient', tier: 'critical' } satisfies PromisedTable);
    assert.ok(Buffer.byteLength(JSON.stringify(tables, null, 1)) < 900 * 1024);
  });
});
