import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import type { SchemaObject } from '../../model/parts.js';
import { type ObjectPolicy, planObject } from '../ddl/object-statement.js';
import { restoreEvents } from './events.js';
import { describeMissing, type MissingObject } from './missing.js';
import { ObjectMaker } from './object-maker.js';
import type { RestoreNote } from './restore-report.js';

/** Result of restoring the objects. */
export interface ObjectsOutcome {
  readonly made: readonly SchemaObject[];
  readonly missing: readonly MissingObject[];
  readonly notes: readonly RestoreNote[];
}

/**
 * Creates sequences, before the tables whose defaults use them (C5). @returns those that the server refuses
 */
export async function restoreSequences(
  connection: Connection,
  objects: readonly SchemaObject[],
  policy: ObjectPolicy,
): Promise<readonly MissingObject[]> {
  const missing: MissingObject[] = [];
  for (const object of objects) {
    if (object.kind !== 'sequence') continue;
    const name = quoteName(object.name);
    const statement = planObject(object, policy);
    try {
      // A placeholder may exist already.
      await connection.query(`DROP SEQUENCE IF EXISTS ${name}`);
      await connection.query(statement);
      if (object.nextValue !== undefined) {
        await connection.query(`ALTER SEQUENCE ${name} RESTART WITH ${BigInt(object.nextValue)}`);
      }
    } catch (error) {
      missing.push(await describeMissing(connection, { kind: 'sequence', name: object.name }, error));
    }
  }
  return missing;
}

/** Drops everything that comes after the rows, to continue an interrupted restore. */
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
 * Creates routines, views, triggers and events after all rows. What was broken at the source is restored
 * broken; what the server refuses is listed and does not stop the rest.
 *
 * @throws BackupError `archive-damaged`, `database-…`
 */
export async function restoreObjects(
  connection: Connection,
  objects: readonly SchemaObject[],
  policy: ObjectPolicy,
): Promise<ObjectsOutcome> {
  const maker = new ObjectMaker(connection, policy);
  const missing: MissingObject[] = [];
  try {
    const events = objects.filter(({ kind }) => kind === 'event');
    let refused = await maker.makeAll(objects.filter(({ kind }) => kind !== 'sequence' && kind !== 'event'));
    if (refused.some(({ object, missing: { errno } }) => object.kind === 'view' && errno === noSuchUser)) {
      refused = await maker.makeOverMissingUsers(refused);
    }
    for (const { object, missing: told } of refused) {
      const isMade =
        object.kind === 'view' && object.brokenAtSource !== undefined && (await maker.makeBroken(object));
      if (!isMade) missing.push(told);
    }
    missing.push(...(await restoreEvents(connection, events, maker)));
  } finally {
    await maker.leave();
  }
  return {
    made: maker.made,
    missing,
    notes: maker.notes,
  };
}

// The definer of a view does not exist.
const noSuchUser = 1449;
