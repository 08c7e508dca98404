import type {
  DatabaseDescription,
  DumpSummary,
  SchemaObject,
  TableDescription,
} from '../../archive/model.js';
import { endSession } from '../../database/connection.js';
import { BackupError } from '../../errors.js';
import { type Adapted, adaptDefaults, adaptObject, adaptTable, describeAdaptation } from '../adapt/adapt.js';
import { type Capabilities, readCapabilities } from '../adapt/capabilities.js';
import type { ObjectPolicy } from '../ddl/object-statement.js';
import { createJournal, dropJournal } from './journal.js';
import type { RestoreOptions } from './options.js';
import type { RestoredTable, RestoreNote, RestoreProgress, RestoreReport } from './report.js';
import { restoreEventStates, restoreObjects, restoreSequences } from './schema-objects.js';
import { openRestoreSession, type RestoreSession } from './session.js';
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
    await makeTarget(server.connection, this.target.database, defaults, this.options.replace ?? false);
    await this.open(source);
    await createJournal(this.schema.connection, work);
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
    return this.#accept(adaptTable(table, this.#capabilities!));
  }

  #accept<Definition>({ definition, adaptations }: Adapted<Definition>): Definition {
    const sentences = adaptations.map(describeAdaptation);
    if (
      adaptations.some(({ to }) => to === null) ||
      (adaptations.length > 0 && this.options.adapt !== true)
    ) {
      throw new BackupError(
        'target-refused',
        `The target server cannot take what the archive holds. ${sentences.join(' ')}`,
        { details: { database: this.target.database, obstacles: sentences } },
      );
    }
    for (const sentence of sentences) this.#note('adapted', sentence);
    return definition;
  }

  #note(code: string, message: string): void {
    this.notes.push({ code, message });
  }

  /** A further session in the target. */
  async openSession(): Promise<RestoreSession> {
    const session = await openRestoreSession(this.target, this.signal);
    this.#sessions.push(session);
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
    const modes = new Set(objects.flatMap((object) => (object.sqlMode ?? '').split(',')).filter(Boolean));
    const capabilities = await readCapabilities(connection, modes);
    const made = objects
      .filter((object) => wanted || object.kind === 'sequence')
      .map((object) => this.#accept(adaptObject(object, capabilities)));
    await restoreSequences(connection, made, this.policy);
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

/** For a look from outside, such as a plan: one short session. */
export async function withServer<Result>(
  target: TargetAddress,
  look: (server: RestoreSession) => Promise<Result>,
): Promise<Result> {
  const session = await openRestoreSession(serverOf(target), undefined);
  try {
    return await look(session);
  } finally {
    await session.connection.close();
  }
}
