import { unqualifiedView } from '../../catalog/view-names.js';
import type { TextRow } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { sameName } from '../../database/server-names.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { SchemaObjectKind } from '../../model/parts.js';
import { normaliseCharacterSet, normaliseDefiner } from './normalise.js';
import type { ObjectDefinition } from './schema-facts.js';
import { type SchemaQueries, unseen } from './schema-queries.js';

/** Reads the definitions of everything except tables, by `kind name`. */
export async function readObjects(
  queries: SchemaQueries,
  views: readonly string[],
  sequences: readonly string[],
): Promise<ReadonlyMap<string, ObjectDefinition>> {
  const objects = new Map<string, ObjectDefinition>();
  const add = async (
    kind: SchemaObjectKind,
    name: string,
    statementColumn: string,
    more: Readonly<Record<string, string | null | undefined>> = {},
  ): Promise<void> => {
    const words = kind.replace('-', ' ').toUpperCase();
    const row = await queries.show(`${words} ${quoteName(name)}`).catch(async (error: unknown) => {
      // SHOW CREATE may refuse a view that is in the server's list of views.
      if (kind !== 'view' || serverErrorNumber(error) === undefined) throw error;
      if (isBackupError(error, 'privilege-missing')) throw error;
      return listedView(queries, name);
    });
    const statement = row[statementColumn];
    if (statement === null || statement === undefined) {
      throw new BackupError(
        'privilege-missing',
        `The definition of ${kind} "${name}" is not shown to this user.`,
        {
          details: { kind, name },
        },
      );
    }
    const facts = new Map<string, string>([
      [
        'statement',
        kind === 'view'
          ? queries.spellings.reduce(unqualifiedView, statement)
          : normaliseDefiner(queries.withoutSchema(statement)),
      ],
    ]);
    const settings = ['sql_mode', 'character_set_client', 'collation_connection', 'time_zone'];
    for (const key of settings) if (row[key] != null) facts.set(key, normaliseCharacterSet(row[key]));
    for (const [key, value] of Object.entries(more)) if (value != null) facts.set(key, value);
    objects.set(`${kind} ${name}`, { kind, name, facts });
  };
  for (const name of sequences) {
    const [state] = await queries.query(`SELECT next_not_cached_value AS next_value FROM ${quoteName(name)}`);
    await add('sequence', name, 'Create Table', { 'next value': state?.['next_value'] });
  }
  for (const name of views) await add('view', name, 'Create View');
  const routines = await queries.ask('ROUTINES', ['ROUTINE_NAME', 'ROUTINE_TYPE'], 'ROUTINE_SCHEMA');
  for (const row of routines) {
    const routine = routinesByType.get(row['ROUTINE_TYPE'] ?? '');
    if (routine === undefined) throw unseen('ROUTINES');
    await add(routine.kind, row['ROUTINE_NAME']!, routine.statementColumn);
  }
  const triggers = await queries.ask('TRIGGERS', ['TRIGGER_NAME', 'ACTION_ORDER'], 'TRIGGER_SCHEMA');
  for (const row of triggers) {
    await add('trigger', row['TRIGGER_NAME']!, 'SQL Original Statement', {
      // Servers with one trigger per event have no order and report 0 or 1.
      order: row['ACTION_ORDER'] === '0' ? '1' : row['ACTION_ORDER'],
    });
  }
  const events = await queries.ask('EVENTS', ['EVENT_NAME', 'STATUS'], 'EVENT_SCHEMA');
  if (events.length === 0) await refuseHiddenEvents(queries);
  for (const row of events)
    await add('event', row['EVENT_NAME']!, 'Create Event', {
      status: row['STATUS']?.replace('REPLICA_SIDE_', 'SLAVESIDE_'),
    });
  return objects;
}

/** A view from the list of views: MySQL 5.6 refuses to show one with a dropped column. */
async function listedView(queries: SchemaQueries, name: string): Promise<TextRow> {
  const columns = ['TABLE_NAME', 'VIEW_DEFINITION', 'DEFINER', 'SECURITY_TYPE', 'CHECK_OPTION'];
  const listed = (await queries.ask('VIEWS', columns)).find((row) => row['TABLE_NAME'] === name);
  if (!listed?.['VIEW_DEFINITION']) throw unseen('VIEWS');
  return {
    'Create View': columns
      .slice(1)
      .map((column) => listed[column])
      .join(' '),
  };
}

/** MariaDB without its tables of accounts reports no events, although `mysql.event` still has them. */
async function refuseHiddenEvents(queries: SchemaQueries): Promise<void> {
  const [stored] = await queries.connection.queryEach(
    [`SELECT db AS compared_schema FROM mysql.event WHERE db = ${quoteText(queries.schema)}`],
    { signal: queries.signal },
  );
  // Not every server has that table, nor may every user read it.
  const hidden = stored?.rows?.some((row) =>
    sameName(row['compared_schema'], queries.schema, queries.connection),
  );
  if (hidden === true) throw unseen('EVENTS');
}

/** Kinds of routines by their `ROUTINE_TYPE`. */
const routinesByType: ReadonlyMap<
  string,
  { readonly kind: SchemaObjectKind; readonly statementColumn: string }
> = new Map([
  ['FUNCTION', { kind: 'function', statementColumn: 'Create Function' }],
  ['PROCEDURE', { kind: 'procedure', statementColumn: 'Create Procedure' }],
  ['PACKAGE', { kind: 'package', statementColumn: 'Create Package' }],
  ['PACKAGE BODY', { kind: 'package-body', statementColumn: 'Create Package Body' }],
]);
