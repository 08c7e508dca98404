import { assertArgument, assertCatalog } from '../arguments.js';
import { escapeControls } from '../escape-controls.js';
import type { ArchiveScope, DumpWarning } from '../model/parts.js';
import { formatBytes, formatCount } from '../quantities.js';
import type { Catalog, TableSelection, TableTier } from './model.js';

/** What a backup would keep and leave out, before any row is read. Plain JSON. */
export interface BackupPlan {
  /** Name of the database. */
  readonly database: string;
  /** Everything, or the critical tables. */
  readonly scope: ArchiveScope;
  /** Every table of the database, in the catalog's order. */
  readonly tables: readonly PlannedTable[];
  /** Size of the whole database. */
  readonly total: PlannedSize;
  /** Size of what is kept. Rows that a filter may leave out are counted as kept. */
  readonly kept: PlannedSize;
  /** Kept bytes divided by all bytes, 0 to 1. 1 for an empty database. */
  readonly share: number;
  /** What a person should know beforehand. */
  readonly warnings: readonly DumpWarning[];
}

/** One table of a plan. */
export interface PlannedTable {
  /** As in the catalog. */
  readonly name: string;
  /** Absent for a table that is left out altogether. */
  readonly tier?: TableTier;
  /** The server's estimate. */
  readonly rows: number;
  /** The server's estimate, in bytes, before compression. */
  readonly dataBytes: number;
  /** How much of it the archive would hold. */
  readonly keeps: 'all-rows' | 'definition' | 'nothing' | 'some-rows';
  /** Why not all rows; absent when all are kept. */
  readonly reason?: string;
}

/** How much there is. */
export interface PlannedSize {
  /** Tables with rows kept, or all tables. */
  readonly tables: number;
  /** The server's estimate. */
  readonly rows: number;
  /** Data without indexes, before compression; the server's estimate. */
  readonly dataBytes: number;
}

/**
 * The dry run: what a choice of tables means for this database. Pure; reads nothing.
 *
 * @example
 * ```ts
 * console.log(renderPlan(planBackup(catalog, selectCriticalTables(catalog))));
 * ```
 */
export function planBackup(catalog: Catalog, selection: TableSelection): BackupPlan {
  assertCatalog('catalog', catalog);
  assertArgument('selection', selection, 'object', {
    tables: 'array',
    scope: 'text',
    leftOut: 'array',
    warnings: 'array',
  });
  const chosen = new Map(selection.tables.map((table) => [table.name, table]));
  const reasons = new Map(selection.leftOut.map(({ name, reason }) => [name, reason]));
  const tables = catalog.tables.map((table): PlannedTable => {
    const entry = chosen.get(table.name);
    const facts = { name: table.name, rows: table.rowsEstimate, dataBytes: table.dataBytes };
    if (entry === undefined) {
      const reason = reasons.get(table.name) ?? 'Not among the chosen tables.';
      return { ...facts, keeps: 'nothing', reason };
    }
    const withoutRows = entry.definitionOnly ?? table.rowsElsewhere;
    if (withoutRows !== undefined) {
      return { ...facts, tier: entry.tier, keeps: 'definition', reason: withoutRows };
    }
    if (entry.rowFilter !== undefined) {
      return { ...facts, tier: entry.tier, keeps: 'some-rows', reason: entry.rowFilter.reason };
    }
    return { ...facts, tier: entry.tier, keeps: 'all-rows' };
  });
  const total = sizeOf(tables);
  const kept = sizeOf(tables.filter(({ keeps }) => keeps === 'all-rows' || keeps === 'some-rows'));
  return {
    database: catalog.database,
    scope: selection.scope,
    tables,
    total,
    kept,
    share: total.dataBytes === 0 ? 1 : kept.dataBytes / total.dataBytes,
    warnings: [...catalog.warnings, ...selection.warnings],
  };
}

/**
 * The plan as plain text, for a terminal or a log.
 *
 * @example
 * ```ts
 * console.log(renderPlan(planBackup(catalog, selectAllTables(catalog))));
 * ```
 */
export function renderPlan(plan: BackupPlan): string {
  assertArgument('plan', plan, 'object', {
    kept: 'object',
    total: 'object',
    tables: 'array',
    warnings: 'array',
  });
  const { kept, total } = plan;
  const lines = [
    `Plan for ${plan.database}: ${plan.scope === 'full' ? 'a full copy' : 'the critical tables'}`,
    `  Tables  ${formatCount(kept.tables)} of ${formatCount(total.tables)}`,
    `  Rows    about ${formatCount(kept.rows)} of ${formatCount(total.rows)}`,
    `  Data    about ${formatBytes(kept.dataBytes)} of ${formatBytes(total.dataBytes)} (${(plan.share * 100).toFixed(1)} %)`,
  ];
  section(lines, 'Only some rows', plan.tables, 'some-rows');
  section(lines, 'Kept empty', plan.tables, 'definition');
  section(lines, 'Left out', plan.tables, 'nothing');
  if (plan.warnings.length > 0) {
    lines.push('', 'Please note', ...plan.warnings.map(({ message }) => `  ${message}`));
  }
  return `${lines.map(escapeControls).join('\n')}\n`;
}

function section(
  lines: string[],
  title: string,
  tables: readonly PlannedTable[],
  keeps: PlannedTable['keeps'],
): void {
  const shown = tables.filter((table) => table.keeps === keeps).sort((a, b) => b.dataBytes - a.dataBytes);
  if (shown.length === 0) return;
  const width = Math.max(...shown.map(({ name }) => escapeControls(name).length));
  lines.push('', `${title} (${formatCount(shown.length)})`);
  for (const { name, dataBytes, reason } of shown) {
    lines.push(
      `  ${escapeControls(name).padEnd(width)}  ${formatBytes(dataBytes).padStart(11)}  ${reason ?? ''}`.trimEnd(),
    );
  }
}

function sizeOf(tables: readonly PlannedTable[]): PlannedSize {
  let rows = 0;
  let dataBytes = 0;
  for (const table of tables) {
    rows += table.rows;
    dataBytes += table.dataBytes;
  }
  return { tables: tables.length, rows, dataBytes };
}
