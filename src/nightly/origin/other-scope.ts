import { allTables, type NightFacts, type TableFacts } from '../../history/loss/facts.js';

/** What readings of the other scope say since the last one of tonight's scope. */
export interface OtherScope {
  /** The same nights; the last one of this scope has tables as they were when their loss was acknowledged. */
  readonly past: readonly NightFacts[];
  /** Those tables, for {@link NightFacts.purgedElsewhere}. */
  readonly purged: readonly string[];
}

/** Growth between two readings, as a share of rows and bytes; what is read in part differs by more. */
const leastAlike = 0.9;

/**
 * Readings of different scope are not compared, and so a loss that one shows would be reported by the next
 * one of the other scope as well, although it was acknowledged or announced. It is taken over where both
 * scopes read all of a table. Other tables are compared as ever.
 */
export function withOtherScope(
  past: readonly NightFacts[],
  { night, scope }: Pick<NightFacts, 'night' | 'scope'>,
): OtherScope {
  const earlier = past
    .filter((each) => each.night < night)
    .sort((a, b) => (a.night < b.night ? -1 : Number(a.night > b.night)));
  const last = earlier.findLast((each) => each.scope === scope);
  if (last === undefined) return { past, purged: [] };
  const own = earlier.filter((each) => each.scope === scope);
  const others = earlier.filter((each) => each.scope !== scope);
  // After a loss, few rows may become many between one reading and the next: those from before it show it too.
  const isWhole = (name: string): boolean =>
    own.some(({ tables: { [name]: a } }) => others.some(({ tables: { [name]: b } }) => isAlike(a, b)));
  const tables = new Map(Object.entries(last.tables));
  const purged = new Set<string>();
  let { replica } = last;
  for (const other of others) {
    if (other.purged === undefined || other.night < last.night) continue;
    const isAll = other.purged.includes(allTables);
    if (isAll && other.replica === 'stopped') replica = 'stopped';
    for (const name of Object.keys(last.tables)) {
      if (name === allTables || (!isAll && !other.purged.includes(name))) continue;
      if (!isWhole(name)) continue;
      purged.add(name);
      const now = other.tables[name];
      if (now === undefined) tables.delete(name);
      else tables.set(name, now);
    }
  }
  const { replica: _, ...rest } = last;
  const seen: NightFacts = {
    ...rest,
    tables: Object.fromEntries(tables),
    ...(replica === undefined ? {} : { replica }),
    ...(purged.size === 0 ? {} : { purgedElsewhere: [...purged] }),
  };
  return { past: past.map((each) => (each === last ? seen : each)), purged: [...purged] };
}

function isAlike(a: TableFacts | undefined, b: TableFacts | undefined): boolean {
  const near = (x: number, y: number): boolean => Math.min(x, y) >= Math.max(x, y) * leastAlike;
  return a !== undefined && b !== undefined && near(a.rows, b.rows) && near(a.plainBytes, b.plainBytes);
}
