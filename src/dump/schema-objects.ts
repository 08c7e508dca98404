import { routineKind } from '../catalog/catalog-rows.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import { unqualifiedView } from '../catalog/view-names.js';
import type { Connection, TextRow } from '../database/connection.js';
import { compareNames, quoteName, quoteText } from '../database/identifiers.js';
import { serverErrorNumber } from '../database/server-failures.js';
import { sameName } from '../database/server-names.js';
import { BackupError, isBackupError } from '../errors.js';
import type { DumpWarning, SchemaObject, SchemaObjectKind } from '../model/parts.js';
import { bytesBeside, type ShownObject, showObject } from './shown-object.js';

/**
 * Reads every object except tables, each with the settings it was created with (O1–O13).
 *
 * Order: sequences, routines, packages before their bodies, views, triggers in their firing order, events.
 *
 * @throws BackupError `privilege-missing` when the server hides a definition (O9)
 */
export async function readSchemaObjects(
  connection: Connection,
  catalog: Catalog,
): Promise<readonly SchemaObject[]> {
  const facts = await readFacts(connection, catalog);
  const objects: SchemaObject[] = [];
  for (const kind of kindsInOrder) {
    const found = catalog.objects.filter((object) => object.kind === kind);
    const read: SchemaObject[] = [];
    for (const object of found) read.push(await readObject(connection, object, facts));
    if (kind === 'trigger') {
      read.sort((a, b) => compareNames(a.table!, b.table!) || (a.actionOrder ?? 0) - (b.actionOrder ?? 0));
    }
    objects.push(...read);
  }
  return objects;
}

const kindsInOrder: readonly SchemaObjectKind[] = [
  'sequence',
  'function',
  'procedure',
  'package',
  'package-body',
  'view',
  'trigger',
  'event',
];

/** SHOW CREATE of each kind: its keywords, and the column of the result with the statement. */
const showOf: Readonly<Record<SchemaObjectKind, readonly [words: string, column: string]>> = {
  sequence: ['SEQUENCE', 'Create Table'],
  function: ['FUNCTION', 'Create Function'],
  procedure: ['PROCEDURE', 'Create Procedure'],
  package: ['PACKAGE', 'Create Package'],
  'package-body': ['PACKAGE BODY', 'Create Package Body'],
  view: ['VIEW', 'Create View'],
  trigger: ['TRIGGER', 'SQL Original Statement'],
  event: ['EVENT', 'Create Event'],
};

async function readObject(
  connection: Connection,
  { kind, name, table }: CatalogObject,
  facts: ReadonlyMap<string, TextRow>,
): Promise<SchemaObject> {
  const [words, column] = showOf[kind];
  const fact = facts.get(factKey(kind, name)) ?? {};
  const question = `SHOW CREATE ${words} ${quoteName(name)}`;
  const shown = await showObject(connection, question, column, name).catch((error: unknown) => {
    const broken = kind === 'view' ? brokenView(name, fact, connection.address.database!, error) : undefined;
    if (broken === undefined) throw error;
    return broken;
  });
  const { row, statement: createStatement } = shown;
  const broken = kind === 'view' ? troubleIn(shown.warnings) : undefined;
  if (createStatement === undefined || createStatement === null) {
    throw new BackupError(
      'privilege-missing',
      `The database server does not show the definition of ${kind} "${name}" to this user.`,
      { details: { kind, name } },
    );
  }
  const text =
    kind === 'view'
      ? honestView(createStatement, row['character_set_client'], fact['body'], connection.address.database!)
      : createStatement;
  // The server generates the text of a view. It is right unless it is not valid UTF-8.
  const isPrinted = kind === 'view' && !text.includes('\ufffd');
  const bytes = isPrinted ? undefined : await bytesBeside(connection, text, shown);
  const nextValue = kind === 'sequence' ? await readNextValue(connection, name) : undefined;
  return {
    kind,
    name,
    createStatement: text,
    ...present('createStatementBytes', bytes),
    ...present('definer', fact['definer']),
    ...present('sqlMode', row['sql_mode']),
    ...present('characterSetClient', row['character_set_client']),
    ...present('collationConnection', row['collation_connection']),
    ...present('databaseCollation', row['Database Collation']),
    ...present('timeZone', row['time_zone']),
    ...present('status', fact['status']),
    ...present('table', table),
    ...(kind === 'trigger' ? { actionOrder: Number(fact['action_order'] ?? 0) } : {}),
    ...present('nextValue', nextValue),
    ...present('brokenAtSource', broken),
  };
}

/** Properties that SHOW CREATE does not return, by kind and name. */
async function readFacts(connection: Connection, catalog: Catalog): Promise<ReadonlyMap<string, TextRow>> {
  const facts = new Map<string, TextRow>();
  const kinds = new Set(catalog.objects.map((object) => object.kind));
  const ask = async (view: string, schema: string, list: string): Promise<readonly TextRow[]> => {
    const rows = await connection.query(
      `SELECT ${schema} AS schema_name, ${list} FROM information_schema.${view} WHERE ${schema} = ${quoteText(catalog.database)}`,
    );
    return rows.filter((row) => sameName(row['schema_name'], catalog.database, connection));
  };
  if (kinds.has('view')) {
    for (const row of await ask(
      'VIEWS',
      'TABLE_SCHEMA',
      'TABLE_NAME AS name, DEFINER AS definer, VIEW_DEFINITION AS body, SECURITY_TYPE AS security,' +
        ' CHECK_OPTION AS checked, CHARACTER_SET_CLIENT AS client, COLLATION_CONNECTION AS collation',
    )) {
      facts.set(factKey('view', row['name']!), row);
    }
  }
  if (kinds.has('trigger')) {
    const list = 'TRIGGER_NAME AS name, DEFINER AS definer, ACTION_ORDER AS action_order';
    for (const row of await ask('TRIGGERS', 'TRIGGER_SCHEMA', list)) {
      facts.set(factKey('trigger', row['name']!), row);
    }
  }
  if (kinds.has('event')) {
    const list = 'EVENT_NAME AS name, DEFINER AS definer, STATUS AS status';
    for (const row of await ask('EVENTS', 'EVENT_SCHEMA', list)) {
      facts.set(factKey('event', row['name']!), row);
    }
  }
  if (!routineKinds.some((kind) => kinds.has(kind))) return facts;
  const list = 'ROUTINE_NAME AS name, ROUTINE_TYPE AS type, DEFINER AS definer';
  for (const row of await ask('ROUTINES', 'ROUTINE_SCHEMA', list)) {
    const kind = routineKind(row['type']);
    if (kind !== undefined) facts.set(factKey(kind, row['name']!), row);
  }
  return facts;
}

const routineKinds: readonly SchemaObjectKind[] = ['function', 'procedure', 'package', 'package-body'];

function factKey(kind: SchemaObjectKind, name: string): string {
  return `${kind} ${name}`;
}

/**
 * The statement of a view with its text as written. MySQL 5.6 shows a view in a mixture of two character sets
 * when its client did not use UTF-8; the body in information_schema is right (O3).
 */
function honestView(
  shown: string,
  characterSet: string | null | undefined,
  body: string | null | undefined,
  database: string,
): string {
  const letters = (text: string): string => text.replaceAll(/[^ -~]/g, '');
  if (typeof body !== 'string' || /^(?:utf8|binary)/.test(characterSet ?? '') || letters(shown) === shown)
    return shown;
  const own = unqualifiedView(body, database);
  const [, head, rest] = /^(CREATE .*? VIEW `(?:[^`]|``)*`(?: \([^)]*\))? AS )(.*)$/s.exec(shown) ?? [];
  if (head === undefined || rest === undefined || !letters(rest).startsWith(letters(own))) return shown;
  return `${head}${own}${letters(rest).slice(letters(own).length)}`;
}

/**
 * Servers cannot show some views that are in their lists: MySQL 5.6 when a column was dropped, others when
 * collations conflict or the name of the database is invalid in the view's character set. Such a view does
 * not stop the backup (O2).
 *
 * @returns undefined when the error has another cause
 */
function brokenView(name: string, fact: TextRow, database: string, error: unknown): ShownObject | undefined {
  const { definer, body, security, checked, client, collation } = fact;
  const errno = serverErrorNumber(error);
  if (errno === undefined || isBackupError(error, 'privilege-missing') || !body || !definer) return undefined;
  const at = definer.lastIndexOf('@');
  const user = `${quoteName(definer.slice(0, at))}@${quoteName(definer.slice(at + 1))}`;
  const check = checked && checked !== 'NONE' ? ` WITH ${checked} CHECK OPTION` : '';
  const statement =
    `CREATE ALGORITHM=UNDEFINED DEFINER=${user} SQL SECURITY ${security ?? 'DEFINER'}` +
    ` VIEW ${quoteName(name)} AS ${unqualifiedView(body, database)}${check}`;
  return {
    row: { character_set_client: client ?? 'utf8mb4', collation_connection: collation ?? null },
    warnings: [{ Code: `${errno}`, Message: troubles.get(errno) ?? 'the server cannot show it' }],
    statement,
    raw: undefined,
  };
}

const troubles: ReadonlyMap<number, string> = new Map([
  [1267, 'it mixes incompatible collations'],
  [1356, 'the view refers to something that does not exist'],
]);

/** The server's warning about the view just shown, whose definition is kept nevertheless (O2). */
function troubleIn(warnings: readonly TextRow[]): string | undefined {
  const [first] = warnings;
  return first === undefined ? undefined : `${first['Code']}: ${first['Message']}`;
}

async function readNextValue(connection: Connection, name: string): Promise<string | undefined> {
  const [row] = await connection.query(`SELECT next_not_cached_value AS next FROM ${quoteName(name)}`);
  return row?.['next'] ?? undefined;
}

function present<Key extends string>(
  key: Key,
  value: string | null | undefined,
): Partial<Record<Key, string>> {
  return value === undefined || value === null ? {} : ({ [key]: value } as Record<Key, string>);
}

// Most broken views that one warning names: a hundred views may use the same missing table.
const viewsNamed = 5;

/** Warns about views that are already broken: a copy keeps them and cannot repair them (O2). */
export function brokenViewWarnings(objects: readonly SchemaObject[]): readonly DumpWarning[] {
  const names = objects.flatMap(({ name, brokenAtSource }) =>
    brokenAtSource === undefined ? [] : `"${name}"`,
  );
  if (names.length === 0) return [];
  const more = names.length > viewsNamed ? ` and ${names.length - viewsNamed} more` : '';
  return [
    {
      code: 'views-broken',
      message: `Views that refer to something missing, or lack the privilege to read it, are copied unchanged: ${names.slice(0, viewsNamed).join(', ')}${more}. A restore creates them equally broken, or lists them as missing.`,
    },
  ];
}
