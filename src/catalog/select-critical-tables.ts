import { assertArgument, assertCatalog } from '../arguments.js';
import type { ColumnDescription, DumpWarning, LeftOut } from '../model/parts.js';
import { dateCondition } from './date-condition.js';
import { fitsGlob } from './globs.js';
import type { Catalog, CatalogTable, SelectedTable, TableSelection, TableTier } from './model.js';
import { openDentalPolicy } from './open-dental/index.js';
import type { SizeBudget, TablePolicy, TableRule } from './table-policy.js';

const keptTiers: readonly TableTier[] = ['critical', 'important', 'optional'];
// In the order in which a size budget drops them. Critical and unclassified tables are never dropped.
const expendableTiers: readonly TableTier[] = [
  'code-list',
  'recreatable',
  'transient',
  'optional',
  'important',
];
const unknown: TableRule = { tier: 'unclassified', reason: 'Not known to the policy, and therefore kept.' };

/** A table, its rule, and the decision so far. */
interface Candidate {
  readonly table: CatalogTable;
  readonly rule: TableRule;
  readonly forecast: number;
  /** Why its rows are left out; absent while they are kept. */
  dropped?: string;
  /** Not even its definition is kept. */
  unwanted?: boolean;
}

/**
 * Selects what a practice needs to continue after a catastrophe, with the reason for every table that is left
 * out.
 *
 * A table whose rows are left out keeps its definition, so that programs find it empty after a restore.
 * Leftovers and tables that `exclude` names are left out entirely. A table that the policy does not know is
 * kept, with a warning. Under a size budget the optional tables are left out first, then the important ones,
 * largest first. Critical tables are never left out for size: if they alone do not fit, a warning says so.
 *
 * @param catalog - what the database holds
 * @param policy - what is known about its tables, and how much of it to keep
 * @throws RangeError when the policy's day or budget is invalid
 * @example
 * ```ts
 * const selection = selectCriticalTables(catalog, { ...openDentalPolicy, budget: { archiveBytes: 1e9 } });
 * ```
 */
export function selectCriticalTables(
  catalog: Catalog,
  policy: TablePolicy = openDentalPolicy,
): TableSelection {
  assertCatalog('catalog', catalog);
  assertArgument('policy', policy, 'object', { tables: 'object', patterns: 'array' });
  checkPolicy(policy);
  const candidates = catalog.tables.map((table) => weigh(table, policy));
  const overBudget = policy.budget === undefined ? undefined : fitInto(policy.budget, candidates, policy);
  return {
    scope: 'critical',
    tables: candidates
      .filter(({ unwanted }) => unwanted !== true)
      .map((candidate) => selected(candidate, policy)),
    leftOut: candidates.filter(({ dropped }) => dropped !== undefined).map(leftOut),
    warnings: [...flags(candidates), ...danglingReferences(candidates, policy), ...(overBudget ?? [])],
  };
}

/** The rule for a table: by name, else by pattern, else the one for unknown tables. */
export function ruleFor(name: string, policy: TablePolicy): TableRule {
  const key = name.toLowerCase();
  if (Object.hasOwn(policy.tables, key)) return policy.tables[key]!;
  return policy.patterns.find(({ glob }) => fitsGlob(name, glob)) ?? unknown;
}

function checkPolicy({ logsSince, budget }: TablePolicy): void {
  if (logsSince !== undefined && !/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(logsSince)) {
    throw new RangeError('"logsSince" must be a day, YYYY-MM-DD');
  }
  if (budget !== undefined && !(budget.archiveBytes > 0)) {
    throw new RangeError('"budget.archiveBytes" must be more than 0');
  }
  if (budget?.compressedTo !== undefined && !(budget.compressedTo > 0)) {
    throw new RangeError('"budget.compressedTo" must be more than 0');
  }
}

function weigh(table: CatalogTable, policy: TablePolicy): Candidate {
  const rule = ruleFor(table.name, policy);
  const forecast = Math.ceil(table.dataBytes * (rule.compressedTo ?? policy.budget?.compressedTo ?? 0.25));
  const candidate: Candidate = { table, rule, forecast };
  const named = (globs: readonly string[] | undefined) => globs?.some((glob) => fitsGlob(table.name, glob));
  if (named(policy.include)) return candidate;
  if (named(policy.exclude)) return { ...candidate, dropped: 'Left out by the settings.', unwanted: true };
  if (rule.tier === 'unclassified' || (policy.keep ?? keptTiers).includes(rule.tier)) return candidate;
  return { ...candidate, dropped: rule.reason, unwanted: rule.tier === 'leftover' };
}

function fitInto(
  { archiveBytes }: SizeBudget,
  candidates: readonly Candidate[],
  policy: TablePolicy,
): readonly DumpWarning[] {
  const isIncluded = ({ table }: Candidate) => policy.include?.some((glob) => fitsGlob(table.name, glob));
  let total = 0;
  for (const { dropped, forecast } of candidates) if (dropped === undefined) total += forecast;
  for (const tier of expendableTiers) {
    const expendable = candidates
      .filter((candidate) => candidate.rule.tier === tier && candidate.dropped === undefined)
      .filter((candidate) => !isIncluded(candidate))
      .sort((a, b) => b.forecast - a.forecast || (a.table.name < b.table.name ? -1 : 1));
    for (const candidate of expendable) {
      if (total <= archiveBytes) return [];
      candidate.dropped = `Left out to stay within the size limit. ${candidate.rule.reason}`;
      total -= candidate.forecast;
    }
  }
  if (total <= archiveBytes) return [];
  return [
    {
      code: 'budget-exceeded',
      message: `The critical tables alone are expected to take ${total} bytes, more than the limit of ${archiveBytes}. None was cut: raise the limit.`,
    },
  ];
}

function selected({ table, rule, dropped }: Candidate, { logsSince }: TablePolicy): SelectedTable {
  const entry = { name: table.name, tier: rule.tier };
  if (dropped !== undefined) return { ...entry, definitionOnly: dropped };
  const column = table.columns.find(({ name }) => name.toLowerCase() === rule.logDate?.toLowerCase());
  if (logsSince === undefined || column === undefined || !isDate(column)) return entry;
  const dates = { column: column.name, since: logsSince, unsetBefore: firstRealDay };
  return {
    ...entry,
    rowFilter: {
      where: dateCondition(dates, column),
      reason: `Entries older than ${logsSince} are left out. ${rule.reason}`,
      dates,
    },
  };
}

/** The program writes "no date" as a year before 1880; such rows are kept. */
const firstRealDay = '1880-01-01';

function isDate({ form }: ColumnDescription): boolean {
  return form === 'date' || form === 'datetime';
}

function leftOut({ table, dropped, unwanted }: Candidate): LeftOut {
  const reason = unwanted === true ? dropped! : `${dropped!} The empty table is kept.`;
  return { kind: 'table', name: table.name, reason };
}

function flags(candidates: readonly Candidate[]): readonly DumpWarning[] {
  return candidates.flatMap(({ table, rule, dropped }): DumpWarning[] => {
    if (rule.tier === 'unclassified' && dropped === undefined) {
      const message = `The table ${table.name} is not known to the policy, so it is kept. The policy needs a rule for it.`;
      return [{ code: 'table-unclassified', message, table: table.name }];
    }
    if (rule.tier === 'critical' && dropped !== undefined) {
      const message = `The table ${table.name} is critical, but its rows are left out. ${dropped}`;
      return [{ code: 'critical-table-left-out', message, table: table.name }];
    }
    return [];
  });
}

function danglingReferences(candidates: readonly Candidate[], policy: TablePolicy): readonly DumpWarning[] {
  const dropped = new Map(
    candidates
      .filter((candidate) => candidate.dropped !== undefined)
      .map(({ table }) => [table.name.toLowerCase(), table.name]),
  );
  return candidates.flatMap(({ table, dropped: itself }): DumpWarning[] => {
    const key = table.name.toLowerCase();
    if (itself !== undefined || !Object.hasOwn(policy.references, key)) return [];
    const byTarget = new Map<string, string[]>();
    for (const [column, target] of Object.entries(policy.references[key]!)) {
      const name = dropped.get(target);
      if (name !== undefined) byTarget.set(name, [...(byTarget.get(name) ?? []), column]);
    }
    return [...byTarget].map(([target, columns]) => ({
      code: 'reference-left-out',
      message: `${table.name} (${columns.join(', ')}) points to ${target}, whose rows are left out.`,
      table: table.name,
    }));
  });
}
