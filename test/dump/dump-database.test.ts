import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { unpackRows } from '../../src/columns/pack.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import type { DumpSummary, Part, RowsPart, TablePart } from '../../src/model/parts.js';
import { describeOnEachServer } from '../support/servers.js';

const database = 'dump_small';

describeOnEachServer('dumpDatabase', (server) => {
  before(async () => {
    await server().query([
      `DROP DATABASE IF EXISTS ${database}`,
      `CREATE DATABASE ${database} CHARACTER SET utf8`,
      `CREATE TABLE ${database}.patient (PatNum BIGINT NOT NULL PRIMARY KEY, LName VARCHAR(100)) ENGINE=MyISAM`,
      `INSERT INTO ${database}.patient VALUES (9007199254740993, 'Ä'), (-1, NULL), (2, '')`,
      `CREATE TABLE ${database}.inno (id INT PRIMARY KEY) ENGINE=InnoDB`,
      `INSERT INTO ${database}.inno VALUES (1), (2)`,
      `CREATE TABLE ${database}.empty (id INT PRIMARY KEY) ENGINE=MyISAM`,
    ]);
  });

  const parts = async (): Promise<readonly Part[]> => {
    const collected: Part[] = [];
    for await (const part of dumpDatabase({ ...server().address, database })) collected.push(part);
    return collected;
  };

  it('R1: begins with the database, ends with the summary, and has each table before its rows', async () => {
    const all = await parts();
    assert.equal(all[0]?.kind, 'database');
    assert.equal(all.at(-1)?.kind, 'summary');
    assert.equal(all.at(-2)?.kind, 'objects');
    const seen = new Set<number>();
    for (const part of all) {
      if (part.kind === 'table') seen.add(part.table.index);
      if (part.kind === 'rows') assert.ok(seen.has(part.table), 'rows before their table');
    }
    assert.equal(seen.size, 3);
  });

  it('V1: keeps whole numbers beyond 2^53, NULL apart from empty, text as its bytes', async () => {
    const all = await parts();
    const { table } = all.find(
      (part): part is TablePart => part.kind === 'table' && part.table.name === 'patient',
    )!;
    const rows = all.find((part): part is RowsPart => part.kind === 'rows' && part.table === table.index)!;
    const batch = await unpackRows(rows, ['i64', 'bytes']);
    const [numbers, names] = batch.columns;
    assert.equal(numbers!.kind, 'fixed');
    const values = new BigInt64Array(numbers!.data.slice().buffer);
    assert.deepEqual([...values], [9007199254740993n, -1n, 2n]);
    assert.equal(names!.kind, 'variable');
    assert.deepEqual([...(names as { lengths: Uint32Array }).lengths], [2, 0, 0]);
    assert.deepEqual([...names!.data], [0xc3, 0x84]);
    assert.deepEqual([...names!.nulls!], [0b010]);
  });

  it('K4: takes one snapshot of both kinds of engine and says so', async () => {
    const all = await parts();
    const { summary } = all.at(-1) as { summary: DumpSummary };
    assert.deepEqual(summary.consistency, { kind: 'consistent', by: 'lock-and-snapshot' });
    assert.ok(summary.lockSeconds > 0 && summary.lockSeconds < 5);
    assert.deepEqual(
      summary.tables.map(({ name, rows }) => [name, rows]),
      [
        ['empty', 0],
        ['inno', 2],
        ['patient', 3],
      ],
    );
  });
});
