import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openDentalPolicy } from '../../src/catalog/open-dental/index.js';
import { selectCriticalTables } from '../../src/catalog/select-critical-tables.js';
import { practiceTables as tablesByName } from '../practice/schema.js';
import { catalogOf } from './catalog-of.js';

const { tables, references } = openDentalPolicy;
const practiceTables = [...tablesByName.values()];

describe('the policy for Open Dental', () => {
  it('classifies each of the 424 tables, and no other', () => {
    assert.equal(practiceTables.length, 424);
    assert.deepEqual(Object.keys(tables).sort(), practiceTables.map(({ name }) => name).sort());
  });

  it('gives each table a reason of its own', () => {
    const reasons = Object.values(tables).map(({ reason }) => reason);
    for (const reason of reasons) assert.match(reason, /^[A-Z].{8,}\.$/u);
    assert.equal(new Set(reasons).size, reasons.length);
  });

  it('is not fooled by names: these end in "log" and are core data', () => {
    for (const name of ['procedurelog', 'commlog', 'claimvalcodelog', 'claimcondcodelog']) {
      assert.equal(tables[name]?.tier, 'critical', name);
    }
    // The legal trail, the collection agency's ledger and the payment advices are kept as well.
    for (const name of ['securitylog', 'tsitranslog', 'etransmessagetext', 'erxlog', 'inseditlog']) {
      assert.ok(['critical', 'important'].includes(tables[name]?.tier ?? ''), name);
    }
  });

  it('leaves behind exactly what passes, can be made again or can be imported again', () => {
    const selection = selectCriticalTables(catalogOf(practiceTables.map(({ name }) => ({ name }))));
    assert.deepEqual(selection.leftOut.map(({ name }) => name).sort(), [
      'activeinstance',
      'alertitem',
      'alertread',
      'cdcrec',
      'cpt',
      'cvx',
      'dashboardar',
      'documentmisc',
      'eservicesignal',
      'famaging',
      'hcpcs',
      'hiequeue',
      'icd10',
      'icd9',
      'language',
      'loginattempt',
      'loinc',
      'mobiledatabyte',
      'mobilenotification',
      'rxnorm',
      'sessiontoken',
      'sigmessage',
      'signalod',
      'snomed',
      'sop',
      'terminalactive',
      'ucum',
    ]);
    assert.equal(selection.tables.length, 424);
    assert.ok(selection.warnings.every(({ code }) => code === 'reference-left-out'));
  });

  it('names columns of its logs and references that exist, and references that lead to a table', () => {
    const columnsOf = new Map(
      practiceTables.map(({ name, columns }) => [name, new Set(columns.map((c) => c.name))]),
    );
    for (const [name, { logDate }] of Object.entries(tables)) {
      if (logDate !== undefined) assert.ok(columnsOf.get(name)?.has(logDate), `${name}.${logDate}`);
    }
    for (const [name, columns] of Object.entries(references)) {
      for (const [column, target] of Object.entries(columns)) {
        assert.ok(columnsOf.get(name)?.has(column), `${name}.${column}`);
        assert.ok(columnsOf.has(target), `${name}.${column} → ${target}`);
      }
    }
  });

  it('knows every reference that the program documents', () => {
    const unknown = practiceTables.flatMap(({ name, columns }) =>
      columns
        .filter((column) => column.references !== undefined)
        .filter((column) => references[name]?.[column.name] !== column.references)
        .map((column) => `${name}.${column.name} → ${column.references}`),
    );
    assert.deepEqual(unknown, []);
  });

  it('keeps what the office or these backups made beside the 424', () => {
    const made = ['supplementalbackupkey', 'wikilist_vendors'];
    const { tables, warnings } = selectCriticalTables(catalogOf(made.map((name) => ({ name }))));
    assert.deepEqual(
      tables.map(({ tier, definitionOnly }) => [tier, definitionOnly]),
      [
        ['critical', undefined],
        ['important', undefined],
      ],
    );
    assert.deepEqual(warnings, []);
  });
});
