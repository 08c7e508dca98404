import { utf8 } from '../bytes.js';
import type { PromisedTable } from '../model/parts.js';
import type { SelectedTable, TableTier } from './model.js';
import { firstNeededTables } from './open-dental/first-needed.js';
import { openDentalPolicy } from './open-dental/index.js';
import { ruleFor } from './select-critical-tables.js';

/** How much a table is needed: the lower the rank, the more. */
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
 * How much a table is needed after a catastrophe. What is needed most stands first in an archive, so that a
 * file that is cut off has lost the rest. A selection of everything knows no tiers; then the name decides.
 */
export function needOf({ name, tier }: Pick<SelectedTable, 'name' | 'tier'>): TableNeed {
  const own = tier === 'unclassified' ? ruleFor(name, openDentalPolicy).tier : tier;
  const rank = ranks.get(name.toLowerCase()) ?? ranks.size + (ranksOfTiers[own] ?? 2);
  return { tier: own, rank };
}

// Readers refuse a description of a megabyte; ten thousand tables with long names would come near it.
const mostListedBytes = 512 * 1024;
const bytesAroundName = 80;

/** What the front of an archive says it will hold. */
export interface Promised {
  readonly tables: readonly PromisedTable[];
  readonly unlistedTables?: number;
}

/** The tables of an archive for its front, the most needed first; as many as there is room for. */
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
