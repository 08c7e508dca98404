import type { Catalog, CatalogTable, TableSelection } from '../catalog/model.js';
import type { Consistency, DumpWarning } from '../model/parts.js';

/**
 * Whether all tables must be of one moment.
 *
 * - `auto`: one moment for all, by whatever means the engines need
 * - `snapshot`: no locks; tables without snapshots are read as they are
 * - `lock`: read locks on every table until it is read
 * - `per-table`: no locks and no snapshot; each table is read at its own time
 */
export type ConsistencyMode = 'auto' | 'lock' | 'per-table' | 'snapshot';

/** What to lock, which sessions to open, and the resulting consistency. */
export interface SnapshotPlan {
  readonly consistency: Consistency;
  /** Connections that read. */
  readonly connections: number;
  /** Names of tables to lock only while the snapshots are being opened. */
  readonly lockBriefly: readonly string[];
  /** Names of tables to lock until they are read. */
  readonly lockWhileReading: readonly string[];
  /** Whether the reading connections open snapshots. */
  readonly openSnapshots: boolean;
  /** Names of the tables that are read in snapshots. */
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
      // Without a lock, two connections cannot open their snapshots at the same moment.
      return planOf({
        connections: 1,
        openSnapshots: true,
        tablesWithSnapshots: withSnapshots,
        consistency:
          without.length === 0
            ? { kind: 'consistent', by: 'snapshot' }
            : {
                kind: 'per-table',
                reason: `${without.length} tables have an engine without snapshots, and locks are disabled by the settings`,
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
 * The plan after the locks were not granted. A single session needs no locks to open a snapshot, so that a
 * transaction that is open for hours does not prevent a backup. Tables without snapshots need the locks
 * nevertheless. Pure.
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
