import type { SchemaObject } from '../../archive/model.js';
import { type Connection, serverErrorNumber } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { BackupError } from '../../errors.js';
import { type ObjectPolicy, planObject } from '../ddl/object-statement.js';
import type { RestoredObject, RestoreNote } from './report.js';
import { LOADING_MODE } from './session.js';

/** What became of the objects. */
export interface ObjectsOutcome {
  readonly objects: readonly RestoredObject[];
  readonly notes: readonly RestoreNote[];
}

/** Sequences, before the tables whose defaults call them (C5). */
export async function restoreSequences(
  connection: Connection,
  objects: readonly SchemaObject[],
): Promise<void> {
  for (const object of objects) {
    if (object.kind !== 'sequence') continue;
    const name = quoteName(object.name);
    // A placeholder may stand there already.
    await connection.query(`DROP SEQUENCE IF EXISTS ${name}`);
    await connection.query(object.createStatement);
    if (object.nextValue !== undefined) {
      await connection.query(`ALTER SEQUENCE ${name} RESTART WITH ${BigInt(object.nextValue)}`);
    }
  }
}

/** Removes everything that comes after the rows, in a target whose restore is taken up again. */
export async function dropObjects(connection: Connection): Promise<void> {
  const schema = quoteText(connection.address.database!);
  const drop = async (view: string, column: string, name: string, kind: string): Promise<void> => {
    const rows = await connection.query(
      `SELECT ${name} AS name, ${kind} AS kind FROM information_schema.${view} WHERE ${column} = ${schema}`,
    );
    for (const row of rows)
      await connection.query(`DROP ${row['kind']} IF EXISTS ${quoteName(row['name']!)}`);
  };
  await drop('EVENTS', 'EVENT_SCHEMA', 'EVENT_NAME', "'EVENT'");
  await drop('TRIGGERS', 'TRIGGER_SCHEMA', 'TRIGGER_NAME', "'TRIGGER'");
  await drop('VIEWS', 'TABLE_SCHEMA', 'TABLE_NAME', "'VIEW'");
  await drop('ROUTINES', 'ROUTINE_SCHEMA', 'ROUTINE_NAME', 'ROUTINE_TYPE');
}

/**
 * Makes routines, views, triggers and events, each in the surroundings it had (O1–O12), when all rows are in. What needs
 * something that is not there yet waits for the next round; what was broken at the source may stay broken.
 *
 * @throws BackupError `privilege-missing`, `restore-failed` naming what cannot be made
 */
export async function restoreObjects(
  connection: Connection,
  objects: readonly SchemaObject[],
  policy: ObjectPolicy,
): Promise<ObjectsOutcome> {
  const notes: RestoreNote[] = [];
  const done: RestoredObject[] = [];
  let waiting = objects.filter((object) => object.kind !== 'sequence');
  try {
    while (waiting.length > 0) {
      const failed: { readonly object: SchemaObject; readonly error: unknown }[] = [];
      for (const object of waiting) {
        try {
          await createObject(connection, object, policy);
          done.push({ kind: object.kind, name: object.name });
        } catch (error) {
          if (!mayWait(error)) throw cannotMake(object, error);
          failed.push({ object, error });
        }
      }
      if (failed.length === waiting.length) {
        for (const { object, error } of failed) {
          if (object.brokenAtSource === undefined) throw cannotMake(object, error);
          notes.push({
            code: 'broken-at-source',
            message: `${object.kind} "${object.name}" was broken already when the backup was made, and cannot be made here.`,
          });
        }
        break;
      }
      waiting = failed.map(({ object }) => object);
    }
  } finally {
    await connection
      .query(`SET SESSION sql_mode = '${LOADING_MODE}', time_zone = '+00:00'`)
      .catch(() => undefined);
    await connection.query('SET NAMES utf8mb4').catch(() => undefined);
  }
  for (const object of objects)
    if (object.kind === 'sequence') done.push({ kind: object.kind, name: object.name });
  return { objects: done, notes };
}

async function createObject(
  connection: Connection,
  object: SchemaObject,
  policy: ObjectPolicy,
): Promise<void> {
  const settings = [`sql_mode = ${quoteText(object.sqlMode ?? '')}`];
  if (object.characterSetClient !== undefined)
    settings.push(`character_set_client = ${object.characterSetClient}`);
  if (object.collationConnection !== undefined) {
    settings.push(`collation_connection = ${object.collationConnection}`);
  }
  if (object.timeZone !== undefined) settings.push(`time_zone = ${quoteText(object.timeZone)}`);
  const statement = planObject(object, policy);
  await connection.query(`SET SESSION ${settings.join(', SESSION ')}`);
  await connection.query(statement);
}

// No such table, column, view, function or procedure yet.
function mayWait(error: unknown): boolean {
  return [1054, 1146, 1305, 1356, 1368, 1449, 4091].includes(serverErrorNumber(error) ?? 0);
}

function cannotMake(object: SchemaObject, error: unknown): unknown {
  const errno = serverErrorNumber(error);
  if (errno === undefined || !(error instanceof BackupError)) return error;
  const code = error.code === 'privilege-missing' ? 'privilege-missing' : 'restore-failed';
  return new BackupError(
    code,
    `The ${object.kind} "${object.name}" cannot be made in the target (${errno}).`,
    {
      cause: error,
      details: { ...error.details, kind: object.kind, name: object.name },
    },
  );
}

/** Sets the states of events as they were found: the very last act, since they may start at once (O12). */
export async function restoreEventStates(
  connection: Connection,
  objects: readonly SchemaObject[],
): Promise<readonly RestoreNote[]> {
  const notes: RestoreNote[] = [];
  for (const object of objects) {
    if (object.kind !== 'event') continue;
    const words = eventStates[object.status ?? ''];
    if (words !== undefined) await connection.query(`ALTER EVENT ${quoteName(object.name)} ${words}`);
  }
  return notes;
}

const eventStates: Readonly<Record<string, string>> = {
  ENABLED: 'ENABLE',
  SLAVESIDE_DISABLED: 'DISABLE ON SLAVE',
};
