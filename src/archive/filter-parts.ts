import { assertArgument, assertEach } from '../arguments.js';
import { leaveOutWithoutTables } from '../catalog/objects-without-tables.js';
import { filterRows } from '../columns/filter-rows.js';
import { packRows, unpackRows } from '../columns/pack.js';
import type {
  ArchiveScope,
  DatabaseDescription,
  DateFilter,
  DumpSummary,
  LeftOut,
  Part,
  RowFilter,
  RowsPart,
  TableDescription,
  TableSummary,
  ValueForm,
} from '../model/parts.js';

/** Which parts {@link filterParts} keeps. A `TableSelection` fits. */
export interface PartFilter {
  /** The tables to keep. Those marked `definitionOnly` keep their definition and no rows. */
  readonly tables: readonly {
    readonly name: string;
    readonly definitionOnly?: string | undefined;
    /** Only some rows; `dates` is needed, since without it only a server could select them. */
    readonly rowFilter?: (RowFilter & { readonly dates?: DateFilter | undefined }) | undefined;
  }[];
  /** Scope on the label of the smaller archive. */
  readonly scope: ArchiveScope;
  /** Reasons for tables that are not kept; a table that is not listed gets a default one. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reduces a dump to some of its tables, and where a table has a row filter to some of its rows, so that
 * reading the database once yields both a full and a critical archive. Views and triggers that use omitted
 * tables are omitted as well. Everything omitted is listed in the summary, with its reason.
 *
 * @param parts - a whole dump
 * @param filter - which tables to keep
 * @throws TypeError when a row filter has no `dates`, or its column is not a date that is kept
 * @example
 * ```ts
 * const { tables, scope, leftOut } = selectCriticalTables(catalog);
 * const few = filterParts(dumpDatabase(database), { tables, scope, leftOut });
 * for await (const part of few) console.log(part.kind);
 * ```
 */
export async function* filterParts(parts: AsyncIterable<Part>, filter: PartFilter): AsyncGenerator<Part> {
  assertArgument('parts', parts, 'iterable');
  assertArgument('filter', filter, 'object', { tables: 'array', scope: 'text', leftOut: 'array' });
  assertEach('filter.tables', filter.tables, { name: 'text' });
  const kept = new Map(filter.tables.map((table) => [table.name, table]));
  const withRows = new Map<number, RowSieve | null>();
  const absent = new Set<string>();
  const droppedObjects: LeftOut[] = [];
  let database = '';
  for await (const part of parts) {
    switch (part.kind) {
      case 'database':
        database = part.database.name;
        yield { ...part, database: filterPromise(part.database, kept), scope: filter.scope };
        break;
      case 'table': {
        const table = kept.get(part.table.name);
        if (table === undefined) {
          absent.add(part.table.name);
          break;
        }
        const definitionOnly = table.definitionOnly ?? part.table.definitionOnly;
        if (definitionOnly !== undefined) yield { ...part, table: { ...part.table, definitionOnly } };
        else if (table.rowFilter === undefined) {
          withRows.set(part.table.index, null);
          yield part;
        } else {
          const sieve = new RowSieve(part.table, table.rowFilter);
          withRows.set(part.table.index, sieve);
          yield { ...part, table: sieve.description };
        }
        break;
      }
      case 'rows': {
        const sieve = withRows.get(part.table);
        if (sieve === null) yield part;
        const some = await sieve?.take(part);
        if (some !== undefined) yield some;
        break;
      }
      case 'objects': {
        const sorted = leaveOutWithoutTables(part.objects, absent, database);
        droppedObjects.push(...sorted.leftOut);
        yield { kind: 'objects', objects: sorted.kept };
        break;
      }
      case 'summary': {
        const summary = filterSummary(part.summary, new Set(kept.keys()), filter);
        const tables = summary.tables.map((table): TableSummary => {
          const sieve = withRows.get(table.index);
          if (sieve === null) return table;
          return { ...table, ...(sieve?.sums ?? { rows: 0, parts: 0, plainBytes: 0, storedBytes: 0 }) };
        });
        const emptied = summary.tables.flatMap(({ name }): LeftOut[] => {
          const reason = kept.get(name)?.definitionOnly;
          if (reason === undefined) return [];
          const told = filter.leftOut.find((each) => each.kind === 'table' && each.name === name);
          return [told ?? { kind: 'table', name, reason }];
        });
        yield {
          kind: 'summary',
          summary: { ...summary, tables, leftOut: [...summary.leftOut, ...emptied, ...droppedObjects] },
        };
        break;
      }
    }
  }
}

/** The list of tables that a smaller archive announces. */
export function filterPromise(
  database: DatabaseDescription,
  kept: { readonly size: number; has(name: string): boolean },
): DatabaseDescription {
  if (database.tables === undefined) return database;
  const tables = database.tables.filter(({ name }) => kept.has(name));
  const { unlistedTables: unlisted = 0, ...rest } = database;
  // The kept tables among the unlisted ones have no names here, but their number is known.
  const left = Math.min(unlisted, Math.max(0, kept.size - tables.length));
  return { ...rest, tables, ...(left === 0 ? {} : { unlistedTables: left }) };
}

/** Keeps some rows of one table, and counts them. */
class RowSieve {
  readonly description: TableDescription;
  readonly sums = { rows: 0, parts: 0, plainBytes: 0, storedBytes: 0 };
  readonly #dates: DateFilter;
  readonly #forms: readonly ValueForm[];
  readonly #column: number;

  constructor(
    table: TableDescription,
    { dates, where, reason }: RowFilter & { readonly dates?: DateFilter },
  ) {
    if (dates === undefined) throw new TypeError(`the row filter of table "${table.name}" has no "dates"`);
    const kept = table.columns.filter(({ form }) => form !== null);
    const column = kept.findIndex(({ name }) => name === dates.column);
    const form = kept[column]?.form;
    if (form !== 'date' && form !== 'datetime') {
      throw new TypeError(`the row filter of table "${table.name}" is not on a date column that is kept`);
    }
    const before = table.rowFilter;
    this.description = {
      ...table,
      rowFilter:
        before === undefined || before.where === where
          ? { where, reason, dates }
          : { where: `(${before.where}) AND (${where})`, reason: `${before.reason} ${reason}` },
    };
    this.#dates = dates;
    this.#forms = kept.map(({ form }) => form!);
    this.#column = column;
  }

  /** @returns undefined when no row of the part is kept */
  async take(part: RowsPart): Promise<RowsPart | undefined> {
    const batch = await unpackRows(part, this.#forms);
    const some = filterRows(batch, this.#column, this.#dates);
    if (some.rows === 0) return undefined;
    const { sums } = this;
    sums.parts += 1;
    const taken =
      some === batch ? { ...part, sequence: sums.parts } : await packRows(part.table, sums.parts, some);
    sums.rows += taken.rows;
    sums.plainBytes += taken.plainBytes;
    sums.storedBytes += taken.data.length;
    return taken;
  }
}

/** A summary of some of its tables, with the others as left out. */
export function filterSummary<Summary extends DumpSummary>(
  summary: Summary,
  kept: ReadonlySet<string>,
  reasons: Pick<PartFilter, 'leftOut'> = { leftOut: [] },
): Summary {
  const reasonOf = new Map(
    reasons.leftOut.filter(({ kind }) => kind === 'table').map(({ name, reason }) => [name, reason]),
  );
  const dropped = summary.tables
    .filter((table) => !kept.has(table.name))
    .map(({ name }): LeftOut => ({ kind: 'table', name, reason: reasonOf.get(name) ?? 'not asked for' }));
  const droppedNames = new Set(dropped.map(({ name }) => name));
  return {
    ...summary,
    tables: summary.tables.filter((table) => kept.has(table.name)),
    leftOut: [...summary.leftOut, ...dropped],
    warnings: summary.warnings.filter(
      (warning) => warning.table === undefined || !droppedNames.has(warning.table),
    ),
  };
}
