import type { ArchiveScope, DumpSummary, LeftOut, Part, SchemaObject } from './model.js';

/** Which parts {@link filterParts} lets through. A `TableSelection` fits. */
export interface PartFilter {
  /** The tables to keep. Those marked `definitionOnly` keep their definition and no rows. */
  readonly tables: readonly { readonly name: string; readonly definitionOnly?: string }[];
  /** For the reasons in the summary: what the smaller archive is for. */
  readonly scope: ArchiveScope;
  /** Why tables are not kept; a table that is not listed gets a reason of its own. */
  readonly leftOut: readonly LeftOut[];
}

/**
 * Narrows a dump to some of its tables, so that one reading of the database feeds a full and a critical archive.
 * Triggers of tables that are not kept go with them. What goes is listed in the summary, each with its reason. A row
 * filter is not applied: all rows that were read stay.
 *
 * @param parts - a whole dump
 * @param filter - which tables to keep
 * @example
 * ```ts
 * const { tables, scope, leftOut } = selectCriticalTables(catalog);
 * const few = filterParts(dumpDatabase(database), { tables, scope, leftOut });
 * for await (const part of few) console.log(part.kind);
 * ```
 */
export async function* filterParts(parts: AsyncIterable<Part>, filter: PartFilter): AsyncGenerator<Part> {
  const kept = new Map(filter.tables.map((table) => [table.name, table]));
  const withRows = new Set<number>();
  const droppedTriggers: LeftOut[] = [];
  for await (const part of parts) {
    switch (part.kind) {
      case 'database':
        yield part;
        break;
      case 'table': {
        const table = kept.get(part.table.name);
        if (table === undefined) break;
        const definitionOnly = table.definitionOnly ?? part.table.definitionOnly;
        if (definitionOnly === undefined) withRows.add(part.table.index);
        yield definitionOnly === undefined ? part : { ...part, table: { ...part.table, definitionOnly } };
        break;
      }
      case 'rows':
        if (withRows.has(part.table)) yield part;
        break;
      case 'objects': {
        const isKept = (object: SchemaObject): boolean =>
          object.kind !== 'trigger' || object.table === undefined || kept.has(object.table);
        for (const { kind, name } of part.objects.filter((object) => !isKept(object))) {
          droppedTriggers.push({ kind, name, reason: 'its table is not in this archive' });
        }
        yield { kind: 'objects', objects: part.objects.filter(isKept) };
        break;
      }
      case 'summary': {
        const summary = filterSummary(part.summary, new Set(kept.keys()), filter);
        const tables = summary.tables.map((table) =>
          withRows.has(table.index) ? table : { ...table, rows: 0, parts: 0, plainBytes: 0, storedBytes: 0 },
        );
        const emptied = summary.tables.flatMap(({ name }): LeftOut[] => {
          const reason = kept.get(name)?.definitionOnly;
          return reason === undefined ? [] : [{ kind: 'table', name, reason }];
        });
        yield {
          kind: 'summary',
          summary: { ...summary, tables, leftOut: [...summary.leftOut, ...emptied, ...droppedTriggers] },
        };
        break;
      }
    }
  }
}

/** A summary of some of its tables, which lists the others as left out. */
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
