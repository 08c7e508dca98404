import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openDentalPolicy } from '../../src/catalog/open-dental/index.js';
import { planBackup, renderPlan } from '../../src/catalog/plan-backup.js';
import { selectAllTables } from '../../src/catalog/select-all-tables.js';
import { selectCriticalTables } from '../../src/catalog/select-critical-tables.js';
import { catalogOf, column } from './catalog-of.js';

const catalog = catalogOf([
  { name: 'newtable', rowsEstimate: 1, dataBytes: 100_000 },
  { name: 'patient', rowsEstimate: 5000, dataBytes: 2_000_000 },
  { name: 'securitylog', rowsEstimate: 9000, dataBytes: 1_000_000, columns: [column('LogDateTime')] },
  { name: 'signalod', rowsEstimate: 800, dataBytes: 500_000 },
  { name: 'tempconv_fee', rowsEstimate: 70, dataBytes: 400_000 },
]);

describe('planning a backup', () => {
  const plan = planBackup(
    catalog,
    selectCriticalTables(catalog, { ...openDentalPolicy, logsSince: '2024-01-01' }),
  );

  it('says of every table how much of it is kept, and why not all', () => {
    assert.deepEqual(
      plan.tables.map(({ name, tier, keeps, reason }) => [name, tier, keeps, reason !== undefined]),
      [
        ['newtable', 'unclassified', 'all-rows', false],
        ['patient', 'critical', 'all-rows', false],
        ['securitylog', 'important', 'some-rows', true],
        ['signalod', 'transient', 'definition', true],
        ['tempconv_fee', undefined, 'nothing', true],
      ],
    );
  });

  it('adds up tables, rows, bytes and the share kept', () => {
    assert.deepEqual(plan.total, { tables: 5, rows: 14_871, dataBytes: 4_000_000 });
    assert.deepEqual(plan.kept, { tables: 3, rows: 14_001, dataBytes: 3_100_000 });
    assert.equal(plan.share, 0.775);
  });

  it('reads as text', () => {
    assert.equal(
      renderPlan(plan),
      `Plan for practice: the critical tables
  Tables  3 of 5
  Rows    about 14,001 of 14,871
  Data    about 3.1 MB of 4.0 MB (77.5 %)

Only some rows (1)
  securitylog       1.0 MB  Entries older than 2024-01-01 are left out. The audit trail the law asks for.

Kept empty (1)
  signalod       500 kB  Signals between workstations; the program itself deletes them after two days.

Left out (1)
  tempconv_fee       400 kB  Left behind by the conversion of an upgrade.

Please note
  The table newtable is not known to the policy, so it is kept. The policy needs a rule for it.
`,
    );
  });

  it('survives a trip through JSON', () => assert.deepEqual(JSON.parse(JSON.stringify(plan)), plan));

  it('a full copy keeps everything, and so does a copy of nothing', () => {
    const full = planBackup(catalog, selectAllTables(catalog));
    assert.equal(full.share, 1);
    assert.match(renderPlan(full), /a full copy\n {2}Tables {2}5 of 5\n/);
    assert.equal(planBackup(catalogOf([]), selectAllTables(catalogOf([]))).share, 1);
  });

  it('shows the largest of what is left out first, in columns, and says nothing of what is not there', () => {
    const two = catalogOf([
      { name: 'signalod', dataBytes: 500_000 },
      { name: 'eservicesignal', dataBytes: 900_000 },
    ]);
    const text = renderPlan(planBackup(two, selectCriticalTables(two)));
    const [first, second] = text.split('\n').filter((line) => line.includes('signal'));
    assert.match(first!, /^ {2}eservicesignal +900 kB/);
    assert.match(second!, /^ {2}signalod +500 kB/);
    assert.equal(first!.indexOf('MB'), second!.indexOf('MB'));
    assert.doesNotMatch(text, /Left out|Only some rows|Please note/);
  });

  it('a table whose rows live elsewhere is kept as a definition', () => {
    const merge = catalogOf([{ name: 'all_years', rowsElsewhere: 'MERGE' }]);
    assert.equal(planBackup(merge, selectAllTables(merge)).tables[0]?.keeps, 'definition');
  });
});
