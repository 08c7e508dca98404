import type { Catalog, CatalogTable, TableSelection } from '../catalog/model.js';
import type { Consistency, DumpWarning } from '../model/parts.js';

/**
 * How alike in time the tables must be.
 *
 * - `auto`: one moment for all, by whatever the engines need
 * - `snapshot`: never lock; tables without snapshots are read as they are
 * - `lock`: read locks on every table, until it is read
 * - `per-table`: nothing is held; each table is read as it is at its time
 */
export type ConsistencyMode = 'auto' | 'lock' | 'per-table' | 'snapshot';

/** What to lock, what to open, and what that gives. */
export interface SnapshotPlan {
  readonly consistency: Consistency;
  /** Connections that read. */
  readonly connections: number;
  /** Names of tables to lock while the snapshots are being opened, a moment. */
  readonly lockBriefly: readonly string[];
  /** Names of tables to lock until they are read. */
  readonly lockWhileReading: readonly string[];
  /** Whether the reading connections open snapshots. */
  readonly openSnapshots: boolean;
  /** Names of the tables that the snapshots hold. */
  readonly tablesWithSnapshots: readonly string[];
  readonly warnings: readonly DumpWarning[];
}

/** Chooses by the engines of the selected tables. Pure. */
export function chooseStrategy(
  catalog: Catalog,
  selection: TableSelection,
  { mode, connections }: { readonly mode: ConsistencyMode; readonly connections: number },
): SnapshotPlan {
  const selected = new Set(selection.tables.filter((t) => t.definitionOnly === undefined).map((t) => t.name));
  const tables = catalog.tables.filter((table) => selected.has(table.name) && hasRowsHere(table));
  const withSnapshots = tables.filter((table) => table.transactional).map((table) => table.name);
  const without = tables.filter((table) => !table.transactional).map((table) => table.name);
  const all = [...withSnapshots, ...without];
  switch (mode) {
    case 'per-table':
      return planOf({ connections, consistency: { kind: 'per-table', reason: 'asked for' } });
    case 'lock':
      return planOf({
        connections,
        lockWhileReading: all,
        consistency: { kind: 'consistent', by: 'lock' },
      });
    case 'snapshot':
      // Without a lock two connections cannot open their snapshots at the same moment.
      return planOf({
        connections: 1,
        openSnapshots: true,
        tablesWithSnapshots: withSnapshots,
        consistency:
          without.length === 0
            ? { kind: 'consistent', by: 'snapshot' }
            : {
                kind: 'per-table',
                reason: `${without.length} tables have an engine without snapshots, and locks were not wanted`,
              },
      });
    case 'auto':
      if (withSnapshots.length === 0) {
        return planOf({
          connections,
          lockWhileReading: without,
          consistency: { kind: 'consistent', by: 'lock' },
        });
      }
      if (without.length === 0) {
        return planOf({
          connections,
          openSnapshots: true,
          tablesWithSnapshots: withSnapshots,
          lockBriefly: connections > 1 ? withSnapshots : [],
          consistency: { kind: 'consistent', by: 'snapshot' },
        });
      }
      return planOf({
        connections,
        openSnapshots: true,
        tablesWithSnapshots: withSnapshots,
        lockBriefly: withSnapshots,
        lockWhileReading: without,
        consistency: { kind: 'consistent', by: 'lock-and-snapshot' },
      });
  }
}

/**
 * The plan for when the locks of the first one were not granted: one session needs none to open its snapshot,
 * and a change that stays open for hours is no reason to have no copy. Where tables have no snapshots,
 * nothing else will do. Pure.
 */
export function withoutGate(plan: SnapshotPlan): SnapshotPlan {
  if (plan.lockWhileReading.length > 0) return plan;
  return { ...plan, lockBriefly: [], connections: plan.lockBriefly.length > 0 ? 1 : plan.connections };
}

function planOf(
  plan: Pick<SnapshotPlan, 'connections' | 'consistency'> & Partial<SnapshotPlan>,
): SnapshotPlan {
  return {
    lockBriefly: [],
    lockWhileReading: [],
    openSnapshots: false,
    tablesWithSnapshots: [],
    warnings: [],
    ...plan,
  };
}

function hasRowsHere(table: CatalogTable): boolean {
  return table.rowsElsewhere === undefined && table.damage === undefined;
}
