import { type Token, tokenise, unquote } from '../database/tokens.js';
import type { DumpSummary, LeftOut, SchemaObject } from '../model/parts.js';
import { tablesOfView } from './view-names.js';

/** Objects that work without the absent tables, and those that do not. */
export interface SortedObjects {
  readonly kept: readonly SchemaObject[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Leaves out the objects that cannot be created, or would do harm, where some tables are absent: views that
 * read from them, directly or through another view; triggers on them; and triggers on other tables that use
 * them, because every change of those tables would fail. Routines and events stay. A view that is broken at
 * the source stays.
 *
 * @param absent - names of tables that exist at the source and not in the copy
 * @param database - the source's name
 * @param where - the place where they are absent, for the reason
 */
export function leaveOutWithoutTables(
  objects: readonly SchemaObject[],
  absent: ReadonlySet<string>,
  database: string,
  where = 'this archive',
): SortedObjects {
  if (absent.size === 0) return { kept: objects, leftOut: [] };
  const gone = new Set(absent);
  const reasons = new Map<SchemaObject, string>();
  const views = objects
    .filter(({ kind, brokenAtSource }) => kind === 'view' && brokenAtSource === undefined)
    .map((view) => ({ view, reads: tablesOfView(tokenise(view.createStatement), database) }));
  for (let before = -1; before !== reasons.size; ) {
    before = reasons.size;
    for (const { view, reads } of views) {
      const needed = [...reads].find((name) => gone.has(name));
      if (needed === undefined || reasons.has(view)) continue;
      reasons.set(view, `it reads from "${needed}", which is not in ${where}`);
      gone.add(view.name);
    }
  }
  for (const trigger of objects.filter(({ kind }) => kind === 'trigger')) {
    if (trigger.table !== undefined && absent.has(trigger.table)) {
      reasons.set(trigger, `its table is not in ${where}`);
      continue;
    }
    const used = tablesUsed(tokenise(trigger.createStatement)).find((name) => gone.has(name));
    if (used !== undefined) reasons.set(trigger, `it uses "${used}", which is not in ${where}`);
  }
  return {
    kept: objects.filter((object) => !reasons.has(object)),
    leftOut: [...reasons].map(([{ kind, name }, reason]) => ({ kind, name, reason })),
  };
}

const beforeTable: ReadonlySet<string> = new Set([
  'FROM',
  'INTO',
  'JOIN',
  'REPLACE',
  'STRAIGHT_JOIN',
  'UPDATE',
]);

/** Names that follow a keyword before a table; columns and variables of the same name are not meant. */
function tablesUsed(tokens: readonly Token[]): readonly string[] {
  const words = tokens.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  return words.flatMap(({ kind, text }, i) => {
    if (kind !== 'word' || !beforeTable.has(text.toUpperCase())) return [];
    const name = words[i + 2]?.text === '.' ? words[i + 3] : words[i + 1];
    return name?.kind === 'name' || name?.kind === 'word' ? [unquote(name.text)] : [];
  });
}

/** Tables of the source that are not in an archive, or not among selected tables. */
export function absentTables(
  { tables, leftOut }: Pick<DumpSummary, 'leftOut' | 'tables'>,
  chosen: readonly string[] | undefined,
): ReadonlySet<string> {
  const isPresent = (name: string): boolean => chosen?.includes(name) ?? true;
  const present = new Set(tables.map(({ name }) => name).filter(isPresent));
  const absent = leftOut.filter(({ kind }) => kind === 'table').map(({ name }) => name);
  const unchosen = tables.map(({ name }) => name).filter((name) => !isPresent(name));
  return new Set([...absent, ...unchosen].filter((name) => !present.has(name)));
}
