import type { FuzzCase, FuzzTable } from './model.js';

/** Every case that is a little smaller: first without large things, then without small ones. */
function* smaller(made: FuzzCase): Generator<FuzzCase> {
  if (made.route !== 'archive') yield { ...made, route: 'archive' };
  if (made.objects.length > 1) yield { ...made, objects: [] };
  if (made.sourceSettings.length > 0) yield { ...made, sourceSettings: [] };
  if (made.targetSettings.length > 0) yield { ...made, targetSettings: [] };
  for (const [index] of made.tables.entries()) yield withoutTable(made, index);
  for (const list of ['objects', 'sequences', 'sourceSettings', 'targetSettings'] as const) {
    for (const [index] of made[list].entries()) yield { ...made, [list]: made[list].toSpliced(index, 1) };
  }
  if (made.databaseOptions !== '') yield { ...made, databaseOptions: '' };
  if (made.database !== `fz_${made.seed}`)
    yield { ...made, database: `fz_${made.seed}`, copy: `fz_${made.seed}_copy` };
  for (const [index, table] of made.tables.entries()) {
    for (const other of smallerTables(table)) yield { ...made, tables: made.tables.with(index, other) };
  }
  for (const [index, object] of made.objects.entries()) {
    for (const [at] of object.statements.entries()) {
      if (object.statements.length > 1) {
        yield {
          ...made,
          objects: made.objects.with(index, { ...object, statements: object.statements.toSpliced(at, 1) }),
        };
      }
    }
  }
}

function withoutTable(made: FuzzCase, index: number): FuzzCase {
  const { name } = made.tables[index]!;
  const tables = made.tables.toSpliced(index, 1).map((table) => ({
    ...table,
    constraints: table.constraints.filter(({ refersTo }) => refersTo !== name),
  }));
  const objects = made.objects.filter(({ needs }) => !needs.includes(name));
  return { ...made, tables, objects, some: made.some.filter((one) => one !== name) };
}

function* smallerTables(table: FuzzTable): Generator<FuzzTable> {
  const { rows, columns } = table;
  if (rows.length > 0) yield { ...table, rows: [] };
  if (rows.length > 1) {
    yield { ...table, rows: rows.slice(0, rows.length >> 1) };
    yield { ...table, rows: rows.slice(rows.length >> 1) };
  }
  for (const list of ['afterwards', 'before'] as const) {
    if (table[list].length > 0) yield { ...table, [list]: [] };
  }
  for (const [index] of table.constraints.entries())
    yield { ...table, constraints: table.constraints.toSpliced(index, 1) };
  for (const [index] of table.options.entries())
    yield { ...table, options: table.options.toSpliced(index, 1) };
  const { charset: _charset, sqlMode: _mode, ...plain } = table;
  if (table.charset !== undefined || table.sqlMode !== undefined) yield plain;
  for (const [index, column] of columns.entries()) {
    if (columns.length === 1) break;
    // Rows have a value for each column that takes one.
    const at = columns.slice(0, index).filter(({ takesValues }) => takesValues).length;
    yield {
      ...table,
      columns: columns.toSpliced(index, 1),
      rows: column.takesValues ? rows.map((row) => row.toSpliced(at, 1)) : rows,
      constraints: table.constraints.filter((constraint) => !constraint.columns.includes(column.name)),
    };
  }
  if (rows.length < 6)
    for (const [index] of rows.entries()) yield { ...table, rows: rows.toSpliced(index, 1) };
}

/**
 * The smallest case that still fails alike, as far as the time reaches.
 *
 * @param fails whether a case fails in the same way
 */
export async function shrink(
  made: FuzzCase,
  fails: (smaller: FuzzCase) => Promise<boolean>,
  milliseconds: number,
): Promise<FuzzCase> {
  const end = Date.now() + milliseconds;
  let smallest = made;
  for (let found = true; found; ) {
    found = false;
    for (const candidate of smaller(smallest)) {
      if (Date.now() > end) return smallest;
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      found = true;
      break;
    }
  }
  return smallest;
}
