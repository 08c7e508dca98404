import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { unpackRows } from '../../src/columns/pack.js';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import { rangesBetween } from '../../src/dump/key-ranges.js';
import type { Part } from '../../src/model/parts.js';
import { fc } from '../support/properties.js';
import { describeOnEachServer } from '../support/servers.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n });

/** What the server would say of a condition, for one number. */
function holds(condition: string | undefined, key: bigint): boolean {
  return (condition ?? '').split(' AND ').every((comparison) => {
    const [, operator, bound] = /^`k` (<|>=) (-?\d+)$/.exec(comparison) ?? [];
    if (condition === undefined) return true;
    return operator === '<' ? key < BigInt(bound!) : key >= BigInt(bound!);
  });
}

describe('ranges of a key', () => {
  it('C8: hold every number once, also those outside of the ends that were seen', () => {
    fc.assert(
      fc.property(int64, int64, fc.integer({ min: 2, max: 64 }), int64, (a, b, count, key) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const ranges = rangesBetween('`k`', low, high, count);
        for (const number of [key, low, high, low - 1n, high + 1n]) {
          assert.equal(ranges.filter((range) => holds(range, number)).length, 1, `${number}`);
        }
        assert.ok(ranges.length <= count);
      }),
    );
  });
});

const database = 'dump_ranges';
// Both ends of the type, neighbours, a gap that leaves ranges empty, zero and negative numbers.
const keys = [-(2n ** 63n), -5n, -1n, 0n, 1n, 2n, 3n, 1000n, 2n ** 53n + 1n, 2n ** 63n - 1n];

describeOnEachServer('a table read by several connections', (server) => {
  before(async () => {
    const values = keys.map((key) => `(${key}, 'row ${key}')`).join(', ');
    await server().query([
      `DROP DATABASE IF EXISTS ${database}`,
      `CREATE DATABASE ${database} CHARACTER SET utf8`,
      `CREATE TABLE ${database}.wide (id BIGINT PRIMARY KEY, t VARCHAR(100), KEY (t)) ENGINE=InnoDB`,
      `INSERT INTO ${database}.wide VALUES ${values}`,
      `CREATE TABLE ${database}.two_keys (a INT, b INT, PRIMARY KEY (a, b)) ENGINE=InnoDB`,
      `INSERT INTO ${database}.two_keys VALUES (1, 1), (1, 2)`,
      `CREATE TABLE ${database}.by_name (name VARCHAR(10) PRIMARY KEY) ENGINE=InnoDB`,
      `INSERT INTO ${database}.by_name VALUES ('a'), ('b')`,
    ]);
  });

  for (const connections of [1, 2, 3]) {
    it(`C8: comes with every row once, over ${connections}`, async () => {
      const parts: Part[] = [];
      // A page of InnoDB is 16 KiB: twenty ranges for ten rows.
      const options = { connections, rangeBytes: 800, partBytes: 1 };
      for await (const part of dumpDatabase({ ...server().address, database }, options)) parts.push(part);
      const found: bigint[] = [];
      const rows = new Map<string, number>();
      const sequences: number[] = [];
      const tables = new Map<number, string>();
      for (const part of parts) {
        if (part.kind === 'table') tables.set(part.table.index, part.table.name);
        if (part.kind !== 'rows') continue;
        const name = tables.get(part.table)!;
        rows.set(name, (rows.get(name) ?? 0) + part.rows);
        if (name !== 'wide') continue;
        sequences.push(part.sequence);
        const batch = await unpackRows(part, ['i64', 'bytes']);
        found.push(...new BigInt64Array(batch.columns[0]!.data.slice().buffer));
      }
      assert.deepEqual(Object.fromEntries(rows), { wide: keys.length, two_keys: 2, by_name: 2 });
      assert.deepEqual(
        found.sort((a, b) => (a < b ? -1 : 1)),
        keys,
      );
      // The parts of a table are numbered as they stand in the archive.
      assert.deepEqual(
        sequences,
        sequences.map((_, i) => i + 1),
      );
      if (connections > 1) assert.ok(sequences.length > 1, 'it was cut');
    });
  }
});
