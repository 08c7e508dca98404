import type {
  DatabaseDescription,
  DumpSummary,
  SchemaObject,
  TableDescription,
} from '../../archive/model.js';
import { takesHistory } from '../../catalog/system-time.js';
import { endSession } from '../../database/connection.js';
import { BackupError } from '../../errors.js';
import {
  type Adaptation,
  type Adapted,
  adaptDefaults,
  adaptObject,
  adaptTable,
  describeAdaptation,
} from '../adapt/adapt.js';
import { type Capabilities, readCapabilities } from '../adapt/capabilities.js';
import type { ObjectPolicy } from '../ddl/object-statement.js';
import { createJournal, dropJournal } from './journal.js';
import type { RestoreOptions } from './options.js';
import {
  historySentence,
  incompleteSentence,
  type RestoredTable,
  type RestoreNote,
  type RestoreProgress,
  type RestoreReport,
} from './report.js';
import { restoreEventStates, restoreObjects, restoreSequences } from './schema-objects.js';
import { openRestoreSession, type RestoreSession, takeDefaultCollationsOf } from './session.js';
import { MethodChoice } from './table-work.js';
import { claimTarget, makeTarget, serverOf, type TargetAddress } from './target.js';

/**
 * One restore, from whatever source: its sessions, its target and what is common to all ways through it. Whoever opens
 * it closes it; closing it before the end ends its sessions on the server too.
 */
export class RestoreWork {
  readonly target: TargetAddress;
  readonly options: RestoreOptions;
  readonly method: MethodChoice;
  readonly notes: RestoreNote[] = [];
  /** Aborts when the caller does, or when any part of the work fails. */
  readonly signal: AbortSignal;
  readonly #abort: AbortController = new AbortController();
  readonly #startedAt: Date = new Date();
  readonly #sessions: RestoreSession[] = [];
  /** Of the tables that were accepted, as a server sees them that forgets about case. */
  readonly #names: Map<string, string> = new Map();
  #schema: RestoreSession | undefined;
  #source: DatabaseDescription | undefined;
  #capabilities: Capabilities | undefined;
  #finished = false;

  constructor(target: TargetAddress, options: RestoreOptions) {
    this.target = target;
    this.options = options;
    this.method = new MethodChoice(options.method ?? 'auto');
    this.signal =
      options.signal === undefined
        ? this.#abort.signal
        : AbortSignal.any([options.signal, this.#abort.signal]);
  }

  /** Nobody else restores into this target until this work is closed. @throws BackupError `already-running` */
  async claim(): Promise<RestoreSession> {
    this.signal.throwIfAborted();
    const session = await openRestoreSession(serverOf(this.target), this.signal);
    this.#sessions.push(session);
    await claimTarget(session.connection, this.target.database);
    return session;
  }

  /** Makes the target and marks it as incomplete. @throws BackupError `target-refused` */
  async beginAnew(server: RestoreSession, source: DatabaseDescription, work: string): Promise<void> {
    const capabilities = await readCapabilities(server.connection);
    const defaults = this.#accept(adaptDefaults(source, capabilities));
    const { database } = this.target;
    await makeTarget(server.connection, database, defaults, this.options.replace ?? false);
    // Over the session that holds the claim: whoever has the claim next finds the mark, or an empty target.
    await createJournal(server.connection, database, work);
    await this.open(source);
  }

  /** Works in a target that is there. */
  async open(source: DatabaseDescription): Promise<void> {
    this.#source = source;
    this.#schema = await this.openSession();
    this.#capabilities = await readCapabilities(this.#schema.connection);
  }

  /** How objects are made here. */
  get policy(): ObjectPolicy {
    const { definers = 'keep' } = this.options;
    return { definers, source: this.source.name, target: this.target.database };
  }

  /**
   * Looks at everything that will be made before anything is, so that one refusal names all that stands in the way.
   *
   * @throws BackupError `target-refused`
   */
  async examine(
    server: RestoreSession,
    tables: readonly TableDescription[],
    objects: readonly SchemaObject[],
  ): Promise<void> {
    const capabilities = await readCapabilities(server.connection, modesOf(objects));
    const adaptations = [
      ...tables.map((table) => adaptTable(table, capabilities)),
      ...objects.map((object) => adaptObject(object, capabilities)),
    ].flatMap((adapted) => adapted.adaptations);
    this.#check(adaptations.filter(({ to }) => to === null || this.options.adapt !== true));
    for (const table of tables) this.#checkHistory(table, capabilities);
    this.#checkNames(tables, capabilities);
  }

  /** A table's definition as the target can take it. @throws BackupError `target-refused` when it cannot */
  acceptTable(table: TableDescription): TableDescription {
    if (table.rowFilter !== undefined) {
      this.#note('rows-filtered', `Table "${table.name}" holds only some rows: ${table.rowFilter.reason}.`);
    }
    if (table.definitionOnly !== undefined) {
      this.#note(
        'definition-only',
        `Table "${table.name}" was restored without rows: ${table.definitionOnly}.`,
      );
    }
    this.#checkHistory(table, this.#capabilities!);
    // A stream tells its tables one by one.
    this.#checkNames([table], this.#capabilities!, this.#names);
    return this.#accept(adaptTable(table, this.#capabilities!));
  }

  #checkHistory(table: TableDescription, server: Capabilities): void {
    if (table.versioned !== 'history' || takesHistory(server)) return;
    throw new BackupError('target-refused', historySentence(table.name), {
      details: { database: this.target.database, table: table.name },
    });
  }

  #checkNames(
    tables: readonly TableDescription[],
    server: Capabilities,
    taken: Map<string, string> = new Map(),
  ): void {
    const collision = collidingNames(tables, server, taken);
    if (collision === undefined) return;
    throw new BackupError(
      'target-refused',
      `Tables "${collision[0]}" and "${collision[1]}" are the same name on the target server.`,
      { details: { database: this.target.database, tables: collision } },
    );
  }

  #accept<Definition>({ definition, adaptations }: Adapted<Definition>): Definition {
    this.#check(adaptations.filter(({ to }) => to === null || this.options.adapt !== true));
    for (const adaptation of adaptations) this.#note('adapted', describeAdaptation(adaptation));
    return definition;
  }

  #check(unacceptable: readonly Adaptation[]): void {
    if (unacceptable.length === 0) return;
    const sentences = unacceptable.map(describeAdaptation);
    const few =
      sentences.length > 5 ? [...sentences.slice(0, 5), `And ${sentences.length - 5} more.`] : sentences;
    throw new BackupError(
      'target-refused',
      `The target server cannot take what the archive holds. ${few.join(' ')}`,
      { details: { database: this.target.database, obstacles: sentences } },
    );
  }

  #note(code: string, message: string): void {
    this.notes.push({ code, message });
  }

  /** A further session in the target. */
  async openSession(): Promise<RestoreSession> {
    const session = await openRestoreSession(this.target, this.signal);
    this.#sessions.push(session);
    await takeDefaultCollationsOf(this.source.server, session);
    return session;
  }

  /** The session for definitions. */
  get schema(): RestoreSession {
    if (this.#schema === undefined) {
      throw new BackupError('archive-damaged', 'The parts do not begin with the database.');
    }
    return this.#schema;
  }

  /** Name of the database in the archive. */
  get source(): DatabaseDescription {
    if (this.#source === undefined) {
      throw new BackupError('archive-damaged', 'The parts do not begin with the database.');
    }
    return this.#source;
  }

  report(progress: RestoreProgress): void {
    this.options.onProgress?.(progress);
  }

  /** Stops everything that is under way. */
  fail(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** All rows are in: objects, event states, and the mark of being incomplete goes. */
  async complete(
    tables: readonly RestoredTable[],
    objects: readonly SchemaObject[],
    summary: DumpSummary,
  ): Promise<RestoreReport> {
    const { connection } = this.schema;
    const { events = 'as-found', tables: chosen, objects: wanted = chosen === undefined } = this.options;
    const capabilities = await readCapabilities(connection, modesOf(objects));
    const made = objects
      .filter((object) => wanted || object.kind === 'sequence')
      .map((object) => this.#accept(adaptObject(object, capabilities)));
    await restoreSequences(connection, made, this.policy);
    for (const table of summary.tables) {
      if (table.incomplete === undefined || chosen?.includes(table.name) === false) continue;
      this.#note('table-incomplete', incompleteSentence(table));
    }
    const outcome = await restoreObjects(connection, made, this.policy);
    this.notes.push(...outcome.notes);
    if (events === 'as-found') await restoreEventStates(connection, made);
    await dropJournal(connection);
    this.#finished = true;
    return {
      database: this.target.database,
      startedAt: this.#startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      snapshotAt: summary.snapshotAt,
      tables,
      objects: outcome.objects,
      method: this.method.method,
      notes: this.notes,
    };
  }

  async close(): Promise<void> {
    if (this.#finished) {
      await Promise.all(this.#sessions.map(({ connection }) => connection.close()));
      return;
    }
    // A server that is left in the middle of a statement would work on, and hold the table.
    for (const { connection } of this.#sessions) connection.destroy();
    await Promise.all(
      this.#sessions.map(({ connection }) => endSession(serverOf(this.target), connection.id)),
    );
  }
}

function modesOf(objects: readonly SchemaObject[]): ReadonlySet<string> {
  return new Set(
    objects.flatMap((object) => (object.sqlMode ?? '').split(',')).filter((mode) => mode !== ''),
  );
}

/**
 * Names that differ in case alone are one name on some servers (C14).
 *
 * @param taken - names that were looked at before, by their lower case; those of `tables` are added
 */
export function collidingNames(
  tables: readonly { readonly name: string }[],
  { lowerCaseTableNames }: Capabilities,
  taken: Map<string, string> = new Map(),
): readonly [string, string] | undefined {
  if (lowerCaseTableNames === 0) return undefined;
  for (const { name } of tables) {
    const other = taken.get(name.toLowerCase());
    if (other !== undefined) return [other, name];
    taken.set(name.toLowerCase(), name);
  }
  return undefined;
}
