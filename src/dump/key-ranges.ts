import type { CatalogTable } from '../catalog/model.js';
import type { Connection } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';

const mostRanges = 64;

/**
 * Divides a large table into ranges of its key, so that several connections can read it at once and finish
 * together.
 *
 * Only tables with snapshots, where all connections see the same rows, and only a key that is a single
 * integer: the server compares it as exactly as the ranges are computed (C8). The ranges are half-open and
 * unbounded at both ends, so no row can fall between them. Ranges need not hold equally many rows.
 *
 * @param connection - inside the snapshot
 * @param rangeBytes - approximate data size of a range
 * @returns conditions, in the order of the key; a single `undefined`, for the whole table, when it is not
 *   divided
 */
export async function keyRanges(
  connection: Connection,
  table: CatalogTable,
  rangeBytes: number = 64 * 2 ** 20,
): Promise<readonly (string | undefined)[]> {
  const ranges = Math.min(mostRanges, Math.floor(table.dataBytes / rangeBytes));
  const key = wholeNumberKey(table);
  if (ranges < 2 || key === undefined || !table.transactional || table.versioned) return [undefined];
  const name = quoteName(key);
  const [ends] = await connection.query(
    `SELECT MIN(${name}) AS low, MAX(${name}) AS high FROM ${quoteName(table.name)}`,
  );
  const { low, high } = ends ?? {};
  if (low === null || low === undefined || high === null || high === undefined) return [undefined];
  return rangesBetween(name, BigInt(low), BigInt(high), ranges);
}

/** Conditions of which exactly one holds for every number. */
export function rangesBetween(
  name: string,
  low: bigint,
  high: bigint,
  ranges: number,
): readonly (string | undefined)[] {
  const cuts = new Set<bigint>();
  for (let i = 1n; i < BigInt(ranges); i++) cuts.add(low + ((high - low) * i) / BigInt(ranges));
  // A range that ended at the lowest key would be empty.
  cuts.delete(low);
  const at = [...cuts];
  if (at.length === 0) return [undefined];
  return [
    `${name} < ${at[0]}`,
    ...at.slice(1).map((cut, i) => `${name} >= ${at[i]} AND ${name} < ${cut}`),
    `${name} >= ${at.at(-1)}`,
  ];
}

function wholeNumberKey({ columns, primaryKey }: CatalogTable): string | undefined {
  const [name] = primaryKey;
  if (primaryKey.length !== 1 || name === undefined) return undefined;
  const type = columns.find((column) => column.name === name)?.type ?? '';
  return /^(?:tiny|small|medium|big)?int\b/i.test(type) ? name : undefined;
}
