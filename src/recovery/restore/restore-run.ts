import type {
  DatabaseDescription,
  DumpSummary,
  SchemaObject,
  TableDescription,
} from '../../archive/model.js';
import { isSince } from '../../database/server-version.js';
import { BackupError } from '../../errors.js';
import { type Capabilities, readCapabilities } from '../adapt/capabilities.js';
import { namesDatabase, namesDatabaseSentence } from '../ddl/names-database.js';
import type { ObjectPolicy } from '../ddl/object-statement.js';
import { Acceptance } from './acceptance.js';
import { checkDefinitions, showAlike } from './check-definitions.js';
import { LoadingMethod } from './loading-method.js';
import type { RestoreOptions } from './options.js';
import { createJournal, dropJournal } from './restore-journal.js';
import { restoreEventStates, restoreObjects, restoreSequences } from './restore-objects.js';
import {
  incompleteSentence,
  type RestoredTable,
  type RestoreNote,
  type RestoreProgress,
  type RestoreReport,
} from './restore-report.js';
import { RestoreSessions } from './restore-sessions.js';
import type { RestoreSession } from './session.js';
import { type RelaxedTable, relaxChecks, settleChecks } from './settle-checks.js';
import { settleComputed } from './settle-computed.js';
import { claimTarget, databaseComment, makeTarget, type TargetAddress, targetOn } from './target.js';

// A full disk, a lock that nobody lets go, a server that waits for itself.
const STANDSTILL_MS = 5 * 60_000;

/**
 * One restore, from whatever source: its sessions, its target and what is common to all ways through it. Whoever opens
 * it closes it; closing it before the end ends its sessions on the server too.
 */
export class RestoreRun {
  readonly options: RestoreOptions;
  readonly method: LoadingMethod;
  readonly notes: RestoreNote[] = [];
  /** Aborts when the caller does, or when any part of the work fails. */
  readonly signal: AbortSignal;
  readonly #abort: AbortController = new AbortController();
  readonly #startedAt: Date = new Date();
  readonly #sessions: RestoreSessions;
  readonly #acceptance: Acceptance;
  #target: TargetAddress;
  #schema: RestoreSession | undefined;
  #source: DatabaseDescription | undefined;
  #capabilities: Capabilities | undefined;
  readonly #relaxed: RelaxedTable[] = [];
  /** What was meant, to hold against what was made. */
  readonly #accepted: Map<string, TableDescription> = new Map();
  #finished = false;

  constructor(target: TargetAddress, options: RestoreOptions) {
    this.#target = target;
    this.options = options;
    this.method = new LoadingMethod(options.method ?? 'auto', options.standstillTimeout ?? STANDSTILL_MS);
    this.signal =
      options.signal === undefined
        ? this.#abort.signal
        : AbortSignal.any([options.signal, this.#abort.signal]);
    this.#sessions = new RestoreSessions(target, this.signal);
    this.#acceptance = new Acceptance(target.database, options.adapt ?? false, this.notes);
  }

  /** By the name that the server has for it, once the run is claimed. */
  get target(): TargetAddress {
    return this.#target;
  }

  /** Nobody else restores into this target until this run is closed. @throws BackupError `already-running` */
  async claim(): Promise<RestoreSession> {
    this.signal.throwIfAborted();
    const session = await this.#sessions.openOnServer();
    this.#target = await targetOn(session.connection, this.#target);
    await claimTarget(session.connection, this.target.database);
    return session;
  }

  /**
   * Makes the target and marks it as incomplete.
   *
   * @param workKey - which archive, and what of it; empty when this cannot be taken up again
   * @param names - of the tables that will come, where they are known
   * @throws BackupError `target-refused`
   */
  async beginAnew(
    server: RestoreSession,
    source: DatabaseDescription,
    workKey: string,
    names?: readonly string[],
  ): Promise<void> {
    const capabilities = await readCapabilities(server.connection);
    const defaults = this.#acceptance.defaults(source, capabilities);
    const { database } = this.target;
    const comment = databaseComment(source.createStatement);
    const keepsComment = capabilities.vendor === 'mariadb' && isSince(capabilities.version, 10, 5);
    const kept = keepsComment ? comment : undefined;
    await makeTarget(server.connection, database, defaults, this.options.replace ?? false, kept);
    if (kept !== comment) {
      this.notes.push({
        code: 'definition-changed',
        message: 'The comment of the database is left out: the target keeps none.',
      });
    }
    // Over the session that holds the claim: whoever has the claim next finds the mark, or an empty target.
    await createJournal(server.connection, database, workKey, names);
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

  /** {@link Acceptance.examine} @throws BackupError `target-refused` */
  async examine(
    server: RestoreSession,
    tables: readonly TableDescription[],
    objects: readonly SchemaObject[],
  ): Promise<void> {
    const capabilities = await readCapabilities(server.connection, objects);
    this.#acceptance.examine(tables, objects, capabilities);
  }

  /** A table's definition as the target can take it. @throws BackupError `target-refused` when it cannot */
  acceptTable(table: TableDescription): TableDescription {
    const accepted = this.#acceptance.table(table, this.#capabilities!);
    this.#accepted.set(table.name, accepted);
    const relaxed = relaxChecks(accepted, this.#capabilities!);
    if (relaxed.checks.length > 0) this.#relaxed.push(relaxed);
    return relaxed.table;
  }

  /** A further session in the target. */
  async openSession(): Promise<RestoreSession> {
    return this.#sessions.openInTarget(this.source.server);
  }

  /** The session for definitions. */
  get schema(): RestoreSession {
    return this.#schema ?? noDatabase();
  }

  /** The database in the archive. */
  get source(): DatabaseDescription {
    return this.#source ?? noDatabase();
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
    const capabilities = await readCapabilities(connection, objects);
    const made = objects
      .filter((object) => wanted || object.kind === 'sequence')
      .map((object) => this.#acceptance.object(object, capabilities));
    await restoreSequences(connection, made, this.policy);
    for (const table of summary.tables) {
      if (table.incomplete === undefined || chosen?.includes(table.name) === false) continue;
      this.notes.push({ code: 'table-incomplete', message: incompleteSentence(table) });
    }
    this.#noteNames(made);
    for (const table of this.#accepted.values()) {
      const note = await settleComputed(connection, table, this.source.server, this.signal);
      if (note !== undefined) this.notes.push(note);
    }
    for (const table of this.#relaxed) {
      this.notes.push(...(await settleChecks(connection, table, this.source.server, this.signal)));
    }
    const journey = {
      source: this.source.name,
      target: this.target.database,
      sameServer: showAlike(this.source.server, capabilities),
    };
    const accepted = [...this.#accepted.values()];
    this.notes.push(...(await checkDefinitions(connection, accepted, journey, this.signal)));
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

  #noteNames(objects: readonly SchemaObject[]): void {
    const { name, server } = this.source;
    if (name === this.target.database) return;
    for (const object of objects) {
      if (!namesDatabase(object, name, server.lowerCaseTableNames !== 0)) continue;
      this.notes.push({ code: 'names-its-source', message: namesDatabaseSentence(object, name) });
    }
  }

  async close(): Promise<void> {
    await (this.#finished ? this.#sessions.close() : this.#sessions.abandon());
  }
}

function noDatabase(): never {
  throw new BackupError('archive-damaged', 'The parts do not begin with the database.');
}
