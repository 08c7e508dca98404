import type { SchemaObject } from '../../archive/model.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { BackupError } from '../../errors.js';
import { type ObjectPolicy, planObject, planObjectBytes } from '../ddl/object-statement.js';
import { notADefinition } from '../ddl/tokens.js';
import { makeBrokenView } from './placeholders.js';
import type { RestoredObject, RestoreNote, RestoreNoteCode } from './restore-report.js';
import { LOADING_MODE } from './session.js';
import { runBytes, runInCharacterSet } from './statement-bytes.js';

/** What became of the objects. */
export interface ObjectsOutcome {
  readonly objects: readonly RestoredObject[];
  readonly notes: readonly RestoreNote[];
}

/** Sequences, before the tables whose defaults call them (C5). */
export async function restoreSequences(
  connection: Connection,
  objects: readonly SchemaObject[],
  policy: ObjectPolicy,
): Promise<void> {
  for (const object of objects) {
    if (object.kind !== 'sequence') continue;
    const name = quoteName(object.name);
    // A placeholder may stand there already.
    await connection.query(`DROP SEQUENCE IF EXISTS ${name}`);
    await connection.query(planObject(object, policy));
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
 * something that is not there yet waits for the next round; what was broken at the source comes back as it was.
 *
 * @throws BackupError `privilege-missing`, `restore-failed` naming what cannot be made
 */
export async function restoreObjects(
  connection: Connection,
  objects: readonly SchemaObject[],
  policy: ObjectPolicy,
): Promise<ObjectsOutcome> {
  const maker = new ObjectMaker(connection, policy);
  try {
    let waiting = objects.filter((object) => object.kind !== 'sequence');
    let failed = await maker.makeAll(waiting);
    while (failed.length > 0 && failed.length < waiting.length) {
      waiting = failed.map(({ object }) => object);
      failed = await maker.makeAll(waiting);
    }
    for (const { object, error } of failed) await maker.makeBroken(object, error);
  } finally {
    await maker.leave();
  }
  const sequences = objects.filter((object) => object.kind === 'sequence');
  return {
    objects: [...sequences, ...maker.made].map(({ kind, name }) => ({ kind, name })),
    notes: maker.notes,
  };
}

interface Failed {
  readonly object: SchemaObject;
  readonly error: unknown;
}

class ObjectMaker {
  readonly made: SchemaObject[] = [];
  readonly notes: RestoreNote[] = [];
  readonly #connection: Connection;
  readonly #policy: ObjectPolicy;
  /** The database's own collation, once it was changed for an object. */
  #ownCollation: string | undefined;

  constructor(connection: Connection, policy: ObjectPolicy) {
    this.#connection = connection;
    this.#policy = policy;
  }

  /** @returns what has to wait */
  async makeAll(objects: readonly SchemaObject[]): Promise<readonly Failed[]> {
    const failed: Failed[] = [];
    for (const object of objects) {
      try {
        await this.#make(object);
        this.made.push(object);
      } catch (error) {
        if (!mayWait(error)) throw cannotMake(object, error);
        failed.push({ object, error });
      }
    }
    return failed;
  }

  /** What nothing could be waited for any more. */
  async makeBroken(object: SchemaObject, error: unknown): Promise<void> {
    const { kind, name, brokenAtSource } = object;
    if (brokenAtSource === undefined || kind !== 'view') throw cannotMake(object, error);
    if (await makeBrokenView(this.#connection, () => this.#make(object))) {
      this.made.push(object);
      this.#note(
        'broken-at-source',
        `View "${name}" was broken already when the backup was made, and is so here.`,
      );
    } else {
      this.#note(
        'not-restored',
        `View "${name}" was broken already when the backup was made, and cannot be made here.`,
      );
    }
  }

  /** Puts the session and the database back to what they were. */
  async leave(): Promise<void> {
    await this.#setDatabaseCollation(undefined).catch(() => undefined);
    await this.#connection
      .query(`SET NAMES utf8mb4, SESSION sql_mode = '${LOADING_MODE}', SESSION time_zone = '+00:00'`)
      .catch(() => undefined);
  }

  async #make(object: SchemaObject): Promise<void> {
    const { characterSetClient = 'utf8mb4', collationConnection, timeZone, sqlMode = '' } = object;
    for (const word of [characterSetClient, collationConnection, object.databaseCollation]) {
      if (word !== undefined && !/^\w+$/.test(word)) throw notADefinition(`${object.kind} "${object.name}"`);
    }
    const statement = planObject(object, this.#policy);
    const settings = [
      `sql_mode = ${quoteText(sqlMode)}`,
      `character_set_client = ${characterSetClient}`,
      ...(collationConnection === undefined ? [] : [`collation_connection = ${collationConnection}`]),
      ...(timeZone === undefined ? [] : [`time_zone = ${quoteText(timeZone)}`]),
    ];
    await this.#setDatabaseCollation(object.databaseCollation);
    await this.#connection.query(`SET SESSION ${settings.join(', SESSION ')}`);
    const bytes = planObjectBytes(object, this.#policy);
    if (bytes !== undefined) return runBytes(this.#connection, bytes);
    if (object.createStatementBytes !== undefined) {
      this.#note(
        'definition-changed',
        `The ${object.kind} "${object.name}" holds bytes that are no text in its character set ${characterSetClient}; others stand in their place.`,
      );
    }
    if (await runInCharacterSet(this.#connection, statement, characterSetClient)) return;
    // The text was written by another client than it claims; it comes back, under a set that can hold it.
    await this.#connection.query('SET SESSION character_set_client = utf8mb4');
    await runInCharacterSet(this.#connection, statement, 'utf8mb4');
    this.#note(
      'character-set-changed',
      `The ${object.kind} "${object.name}" holds text that its character set ${characterSetClient} cannot hold; it was made under utf8mb4.`,
    );
  }

  /** Routines, triggers and events keep the database's collation of the time they were made (O7). */
  async #setDatabaseCollation(wanted: string | undefined): Promise<void> {
    const connection = this.#connection;
    // Nothing was changed yet, and so nothing is to be put back.
    if (wanted === undefined && this.#ownCollation === undefined) return;
    const [row] = await connection.query('SELECT @@collation_database AS collation');
    const present = row?.['collation'] ?? undefined;
    this.#ownCollation ??= present;
    const target = wanted ?? this.#ownCollation;
    if (target === undefined || target === present) return;
    await connection.query(`ALTER DATABASE ${quoteName(this.#policy.target)} COLLATE ${target}`);
  }

  #note(code: RestoreNoteCode, message: string): void {
    this.notes.push({ code, message });
  }
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
): Promise<void> {
  for (const object of objects) {
    if (object.kind !== 'event') continue;
    const words = eventStates[object.status ?? ''];
    if (words !== undefined) await connection.query(`ALTER EVENT ${quoteName(object.name)} ${words}`);
  }
}

const eventStates: Readonly<Record<string, string>> = {
  ENABLED: 'ENABLE',
  // MySQL 8.2 and newer have another word for the state, and still understand the old statement.
  REPLICA_SIDE_DISABLED: 'DISABLE ON SLAVE',
  SLAVESIDE_DISABLED: 'DISABLE ON SLAVE',
};
