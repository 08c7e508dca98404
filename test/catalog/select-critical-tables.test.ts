import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitsGlob } from '../../src/catalog/globs.js';
import { openDentalPolicy } from '../../src/catalog/open-dental/index.js';
import { selectCriticalTables } from '../../src/catalog/select-critical-tables.js';
import { processorTime } from '../support/processor.js';
import { fc } from '../support/properties.js';
import { catalogOf, column } from './catalog-of.js';

function kept(selection: ReturnType<typeof selectCriticalTables>): string[] {
  return selection.tables
    .filter(({ definitionOnly }) => definitionOnly === undefined)
    .map(({ name }) => name);
}

function leftOut(selection: ReturnType<typeof selectCriticalTables>): string[] {
  return selection.leftOut.map(({ name }) => name);
}

describe('choosing the critical tables', () => {
  it('keeps what the practice lives on, and says why the rest stays behind', () => {
    const selection = selectCriticalTables(
      catalogOf([{ name: 'icd10' }, { name: 'patient' }, { name: 'signalod' }, { name: 'wikipage' }]),
    );
    assert.equal(selection.scope, 'critical');
    assert.deepEqual(kept(selection), ['patient', 'wikipage']);
    assert.deepEqual(leftOut(selection), ['icd10', 'signalod']);
    for (const { reason } of selection.leftOut) assert.match(reason, /\. The empty table is kept\.$/);
  });

  it('a table whose rows stay behind is still there, empty, so that the program starts', () => {
    const [signals] = selectCriticalTables(catalogOf([{ name: 'signalod' }])).tables;
    assert.equal(signals?.tier, 'transient');
    assert.match(signals?.definitionOnly ?? '', /two days/);
  });

  it('a table that the policy does not know is kept and flagged', () => {
    const selection = selectCriticalTables(catalogOf([{ name: 'aligner' }, { name: 'toString' }]));
    assert.deepEqual(kept(selection), ['aligner', 'toString']);
    assert.deepEqual(
      selection.warnings.map(({ code, table }) => [code, table]),
      [
        ['table-unclassified', 'aligner'],
        ['table-unclassified', 'toString'],
      ],
    );
  });

  it('leftovers of upgrades go altogether; wiki lists stay', () => {
    const selection = selectCriticalTables(
      catalogOf([{ name: 'tempConv_fee' }, { name: 'tempetransnomessage1' }, { name: 'wikilist_vendors' }]),
    );
    assert.deepEqual(
      selection.tables.map(({ name }) => name),
      ['wikilist_vendors'],
    );
    assert.deepEqual(leftOut(selection), ['tempConv_fee', 'tempetransnomessage1']);
    assert.deepEqual(selection.warnings, []);
  });

  it('names are looked up whatever their case', () => {
    assert.equal(selectCriticalTables(catalogOf([{ name: 'SignalOd' }])).tables[0]?.tier, 'transient');
  });

  it('globs include and exclude; include wins', () => {
    const catalog = catalogOf([
      { name: 'icd9' },
      { name: 'wikilist_a' },
      { name: 'wikilist_b' },
      { name: 'wikipage' },
    ]);
    const policy = { ...openDentalPolicy, include: ['icd*', 'wikilist_b'], exclude: ['WIKILIST_?'] };
    const selection = selectCriticalTables(catalog, policy);
    assert.deepEqual(kept(selection), ['icd9', 'wikilist_b', 'wikipage']);
    assert.deepEqual(selection.leftOut, [
      { kind: 'table', name: 'wikilist_a', reason: 'Left out by the settings.' },
    ]);
  });

  it('a critical table can be excluded, but not in silence', () => {
    const policy = { ...openDentalPolicy, exclude: ['patient'] };
    const { warnings } = selectCriticalTables(catalogOf([{ name: 'patient' }]), policy);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['critical-table-left-out'],
    );
  });

  it('the tiers to keep can be chosen; unclassified tables are kept whatever was chosen', () => {
    const catalog = catalogOf([
      { name: 'patient' },
      { name: 'task' },
      { name: 'taskhist' },
      { name: 'newtable' },
    ]);
    const selection = selectCriticalTables(catalog, { ...openDentalPolicy, keep: ['critical'] });
    assert.deepEqual(kept(selection), ['patient', 'newtable']);
  });

  it('logs are cut by day when asked, and rows without a date stay', () => {
    const catalog = catalogOf([
      { name: 'patient', columns: [column('DateTStamp')] },
      { name: 'securitylog', columns: [column('SecurityLogNum'), column('LogDateTime')] },
      { name: 'taskhist', columns: [column('renamed')] },
    ]);
    const { tables } = selectCriticalTables(catalog, { ...openDentalPolicy, logsSince: '2023-11-24' });
    assert.deepEqual(
      tables.map(({ rowFilter }) => rowFilter?.where),
      [
        undefined,
        "(`LogDateTime` >= '2023-11-24' OR `LogDateTime` < '1880-01-01' OR `LogDateTime` IS NULL)",
        undefined,
      ],
    );
    const everything = selectCriticalTables(catalog).tables;
    assert.ok(everything.every(({ rowFilter }) => rowFilter === undefined));
  });

  it('logs may be cut at any day of a month, and their column may have any name', () => {
    const catalog = catalogOf([{ name: 'odd', columns: [column('when `it` was')] }]);
    const policy = {
      ...openDentalPolicy,
      tables: { odd: { tier: 'important', reason: 'An odd log.', logDate: 'when `it` was' } },
    } as const;
    for (const logsSince of ['2024-01-30', '2024-12-31', '2024-02-29']) {
      const [odd] = selectCriticalTables(catalog, { ...policy, logsSince }).tables;
      assert.ok(odd?.rowFilter?.where.startsWith(`(\`when \`\`it\`\` was\` >= '${logsSince}' OR `));
    }
  });

  it('references into tables left out are listed, one line for each pair of tables', () => {
    const catalog = catalogOf([{ name: 'ehrlab' }, { name: 'alertitem' }, { name: 'userod' }]);
    const policy = { ...openDentalPolicy, exclude: ['userod'] };
    const dangling = selectCriticalTables(
      catalogOf([{ name: 'adjustment' }, { name: 'patient' }, { name: 'userod' }]),
      policy,
    ).warnings.filter(({ code }) => code === 'reference-left-out');
    assert.deepEqual(
      dangling.map(({ table, message }) => [table, message]),
      [
        ['adjustment', 'adjustment (SecUserNumEntry) points to userod, whose rows are left out.'],
        ['patient', 'patient (SecUserNumEntry) points to userod, whose rows are left out.'],
      ],
    );
    // A table that is not in the database at all is not missed, and one left out itself points nowhere.
    const silent = selectCriticalTables(catalog, openDentalPolicy).warnings;
    assert.deepEqual(silent, []);
  });

  it('a policy that makes no sense is a mistake of the caller', () => {
    for (const wrong of [
      { logsSince: 'yesterday' },
      { logsSince: "2023-01-01' OR '1" },
      { logsSince: '2023-13-01' },
      { logsSince: "1' OR '2023-01-01" },
      { budget: { archiveBytes: 0 } },
      { budget: { archiveBytes: Number.NaN } },
      { budget: { archiveBytes: 1, compressedTo: 0 } },
      { budget: { archiveBytes: 1, compressedTo: -1 } },
    ]) {
      assert.throws(() => selectCriticalTables(catalogOf([]), { ...openDentalPolicy, ...wrong }), RangeError);
    }
  });
});

describe('a size budget', () => {
  const catalog = catalogOf([
    { name: 'emailmessage', dataBytes: 4000 },
    { name: 'entrylog', dataBytes: 400 },
    { name: 'newtable', dataBytes: 400 },
    { name: 'patient', dataBytes: 4000 },
    { name: 'taskhist', dataBytes: 8000 },
    { name: 'wikipage', dataBytes: 400 },
  ]);
  const within = (archiveBytes: number) =>
    selectCriticalTables(catalog, { ...openDentalPolicy, budget: { archiveBytes } });

  const steps: [number, string[]][] = [
    [4300, ['emailmessage', 'entrylog', 'newtable', 'patient', 'taskhist', 'wikipage']],
    [4299, ['emailmessage', 'entrylog', 'newtable', 'patient', 'wikipage']],
    [2299, ['emailmessage', 'newtable', 'patient', 'wikipage']],
    [2199, ['newtable', 'patient', 'wikipage']],
    [1199, ['newtable', 'patient']],
  ];
  for (const [bytes, names] of steps) {
    it(`of ${bytes} bytes keeps ${names.join(', ')}`, () => {
      const selection = within(bytes);
      assert.deepEqual(kept(selection), names);
      assert.ok(selection.warnings.every(({ code }) => code !== 'budget-exceeded'));
      for (const { reason } of selection.leftOut) assert.match(reason, /^Left out to stay within/);
    });
  }

  it('that the critical tables alone exceed cuts none of them and says so', () => {
    const selection = within(100);
    assert.deepEqual(kept(selection), ['newtable', 'patient']);
    assert.match(
      selection.warnings.find(({ code }) => code === 'budget-exceeded')?.message ?? '',
      /1100.*100/,
    );
  });

  it('drops the larger table first and, of two alike, the first by name, however they come', () => {
    const alike = [
      { name: 'wikipage', dataBytes: 400 },
      { name: 'task', dataBytes: 400 },
      { name: 'tasklist', dataBytes: 4000 },
    ];
    for (const tables of [alike, alike.toReversed()]) {
      for (const [archiveBytes, names] of [
        [1199, ['task', 'wikipage']],
        [199, ['wikipage']],
      ] as const) {
        const selection = selectCriticalTables(catalogOf(tables), {
          ...openDentalPolicy,
          budget: { archiveBytes },
        });
        assert.deepEqual(kept(selection).sort(), names);
      }
    }
  });

  it('spares a table that any of the patterns includes', () => {
    const selection = selectCriticalTables(catalogOf([{ name: 'taskhist', dataBytes: 4000 }]), {
      ...openDentalPolicy,
      include: ['icd*', 'task*'],
      budget: { archiveBytes: 100 },
    });
    assert.deepEqual(kept(selection), ['taskhist']);
  });

  it('reckons with the compression it is told, and is kept when it is met to the byte', () => {
    const exceeded = (budget: { archiveBytes: number; compressedTo: number }): boolean =>
      selectCriticalTables(catalogOf([{ name: 'patient', dataBytes: 1000 }]), {
        ...openDentalPolicy,
        budget,
      }).warnings.some(({ code }) => code === 'budget-exceeded');
    assert.equal(exceeded({ archiveBytes: 500, compressedTo: 0.5 }), false);
    assert.equal(exceeded({ archiveBytes: 499, compressedTo: 0.5 }), true);
    assert.equal(exceeded({ archiveBytes: 100, compressedTo: 0.1 }), false);
  });

  it('weighs a table by its own figure where it has one', () => {
    const selection = selectCriticalTables(catalogOf([{ name: 'documentmisc', dataBytes: 1000 }]), {
      ...openDentalPolicy,
      include: ['documentmisc'],
      budget: { archiveBytes: 700 },
    });
    assert.ok(selection.warnings.some(({ code }) => code === 'budget-exceeded'));
  });

  it('never drops a critical, an unclassified or an included table, and never exceeds the limit in silence', () => {
    const names = [
      'patient',
      'procedurelog',
      'claim',
      'task',
      'taskhist',
      'entrylog',
      'emailmessage',
      'zzz',
      'icd9',
    ];
    const tables = fc.uniqueArray(
      fc.record({ name: fc.constantFrom(...names), dataBytes: fc.nat(1_000_000) }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(tables, fc.integer({ min: 1, max: 500_000 }), (some, archiveBytes) => {
        const policy = { ...openDentalPolicy, include: ['taskhist'], budget: { archiveBytes } };
        const selection = selectCriticalTables(catalogOf(some), policy);
        const names = new Set(kept(selection));
        let weight = 0;
        for (const { name, dataBytes } of some) {
          if (['patient', 'procedurelog', 'claim', 'zzz', 'taskhist'].includes(name))
            assert.ok(names.has(name));
          assert.notEqual(names.has(name), leftOut(selection).includes(name));
          if (names.has(name)) weight += Math.ceil(dataBytes * 0.25);
        }
        const said = selection.warnings.some(({ code }) => code === 'budget-exceeded');
        assert.equal(said, weight > archiveBytes);
      }),
    );
  });
});

describe('globs', () => {
  const cases: [string, string, boolean][] = [
    ['patient', 'patient', true],
    ['patient', 'pat*', true],
    ['patient', '*ent', true],
    ['patient', 'p*t*t', true],
    ['patient', 'p?tient', true],
    ['patient', 'patien', false],
    ['patient', 'atient', false],
    ['patient', '*', true],
    ['patient', '', false],
    ['', '*', true],
    ['a.b', 'a?b', true],
    ['axb', 'a.b', false],
    ['tempConv_x', 'tempconv_*', true],
  ];
  for (const [name, glob, fits] of cases) {
    it(`${JSON.stringify(glob)} ${fits ? 'fits' : 'does not fit'} ${JSON.stringify(name)}`, () =>
      assert.equal(fitsGlob(name, glob), fits));
  }

  it('a pattern made to be slow is not', async () => {
    const used = await processorTime(() =>
      assert.equal(fitsGlob('a'.repeat(2000), `${'*a'.repeat(500)}b`), false),
    );
    assert.ok(used < 1000, `${used} ms`);
  });
});
