import type { ArchiveReader } from '../../archive/index.js';
import type { DatabaseDescription, SchemaObject, TableDescription } from '../../archive/model.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { planObject } from '../../recovery/ddl/object-statement.js';
import { join, tokenise } from '../../recovery/ddl/tokens.js';
import { loadedColumns } from '../../recovery/load/cells.js';
import { InsertWriter } from '../../recovery/load/insert-writer.js';
import { HEADER_BYTES } from '../../recovery/load/load-command.js';
import { LOADING_MODE } from '../../recovery/restore/session.js';

// Statements are kept to a megabyte; a single row may need more, up to what any server takes.
const largestRow = 1 << 30;

/** Options of {@link sqlOf}. */
export interface SqlOptions {
  /** Names of the tables to write. */
  readonly tables: readonly string[];
  /** Whether views, routines, triggers and events come too. */
  readonly objects: boolean;
  readonly signal: AbortSignal;
  /** Called with the rows written since the last call. */
  readonly onRows: (rows: number) => void;
}

/**
 * An archive as a script for the `mariadb` or `mysql` client: names no database, so that it loads into any. Text and bytes
 * are hexadecimal, so that no sql_mode and no character set is ever interpreted.
 */
export async function* sqlOf(
  reader: ArchiveReader,
  { tables, objects, signal, onRows }: SqlOptions,
): AsyncGenerator<string | Uint8Array> {
  const database = await reader.database({ signal });
  const kept = objects ? await reader.objects({ signal }) : [];
  yield head(database, reader.manifest.snapshotAt);
  for (const sequence of kept.filter(({ kind }) => kind === 'sequence')) yield sequenceSql(sequence);
  for (const name of tables) {
    const table = await reader.table(name, { signal });
    yield `\n${unqualified(table.createStatement, database.name)};\n`;
    yield* rowsSql(reader, table, signal, onRows);
  }
  for (const object of inOrder(kept)) yield objectSql(object, database);
  for (const { name } of kept.filter(({ kind, status }) => kind === 'event' && status === 'ENABLED')) {
    yield `ALTER EVENT ${quoteName(name)} ENABLE;\n`;
  }
  yield foot;
}

function head({ name, server, characterSet, collation }: DatabaseDescription, snapshotAt: string): string {
  return `-- Database ${printed(name)} (${characterSet}, ${collation}) of ${server.vendor} ${printed(server.version)}, as of ${snapshotAt}.
-- Load it into an empty database of the same character set:
--   mariadb --comments --binary-mode newdb < this-file.sql
SET NAMES utf8mb4;
SET @old_foreign_key_checks = @@foreign_key_checks, foreign_key_checks = 0;
SET @old_unique_checks = @@unique_checks, unique_checks = 1;
SET @old_sql_mode = @@sql_mode, sql_mode = '${LOADING_MODE}';
SET @old_time_zone = @@time_zone, time_zone = '+00:00';
`;
}

const foot = `
SET time_zone = @old_time_zone, sql_mode = @old_sql_mode;
SET unique_checks = @old_unique_checks, foreign_key_checks = @old_foreign_key_checks;
`;

async function* rowsSql(
  reader: ArchiveReader,
  table: TableDescription,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): AsyncGenerator<Uint8Array> {
  let statements: Buffer[] = [];
  const end = Buffer.from(';\n');
  const columns = loadedColumns(table.columns);
  const writer = new InsertWriter(table.name, columns, largestRow, async (buffer, until) => {
    // The writer leaves room for a packet's header and command in front, and uses its buffer again.
    statements.push(Buffer.from(buffer.subarray(HEADER_BYTES + 1, until)), end);
  });
  for await (const batch of reader.readTable(table.name, { signal })) {
    await writer.write(batch);
    yield* statements;
    statements = [];
    onRows(batch.rows);
  }
  await writer.flush();
  yield* statements;
}

function sequenceSql({ name, createStatement, nextValue }: SchemaObject): string {
  const restart =
    nextValue === undefined ? '' : `ALTER SEQUENCE ${quoteName(name)} RESTART WITH ${BigInt(nextValue)};\n`;
  return `\n${createStatement};\n${restart}`;
}

// Each in the surroundings it was made in: the mode decides what its quotes mean, the character sets what its text means.
function objectSql(object: SchemaObject, { name }: DatabaseDescription): string {
  const planned = planObject(object, { definers: 'keep', source: name, target: name });
  const statement =
    object.kind === 'view' || object.kind === 'trigger' ? unqualified(planned, name) : planned;
  const settings = [`sql_mode = ${quoteText(object.sqlMode ?? '')}`];
  if (object.characterSetClient !== undefined)
    settings.push(`character_set_client = ${object.characterSetClient}`);
  if (object.collationConnection !== undefined)
    settings.push(`collation_connection = ${object.collationConnection}`);
  if (object.timeZone !== undefined) settings.push(`time_zone = ${quoteText(object.timeZone)}`);
  const delimiter = delimiterFor(statement);
  const broken =
    object.brokenAtSource === undefined
      ? ''
      : `-- It was broken already when the copy was made: ${printed(object.brokenAtSource)}\n`;
  return `
${broken}SET ${settings.join(', ')};
DELIMITER ${delimiter}
${statement}${delimiter}
DELIMITER ;
SET NAMES utf8mb4, sql_mode = '${LOADING_MODE}', time_zone = '+00:00';
`;
}

// The client takes the first delimiter it sees, wherever it stands.
function delimiterFor(statement: string): string {
  let delimiter = ';;';
  while (statement.includes(delimiter)) delimiter += ';';
  return statement.endsWith(';') ? `${delimiter};` : delimiter;
}

const ranks: Readonly<Record<SchemaObject['kind'], number>> = {
  sequence: 0,
  function: 1,
  procedure: 1,
  package: 2,
  'package-body': 3,
  view: 4,
  trigger: 5,
  event: 6,
};

/** In an order in which each finds what it needs; a view comes after the views it names. */
function inOrder(objects: readonly SchemaObject[]): readonly SchemaObject[] {
  const views = new Map(
    objects.filter(({ kind }) => kind === 'view').map((view) => [view.name.toLowerCase(), view]),
  );
  const placed = new Set<SchemaObject>();
  const place = (view: SchemaObject, above: ReadonlySet<SchemaObject>): void => {
    if (placed.has(view) || above.has(view)) return;
    for (const { kind, text } of tokenise(view.createStatement)) {
      const named =
        kind === 'name' ? views.get(text.slice(1, -1).replaceAll('``', '`').toLowerCase()) : undefined;
      if (named !== undefined) place(named, new Set([...above, view]));
    }
    placed.add(view);
  };
  for (const view of views.values()) place(view, new Set());
  const others = objects.filter(({ kind }) => kind !== 'view' && kind !== 'sequence');
  return [...placed, ...others].sort(
    (a, b) => ranks[a.kind] - ranks[b.kind] || (a.actionOrder ?? 0) - (b.actionOrder ?? 0),
  );
}

/** A statement whose names stand for the database it is loaded into. */
function unqualified(statement: string, database: string): string {
  const tokens = tokenise(statement);
  const own = quoteName(database);
  return join(
    tokens.filter(
      ({ text }, at) =>
        !(text === own && tokens[at + 1]?.text === '.') && !(text === '.' && tokens[at - 1]?.text === own),
    ),
  );
}

// In a comment, which ends with its line.
function printed(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
