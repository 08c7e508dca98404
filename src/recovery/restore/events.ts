import type { Connection } from '../../database/connection.js';
import { quoteText } from '../../database/identifiers.js';
import type { SchemaObject } from '../../model/parts.js';
import type { ObjectPolicy } from '../ddl/object-statement.js';
import { describeMissing, type MissingObject } from './missing.js';
import { ObjectMaker } from './object-maker.js';
import { eventOverSentence, type RestoreNote } from './restore-report.js';

/**
 * Creates events, all of them disabled (O12). A server drops an event whose time has passed while creating
 * it, so it is created with an earlier clock, and stays disabled.
 *
 * @returns the events that the server refuses
 */
export async function restoreEvents(
  connection: Connection,
  events: readonly SchemaObject[],
  maker: ObjectMaker,
): Promise<readonly MissingObject[]> {
  const refused = await maker.makeAll(events);
  const missing = refused.map((each) => each.missing);
  if (maker.made.every(({ kind }) => kind !== 'event')) return missing;
  const there = new Set(await namesOf(connection, '1'));
  for (const event of maker.made.filter(({ kind, name }) => kind === 'event' && !there.has(name))) {
    const told = await maker.makeAsOf(event, 1);
    if (told === undefined) continue;
    maker.made.splice(maker.made.indexOf(event), 1);
    missing.push(told);
  }
  return missing;
}

/** The result of setting the states of events. */
export interface EventStates {
  readonly missing: readonly MissingObject[];
  readonly notes: readonly RestoreNote[];
}

/**
 * Sets the states of events to the original ones. This is the last step, since they may start at once (O12).
 * An event whose time has passed since the backup stays disabled, because nobody expects it to run now.
 *
 * @param made - the events in the target
 */
export async function restoreEventStates(
  connection: Connection,
  made: readonly SchemaObject[],
  policy: ObjectPolicy,
): Promise<EventStates> {
  const missing: MissingObject[] = [];
  const notes: RestoreNote[] = [];
  const events = made.filter(
    ({ kind, status }) => kind === 'event' && Object.hasOwn(eventStates, status ?? ''),
  );
  if (events.length === 0) return { missing, notes };
  const over = new Set(await eventsOver(connection));
  const maker = new ObjectMaker(connection, policy);
  try {
    for (const event of events) {
      const { name, status } = event;
      if (over.has(name)) {
        notes.push({ code: 'event-over', message: eventOverSentence(name) });
        continue;
      }
      try {
        await maker.setState(event, eventStates[status!]!);
      } catch (error) {
        missing.push(await describeMissing(connection, { kind: 'event', name }, error));
      }
    }
  } finally {
    await maker.leave();
  }
  return { missing, notes };
}

/** Both columns are in the event's own time zone, whatever the session's is. */
const timeIsOver = "COALESCE(EXECUTE_AT, ENDS) <= CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', TIME_ZONE)";

/** Names of the events whose time has passed. */
export async function eventsOver(connection: Connection): Promise<readonly string[]> {
  return namesOf(connection, timeIsOver);
}

async function namesOf(connection: Connection, condition: string): Promise<readonly string[]> {
  const rows = await connection.query(
    `SELECT EVENT_NAME AS name FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${quoteText(connection.address.database!)} AND (${condition})`,
  );
  return rows.map((row) => row['name']!);
}

const eventStates: Readonly<Record<string, string>> = {
  ENABLED: 'ENABLE',
  // MySQL 8.2 and newer show another word for the state, and still accept the old statement.
  REPLICA_SIDE_DISABLED: 'DISABLE ON SLAVE',
  SLAVESIDE_DISABLED: 'DISABLE ON SLAVE',
};
