import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { filterParts } from '../../src/archive/filter-parts.js';
import type { Catalog } from '../../src/catalog/model.js';
import { selectCriticalTables } from '../../src/catalog/select-critical-tables.js';
import { logs, type TablePolicy } from '../../src/catalog/table-policy.js';
import { unpackRows } from '../../src/columns/pack.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import type { Part, RowsPart, TableDescription, ValueForm } from '../../src/model/parts.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';

const database = 'dump_filtered';
const since = '2023-11-24';

/**
 * Around every edge: no date, a date that is none, the program's "never", the day itself to the microsecond.
 */
const dates = [
  'NULL',
  "'0000-00-00 00:00:00'",
  "'0001-01-01 00:00:00'",
  "'1879-12-31 23:59:59.999999'",
  "'1880-01-01 00:00:00'",
  "'1970-01-01 00:00:01'",
  "'2023-00-00 00:00:00'",
  "'2023-11-00 10:00:00'",
  "'2023-11-23 23:59:59.999999'",
  "'2023-11-24 00:00:00'",
  "'2023-11-24 00:00:00.000001'",
  "'2023-12-01 00:00:00'",
  "'2024-00-00 00:00:00'",
  "'2024-02-29 12:00:00'",
  "'9999-12-31 23:59:59'",
];

const types: Readonly<Record<string, string>> = {
  of_day: 'DATE NULL',
  of_day_always: "DATE NOT NULL DEFAULT '0000-00-00'",
  of_moment: 'DATETIME NULL',
  of_moment_always: "DATETIME NOT NULL DEFAULT '0001-01-01 00:00:00'",
  of_microsecond: 'DATETIME(6) NULL',
  of_stamp: 'TIMESTAMP NULL DEFAULT NULL',
  of_stamp_always: 'TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP',
};

const policy: TablePolicy = {
  name: 'for the test',
  tables: logs('optional', Object.fromEntries(Object.keys(types).map((name) => [name, ['At', 'A log.']]))),
  patterns: [],
  references: {},
  logsSince: since,
};

async function fill(server: TestServer): Promise<void> {
  await server.query([
    `DROP DATABASE IF EXISTS ${database}`,
    `CREATE DATABASE ${database} CHARACTER SET utf8`,
  ]);
  for (const [name, type] of Object.entries(types)) {
    const values = dates
      .map((date) => `(${date === 'NULL' && type.includes('NOT NULL') ? "''" : date}, ${date})`)
      .join(', ');
    // IGNORE, because a type may be too narrow for a date; what the server makes of it is a value like any
    // other.
    const double = `INSERT INTO ${name} (At, Note) SELECT At, Note FROM ${name}`;
    await server.query(
      [
        `CREATE TABLE ${name} (Id BIGINT AUTO_INCREMENT PRIMARY KEY, At ${type}, Note VARCHAR(40) NULL, Small TINYINT NULL) ENGINE=MyISAM`,
        `INSERT IGNORE INTO ${name} (At, Note) VALUES ${values}`,
        ...Array.from({ length: name === 'of_moment' ? 13 : 3 }, () => double),
        `UPDATE ${name} SET Small = Id MOD 100 WHERE Id MOD 3 = 1`,
      ],
      database,
    );
  }
}

interface Collected {
  readonly table: TableDescription;
  readonly rows: string[];
  parts: number;
}

/** Every table with its rows as text, and what the summary says of them. */
async function collect(parts: AsyncIterable<Part>): Promise<Map<string, Collected>> {
  const byIndex = new Map<number, Collected>();
  const named = new Map<string, Collected>();
  for await (const part of parts) {
    if (part.kind === 'table') {
      const collected = { table: part.table, rows: [], parts: 0 };
      byIndex.set(part.table.index, collected);
      named.set(part.table.name, collected);
    }
    if (part.kind === 'rows') {
      const to = byIndex.get(part.table)!;
      to.parts += 1;
      assert.equal(part.sequence, to.parts);
      to.rows.push(...(await textOf(part, to.table)));
    }
    if (part.kind === 'summary') {
      for (const { name, rows, parts } of part.summary.tables) {
        assert.deepEqual([rows, parts], [named.get(name)?.rows.length, named.get(name)?.parts], name);
      }
    }
  }
  return named;
}

async function textOf(part: RowsPart, { columns }: TableDescription): Promise<string[]> {
  const forms = columns.map(({ form }) => form).filter((form): form is ValueForm => form !== null);
  const batch = await unpackRows(part, forms);
  const offsets = batch.columns.map(() => 0);
  return Array.from({ length: batch.rows }, (_, row) =>
    batch.columns
      .map((column, i) => {
        const length = column.kind === 'fixed' ? column.width : column.lengths[row]!;
        const start = offsets[i]!;
        offsets[i] = start + length;
        if (column.nulls !== null && (column.nulls[row >> 3]! >> (row & 7)) & 1) return 'NULL';
        return Buffer.from(column.data.subarray(start, start + length)).toString('hex');
      })
      .join(' '),
  );
}

describeOnEachServer('a row filter', (server) => {
  before(() => fill(server()));
  const address = () => ({ ...server().address, database });
  const critical = (catalog: Catalog) => selectCriticalTables(catalog, policy);

  it('R5: keeps of a dump the same rows as the server does by its SQL, whatever the dates', async () => {
    const byServer = await collect(dumpDatabase(address(), { selection: critical }));
    let selection: ReturnType<typeof critical> | undefined;
    const whole = dumpDatabase(address(), {
      selection: (catalog) => {
        selection = critical(catalog);
        return { ...selection, tables: selection.tables.map(({ name, tier }) => ({ name, tier })) };
      },
    });
    async function* narrowed(): AsyncGenerator<Part> {
      // The choice is known when the dump has begun.
      const parts = whole[Symbol.asyncIterator]();
      const first = await parts.next();
      const rest = async function* (): AsyncGenerator<Part> {
        yield first.value as Part;
        yield* { [Symbol.asyncIterator]: () => parts };
      };
      yield* filterParts(rest(), selection!);
    }
    const byUs = await collect(narrowed());
    assert.deepEqual([...byUs.keys()].sort(), Object.keys(types).sort());
    for (const [name, expected] of byServer) {
      const { table, rows } = byUs.get(name)!;
      // Large tables are read over several connections, so rows have no order.
      assert.deepEqual(rows.sort(), expected.rows.sort(), name);
      assert.deepEqual({ ...table, index: 0 }, { ...expected.table, index: 0 }, name);
      assert.match(table.rowFilter?.where ?? '', /^\(`At` >= '2023-11-24' OR/);
      assert.equal(table.rowFilter?.dates?.column, 'At', 'the archive says of what the condition is made');
    }
    assert.ok(byServer.get('of_moment')!.parts > 1, 'more than one part');
  });

  it('keeps rows without a date, of every type of column', async () => {
    const kept = await collect(dumpDatabase(address(), { selection: critical }));
    for (const name of Object.keys(types)) {
      const [row] = await server().query(
        `SELECT SUM(At IS NULL OR At = 0) AS undated FROM ${name}`,
        database,
      );
      const { rows } = kept.get(name)!;
      // An undated value has no bytes.
      const undated = rows.filter((text) => ['NULL', ''].includes(text.split(' ')[1]!)).length;
      assert.equal(undated, Number(row!['undated']), name);
    }
  });
});
