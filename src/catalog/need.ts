import { utf8 } from '../bytes.js';
import type { PromisedTable } from '../model/parts.js';
import type { SelectedTable, TableTier } from './model.js';
import { firstNeededTables } from './open-dental/first-needed.js';
import { openDentalPolicy } from './open-dental/index.js';
import { ruleFor } from './select-critical-tables.js';

/** How much a table is needed; a lower rank is needed more. */
export interface TableNeed {
  readonly tier: TableTier;
  readonly rank: number;
}

const ranks: ReadonlyMap<string, number> = new Map(firstNeededTables.map((name, i) => [name, i]));
const ranksOfTiers: Readonly<Partial<Record<TableTier, number>>> = {
  critical: 0,
  important: 1,
  unclassified: 1,
};

/**
 * How much a table is needed after a catastrophe. The most needed tables are first in an archive, so that a
 * truncated file lost the others. A full selection has no tiers; then the name decides.
 */
export function needOf({ name, tier }: Pick<SelectedTable, 'name' | 'tier'>): TableNeed {
  const own = tier === 'unclassified' ? ruleFor(name, openDentalPolicy).tier : tier;
  const rank = ranks.get(name.toLowerCase()) ?? ranks.size + (ranksOfTiers[own] ?? 2);
  return { tier: own, rank };
}

// Readers refuse a description of more than a megabyte, which ten thousand long names would nearly fill.
const mostListedBytes = 512 * 1024;
const bytesAroundName = 80;

/** The tables that the start of an archive announces. */
export interface Promised {
  readonly tables: readonly PromisedTable[];
  readonly unlistedTables?: number;
}

/** The list of tables for the start of an archive, the most needed first, as many as fit. */
export function promise(
  tables: readonly { readonly index: number; readonly selected: SelectedTable }[],
): Promised {
  const listed: PromisedTable[] = [];
  let bytes = 0;
  const inOrder = tables
    .map(({ index, selected }) => ({ index, name: selected.name, need: needOf(selected) }))
    .sort((a, b) => a.need.rank - b.need.rank || a.index - b.index);
  for (const { index, name, need } of inOrder) {
    bytes += utf8(JSON.stringify(name)).length + bytesAroundName;
    if (bytes > mostListedBytes) break;
    listed.push({ index, name, tier: need.tier });
  }
  const unlisted = tables.length - listed.length;
  return { tables: listed, ...(unlisted === 0 ? {} : { unlistedTables: unlisted }) };
}
