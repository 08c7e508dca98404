import { isTransactional } from '../../catalog/engines.js';
import { quoteName } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { sameName } from '../../database/server-names.js';
import type { DatabaseDescription, SchemaObject, TableSummary } from '../../model/parts.js';
import { plural } from '../../quantities.js';
import { planTable, type TableItem, usualName, withUsualName } from '../ddl/table-statement.js';
import { holdsRows } from '../load/read-back.js';
import type { ArchiveWork } from './archive-work.js';
import { addItems, dropForeignKeys, notThere } from './foreign-keys.js';
import { type MissingMark, readMissing } from './missing-mark.js';
import {
  createJournal,
  findJournal,
  journalTable,
  type RestoreJournal,
  readJournal,
} from './restore-journal.js';
import { dropObjects } from './restore-objects.js';
import type { RestoredTable } from './restore-report.js';
import type { RestoreSession } from './session.js';
import { awaitLastStatements, examineTarget } from './target.js';

/** The work key of a complete target in which missing objects are tried again. */
const keyAgain = (key: string): string => `${key}:again`;

/**
 * Continues an earlier restore of the same work into the target: one that was interrupted, or one that could
 * not create everything. Puts the tables to be loaded into the list of waiting ones.
 *
 * @param key - of this work
 * @returns the objects to be created; undefined when the target holds no such restore
 */
export async function resumeRestore(
  work: ArchiveWork,
  server: RestoreSession,
  key: string,
  database: DatabaseDescription,
  objects: readonly SchemaObject[],
): Promise<readonly SchemaObject[] | undefined> {
  const { run } = work;
  const { resume = true, replace = false } = run.options;
  if (!resume) return undefined;
  const missing = replace ? undefined : await readMissingOfWork(work, server, key);
  if (missing !== undefined) {
    await run.open(database, key);
    return tryMissingAgain(work, server, key, missing, objects);
  }
  if (!(await isInterrupted(work, server, key))) return undefined;
  await awaitLastStatements(server.connection, run.target.database, run.signal);
  // The last statement may have been the one that completed the target.
  if (!(await isInterrupted(work, server, key))) return undefined;
  const journal = await readJournal(server.connection, run.target.database);
  await run.open(database, key);
  await keepWholeTables(work, journal);
  return objects;
}

/** What an earlier restore of the same work could not create; undefined when the target is not of one. */
async function readMissingOfWork(
  work: ArchiveWork,
  { connection }: RestoreSession,
  key: string,
): Promise<MissingMark | undefined> {
  const { database: target } = work.run.target;
  const state = await examineTarget(connection, target);
  if (state === 'unfinished') {
    // Only missing objects were being tried when that was interrupted; everything else may be in use.
    if ((await readJournal(connection, target)).workKey !== keyAgain(key)) return undefined;
    await awaitLastStatements(connection, target, work.run.signal);
    return (await readMissing(connection, target)) ?? { workKey: key, missing: [] };
  }
  if (state !== 'filled') return undefined;
  const mark = await readMissing(connection, target);
  return mark?.workKey === key ? mark : undefined;
}

/**
 * Puts the missing tables into the list of waiting ones, and adds missing keys. @returns the missing objects
 */
async function tryMissingAgain(
  work: ArchiveWork,
  server: RestoreSession,
  key: string,
  { missing }: MissingMark,
  objects: readonly SchemaObject[],
): Promise<readonly SchemaObject[]> {
  const { run } = work;
  const isMissing = (kind: string, name: string, table?: string): boolean =>
    missing.some((each) => each.kind === kind && each.name === name && (table ?? each.table) === each.table);
  const tables = work.waiting.splice(0);
  const lost = tables.filter(({ name }) => isMissing('table', name));
  await prepareMissingTables(work, server, key, lost);
  const standing = tables.filter(({ name }) =>
    missing.some(({ kind, table }) => kind !== 'trigger' && kind !== 'table' && table === name),
  );
  for (const { name } of standing.filter((table) => !lost.includes(table))) {
    const description = run.acceptStanding(await work.describe(name));
    const { items, foreignKeys } = planTable(description, run.source.name, run.target.database, 'one-by-one');
    const { connection } = run.schema;
    const left = (some: readonly TableItem[]) =>
      notThere(
        connection,
        name,
        some.filter((item) => isMissing(item.kind, item.name, name)),
      );
    run.lack(await addItems(connection, name, await left(items), run.signal));
    run.foreignKeys.owe(name, await left(foreignKeys));
  }
  const message = `Only what was missing was tried again: ${missing.length} objects. Everything else stays unchanged.`;
  run.notes.push({ code: 'resumed', message });
  return objects.filter(({ kind, name }) => isMissing(kind, name));
}

/**
 * Marks the target as incomplete while missing tables are loaded, and drops those of an earlier try. Another
 * table of the same name belongs to somebody else, and stays.
 */
async function prepareMissingTables(
  work: ArchiveWork,
  { connection }: RestoreSession,
  key: string,
  lost: readonly TableSummary[],
): Promise<void> {
  const { run } = work;
  const { database: target } = run.target;
  const { connection: schema } = run.schema;
  const begun = (await readJournal(connection, target)).done;
  for (const { name, index } of lost) {
    if (begun.has(index)) await schema.query(`DROP TABLE IF EXISTS ${quoteName(usualName(name))}`);
  }
  if (lost.length === 0) return;
  const there = (await schema.query('SHOW TABLES')).map((row) => Object.values(row)[0]);
  if ((await findJournal(connection, target)) === undefined) {
    const names = work.archive.manifest.tables.map(({ name }) => name);
    await createJournal(connection, target, keyAgain(key), names);
  }
  for (const table of lost) {
    if (there.some((name) => sameName(name, usualName(table.name), schema))) {
      const message =
        'A table of this name is there that the restore did not create: rename or drop it first.';
      run.lackTable({ name: table.name, errno: 0, message });
      continue;
    }
    await journalTable(schema, table.index, -1);
    work.waiting.push(table);
  }
  work.recount();
}

/** Whether the target holds an interrupted restore of the same work. */
async function isInterrupted(
  work: ArchiveWork,
  { connection }: RestoreSession,
  key: string,
): Promise<boolean> {
  const { database: target } = work.run.target;
  if ((await examineTarget(connection, target)) !== 'unfinished') return false;
  return (await readJournal(connection, target)).workKey === key;
}

/**
 * Keeps the complete tables, and drops everything else: tables that were being loaded, and what comes after
 * the rows.
 */
async function keepWholeTables(work: ArchiveWork, journal: RestoreJournal): Promise<void> {
  const { run } = work;
  const { schema, notes } = run;
  await dropObjects((await run.programs()).connection);
  await dropForeignKeys(schema.connection);
  const kept: RestoredTable[] = [];
  for (const table of [...work.waiting]) {
    const whole = journal.done.get(table.index) === table.rows && (await holdsAllRows(work, table));
    if (whole) {
      work.remove(table);
      const description = run.acceptTable(await work.describe(table.name));
      const { foreignKeys } = planTable(description, run.source.name, run.target.database, 'at-once');
      run.foreignKeys.owe(usualName(table.name), foreignKeys);
      kept.push({ name: table.name, rows: table.rows });
      work.tellSchedule(table.name);
      work.advance(table.rows, table.plainBytes);
    } else {
      await schema.connection.query(`DROP TABLE IF EXISTS ${quoteName(usualName(table.name))}`);
    }
  }
  work.done.push(...kept);
  notes.push({
    code: 'resumed',
    message: `An interrupted restore was taken up: ${plural(kept.length, 'table was', 'tables were')} there already.`,
  });
}

/**
 * After a power failure, a server may have lost rows that it had confirmed. Tables with a log are counted.
 * Without one (MyISAM, Aria), the row count may be that from before: those tables are checked with their
 * keys, and read.
 */
async function holdsAllRows(work: ArchiveWork, table: TableSummary): Promise<boolean> {
  const { schema, signal } = work.run;
  const { connection } = schema;
  try {
    if (!isTransactional(table.engine)) {
      const told = await connection.query(`CHECK TABLE ${quoteName(usualName(table.name))}`, { signal });
      if (told.some((row) => row['Msg_type'] === 'error')) return false;
      const description = withUsualName(await work.describe(table.name));
      return await holdsRows(schema, description, await work.digestOf(schema, description), signal);
    }
    const [row] = await connection.query(`SELECT COUNT(*) AS n FROM ${quoteName(usualName(table.name))}`);
    return Number(row?.['n']) === table.rows;
  } catch (error) {
    // The table is missing or damaged; any other error is one of the connection.
    if (serverErrorNumber(error) === undefined) throw error;
    return false;
  }
}
