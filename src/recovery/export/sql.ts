import type { ArchiveReader } from '../../archive/index.js';
import { assertOptions, assertReader } from '../../arguments.js';
import { quoteText } from '../../database/identifiers.js';
import { isAtLeast } from '../../database/server-version.js';
import type { DatabaseDescription, SchemaObject, TableDescription } from '../../model/parts.js';
import { tokenise } from '../ddl/tokens.js';
import { loadedColumns } from '../load/cells.js';
import { InsertWriter } from '../load/insert-writer.js';
import { headerBytes } from '../load/load-command.js';
import { loadingMode } from '../restore/session.js';
import { prepared, printed } from './client-text.js';
import { isMadeAnywhere, programSql, type ScriptedEvents, sequenceSql, viewsSql } from './object-sql.js';
import { outsideEngineOf, tableSql } from './table-sql.js';

// Statements are at most a megabyte; a single row may need more, up to the largest packet of a server.
const largestRow = 1 << 30;

/** Options of {@link exportSql}. */
export interface ExportSqlOptions {
  /** Names of the tables to write. @defaultValue all */
  readonly tables?: readonly string[] | undefined;
  /** Whether views, routines, triggers and events are included. @defaultValue true */
  readonly objects?: boolean | undefined;
  /** Whether events are created enabled if they were. @defaultValue 'at-rest' */
  readonly events?: ScriptedEvents | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with the rows written since the last call. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

/**
 * Writes an archive as a script for the `mariadb` or `mysql` client. It names no database, so it loads into
 * any. Text and bytes are hexadecimal, so sql_mode and character sets do not matter, and nothing in it looks
 * like a command to a client. Its last statement reports that it is complete.
 *
 * @throws BackupError `archive-damaged`
 * @example
 * ```ts
 * for await (const piece of exportSql(archive, { tables: ['patient'] })) console.log(piece.length);
 * ```
 */
export async function* exportSql(
  reader: ArchiveReader,
  options: ExportSqlOptions = {},
): AsyncGenerator<string | Uint8Array> {
  assertReader('reader', reader);
  assertOptions(options, { tables: 'array?', objects: 'boolean?', events: 'text?' });
  try {
    yield* statementsOf(reader, options);
  } catch (error) {
    // The consumer of a pipe has the beginning already, so the script itself must fail.
    yield incomplete;
    throw error;
  }
  yield foot;
}

async function* statementsOf(
  reader: ArchiveReader,
  { tables, objects = true, events = 'at-rest', signal, onRows }: ExportSqlOptions,
): AsyncGenerator<string | Uint8Array> {
  const database = await reader.database({ signal });
  const kept = objects ? await reader.objects({ signal }) : [];
  const { snapshotAt } = reader.manifest;
  yield head(database, snapshotAt);
  for (const object of kept) if (object.kind === 'sequence') yield sequenceSql(object, database.name);
  const all = reader.manifest.tables.map((table) => table.name);
  const wanted = tables ?? all;
  const absent = new Set(all.filter((name) => !wanted.includes(name)));
  for (const name of wanted) {
    const table = await reader.table(name, { signal });
    const engine = outsideEngineOf(table, database.name);
    if (engine !== undefined) {
      absent.add(name);
      yield notMade(`it reaches beyond its database (${engine})`, `table ${name}`);
      continue;
    }
    yield `\n${tableSql(table, database.name)}`;
    yield* rowsSql(reader, table, signal, onRows);
  }
  yield* programsOf(kept, database, snapshotAt, events, absent);
}

function* programsOf(
  kept: readonly SchemaObject[],
  database: DatabaseDescription,
  snapshotAt: string,
  events: ScriptedEvents,
  absentTables: ReadonlySet<string>,
): Generator<string | Uint8Array> {
  const of = (...kinds: readonly SchemaObject['kind'][]): readonly SchemaObject[] =>
    kinds.flatMap((kind) => kept.filter((object) => object.kind === kind));
  const absent = new Set([...absentTables].map((name) => name.toLowerCase()));
  for (const object of of('function', 'procedure', 'package', 'package-body')) {
    yield programSql(object, database, snapshotAt, events);
    if (!isMadeAnywhere(object, database.name)) absent.add(object.name.toLowerCase());
  }
  yield* viewsSql(inOrder(of('view')), database.name, absent);
  const triggers = [...of('trigger')].sort((a, b) => (a.actionOrder ?? 0) - (b.actionOrder ?? 0));
  for (const object of [...triggers, ...of('event')]) {
    if (object.table !== undefined && absentTables.has(object.table))
      yield notMade('its table is not here', `trigger ${object.name}`);
    else yield programSql(object, database, snapshotAt, events);
  }
}

/** Only the objects of an archive, for reading, or for loading beside their tables. */
export async function* programScriptOf(
  reader: ArchiveReader,
  isWanted: (object: SchemaObject) => boolean,
  signal: AbortSignal,
): AsyncGenerator<string | Uint8Array> {
  const database = await reader.database({ signal });
  const objects = await reader.objects({ signal });
  const { snapshotAt } = reader.manifest;
  yield head(database, snapshotAt);
  yield* programsOf(objects.filter(isWanted), database, snapshotAt, 'at-rest', new Set());
  yield foot;
}

function notMade(why: string, what: string): string {
  return `\nSELECT ${quoteText(`not made, as ${why}: ${what}`)} AS script;\n`;
}

function head({ name, server, characterSet, collation }: DatabaseDescription, snapshotAt: string): string {
  const { vendor, version } = server;
  // What a definition omits depended on the defaults of its server.
  const isNew = vendor === 'mysql' ? isAtLeast(version, 8, 0) : isAtLeast(version, 11, 5);
  return `-- Database ${printed(name)} (${printed(characterSet)}, ${printed(collation)}) of ${printed(vendor)} ${printed(version)}, as of ${printed(snapshotAt)}.
-- Load it into an empty database of the same character set:
--   mariadb --comments --binary-mode newdb < this-file.sql
-- It is complete when the last line of the output says so.
SET NAMES utf8mb4;
SET @old_foreign_key_checks = @@foreign_key_checks, foreign_key_checks = 0;
SET @old_unique_checks = @@unique_checks, unique_checks = 1;
SET @old_sql_mode = @@sql_mode, sql_mode = '${loadingMode}';
SET @old_time_zone = @@time_zone, time_zone = '+00:00';
SET @old_autocommit = @@autocommit, autocommit = 1;
/*M!100201 SET check_constraint_checks = 0 */;
/*M!100802 SET explicit_defaults_for_timestamp = 1 */;
${isNew ? '' : "/*M!110301 SET character_set_collations = '' */;\n"}`;
}

const foot = `
SET time_zone = @old_time_zone, sql_mode = @old_sql_mode, timestamp = DEFAULT;
SET unique_checks = @old_unique_checks, foreign_key_checks = @old_foreign_key_checks;
SET autocommit = @old_autocommit;
SELECT 'complete' AS script;
-- complete
`;

const incomplete = `
SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'The script is not complete: the archive could not be read to its end';
-- not complete
`;

async function* rowsSql(
  reader: ArchiveReader,
  table: TableDescription,
  signal: AbortSignal | undefined,
  onRows: ((rows: number) => void) | undefined,
): AsyncGenerator<string | Uint8Array> {
  let statements: (string | Uint8Array)[] = [];
  const end = Buffer.from(';\n');
  const columns = loadedColumns(table.columns);
  // Some clients take a backslash in a name for the start of a command.
  const isPlain = ![table.name, ...columns.map(({ name }) => name)].some((name) => /[\\\0\r\n]/.test(name));
  if (table.versioned === 'history') yield '/*M!101100 SET system_versioning_insert_history = 1 */;\n';
  const writer = new InsertWriter(table.name, columns, largestRow, async (buffer, until) => {
    // The writer reserves bytes for a packet's header and command, and reuses its buffer.
    const statement = buffer.subarray(headerBytes + 1, until);
    if (isPlain) statements.push(Buffer.from(statement), end);
    else statements.push(prepared(statement));
  });
  for await (const batch of reader.readTable(table.name, { signal })) {
    await writer.write(batch);
    yield* statements;
    statements = [];
    onRows?.(batch.rows);
  }
  await writer.flush();
  yield* statements;
}

/**
 * Views after the ones they read from, as far as that can be determined; names that are merely mentioned do
 * not count.
 */
function inOrder(views: readonly SchemaObject[]): readonly SchemaObject[] {
  const byName = new Map(views.map((view) => [view.name.toLowerCase(), view]));
  const placed = new Set<SchemaObject>();
  const under = new Set<SchemaObject>();
  const place = (view: SchemaObject): void => {
    if (placed.has(view) || under.has(view)) return;
    under.add(view);
    for (const name of readFrom(view)) {
      const named = byName.get(name);
      if (named !== undefined) place(named);
    }
    placed.add(view);
  };
  for (const view of views) place(view);
  return [...placed];
}

function readFrom({ createStatement }: SchemaObject): readonly string[] {
  const names: string[] = [];
  let before = '';
  for (const { kind, text } of tokenise(createStatement)) {
    if (kind === 'space' || kind === 'comment' || text === '(') continue;
    if (kind === 'name' && /^(from|join|straight_join)$/i.test(before)) {
      names.push(text.slice(1, -1).replaceAll('``', '`').toLowerCase());
    }
    before = text;
  }
  return names;
}
