import { absentTables, leaveOutWithoutTables } from '../../catalog/objects-without-tables.js';
import { whyOursIn } from '../../catalog/restore-mark.js';
import { compareNames, quoteName } from '../../database/identifiers.js';
import { isAtLeast } from '../../database/server-version.js';
import { BackupError } from '../../errors.js';
import type { DatabaseDescription, DumpSummary, SchemaObject, TableDescription } from '../../model/parts.js';
import { type Capabilities, readCapabilities } from '../adapt/capabilities.js';
import { namesDatabase, namesDatabaseSentence } from '../ddl/names-database.js';
import type { ObjectPolicy } from '../ddl/object-statement.js';
import { actsFor, isProgram } from '../ddl/programs.js';
import { refusedDefinitions, refusedError } from '../ddl/refused-definitions.js';
import { type KeyTime, usualName } from '../ddl/table-statement.js';
import { Acceptance } from './acceptance.js';
import { checkDefinitions, showAlike } from './check-definitions.js';
import { keepCheckWords } from './check-words.js';
import { restoreEventStates } from './events.js';
import { ForeignKeys } from './foreign-keys.js';
import { LoadingMethod } from './loading-method.js';
import type { MissingObject } from './missing.js';
import { markMissing } from './missing-mark.js';
import type { RestoreOptions } from './options.js';
import type { RestoreRights } from './own-account.js';
import { describeRefusedRows, refusalOfRows } from './refused-rows.js';
import { createJournal, dropJournal } from './restore-journal.js';
import { restoreObjects, restoreSequences } from './restore-objects.js';
import {
  displacedSentence,
  incompleteSentence,
  leftOutSentence,
  type RestoredObject,
  type RestoredTable,
  type RestoreNote,
  type RestoreProgress,
  type RestoreReport,
  renamedSentence,
} from './restore-report.js';
import { RestoreSessions } from './restore-sessions.js';
import type { RestoreSession } from './session.js';
import { type RelaxedTable, relaxChecks, settleChecks } from './settle-checks.js';
import { settleComputed } from './settle-computed.js';
import { isBestWhole, type MadeTable, makeTable } from './table-statements.js';
import { claimTarget, databaseComment, makeTarget, targetOn } from './target.js';
import type { TargetAddress } from './target-address.js';

// A full disk, a lock that nobody lets go, a server that waits for itself.
const standstillMs = 5 * 60_000;

/**
 * One restore, from whatever source: its sessions, its target and what is common to all ways through it.
 * Whoever opens it closes it; closing it before the end ends its sessions on the server too.
 */
export class RestoreRun {
  readonly options: RestoreOptions;
  readonly method: LoadingMethod;
  readonly notes: RestoreNote[] = [];
  readonly foreignKeys: ForeignKeys = new ForeignKeys();
  /** When what an office needs first was there. */
  scheduleUsableAt: Date | undefined;
  /** Aborts when the caller does, or when any part of the work fails. */
  readonly signal: AbortSignal;
  readonly #abort: AbortController = new AbortController();
  readonly #startedAt: Date = new Date();
  readonly #sessions: RestoreSessions;
  readonly #acceptance: Acceptance;
  #target: TargetAddress;
  #definers: readonly string[] = [];
  /** The one that holds the claim. */
  #server: RestoreSession | undefined;
  #schema: RestoreSession | undefined;
  #programs: RestoreSession | undefined;
  #rights: RestoreRights = { kind: 'login', isPrivileged: true };
  #source: DatabaseDescription | undefined;
  #capabilities: Capabilities | undefined;
  readonly #relaxed: RelaxedTable[] = [];
  /** What was meant, to hold against what was made. */
  readonly #accepted: Map<string, TableDescription> = new Map();
  #finished = false;
  #workKey = '';
  readonly #missing: MissingObject[] = [];
  /** Tables that the server does not make, or whose rows it does not take. */
  readonly #missingTables: MissingObject[] = [];
  /** Tables that an earlier restore finished, and somebody may work with. */
  readonly #standing: Set<string> = new Set();

  constructor(target: TargetAddress, options: RestoreOptions) {
    this.#target = target;
    this.options = options;
    this.method = new LoadingMethod(options.method ?? 'auto', options.standstillTimeout ?? standstillMs);
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
    this.#server = session;
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
    const keepsComment = capabilities.vendor === 'mariadb' && isAtLeast(capabilities.version, 10, 5);
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
    await this.open(source, workKey);
  }

  /** Works in a target that is there. */
  async open(source: DatabaseDescription, workKey: string): Promise<void> {
    this.#source = source;
    this.#workKey = workKey;
    // What only the login may do was asked for.
    const mayReachOut = (this.options.allow ?? []).length > 0;
    this.#rights = await this.#sessions.takeRights(this.#server!.connection, this.target, mayReachOut);
    this.#schema = await this.openSession();
    this.#capabilities = await readCapabilities(this.#schema.connection);
  }

  /** How objects are made here. */
  get policy(): ObjectPolicy {
    const { definers = 'keep' } = this.options;
    return { definers, source: this.source.name, target: this.target.database };
  }

  /**
   * {@link Acceptance.examine} @throws BackupError `target-refused`, or `archive-damaged` when a definition
   * is none
   */
  async examine(
    server: RestoreSession,
    tables: readonly TableDescription[],
    objects: readonly SchemaObject[],
    source: DatabaseDescription,
  ): Promise<void> {
    const { tables: chosen, objects: wanted = chosen === undefined } = this.options;
    const toBeMade = wanted ? objects : objects.filter(({ kind }) => kind === 'sequence');
    const refused = refusedDefinitions(source, tables, toBeMade);
    if (refused.length > 0) throw refusedError(refused);
    const capabilities = await readCapabilities(server.connection, objects);
    this.#acceptance.examine(tables, objects, capabilities);
  }

  /**
   * Whether a table is a mark that an earlier restore left in its source, which would be taken for one of
   * this; noted.
   */
  leavesOut(table: TableDescription): boolean {
    const reason = whyOursIn(table);
    if (reason === undefined) return false;
    this.notes.push({ code: 'left-out', message: leftOutSentence('table', table.name, reason) });
    return true;
  }

  /** A table's definition as the target can take it. @throws BackupError `target-refused` when it cannot */
  acceptTable(table: TableDescription): TableDescription {
    const accepted = this.#acceptance.table(table, this.#capabilities!);
    this.#accepted.set(table.name, accepted);
    const relaxed = relaxChecks(accepted, this.#capabilities!);
    if (relaxed.checks.length > 0) this.#relaxed.push(relaxed);
    return relaxed.table;
  }

  /** The same for a table that is there, of which some keys are missing. */
  acceptStanding(table: TableDescription): TableDescription {
    this.#standing.add(table.name);
    return this.acceptTable(table);
  }

  /** Makes an empty table. @returns undefined when the server refuses it, which holds up no other table */
  async makeTable(
    session: RestoreSession,
    table: TableDescription,
    keys: KeyTime,
  ): Promise<MadeTable | undefined> {
    const { allow } = this.options;
    const time = isBestWhole(table, this.source.server, this.#capabilities!) ? 'whole' : keys;
    const made = await makeTable(session, table, this.source.name, this.target.database, time, allow);
    if ('missing' in made) {
      if (made.missing.errno === 0 && table.definitionOnly !== undefined) {
        // It holds no rows of the database, and was not asked for.
        const message = `Table "${table.name}" is not made. ${made.missing.message}`;
        this.notes.push({ code: 'left-out', message });
        return undefined;
      }
      this.lackTable(made.missing);
      return undefined;
    }
    this.foreignKeys.owe(made.description.name, made.statements.foreignKeys);
    this.foreignKeys.note(made.description.name, made.statements.foreignKeysMade);
    if (made.description.name !== table.name) {
      this.notes.push({ code: 'adapted', message: renamedSentence(table.name, made.description.name) });
    } else if (made.description.createStatement !== table.createStatement) {
      this.notes.push({ code: 'adapted', message: displacedSentence(table.name) });
    }
    return made;
  }

  /**
   * Lists a table whose rows the server refuses, and drops it: it holds up no other.
   *
   * @param name - of the table in the archive
   * @param made - and in the target
   * @param inStep - whether the session has no data left to send
   * @returns the session to go on with
   * @throws what was thrown, when it is no refusal of these rows
   */
  async refuseRows(
    session: RestoreSession,
    { name, made, engine }: { readonly name: string; readonly made: string; readonly engine: string },
    error: unknown,
    inStep: boolean,
  ): Promise<RestoreSession> {
    const refusal = refusalOfRows(error, engine);
    if (refusal === undefined) throw error;
    const goesOn = inStep && !session.connection.lost;
    const missing = await describeRefusedRows(goesOn ? session.connection : undefined, { name }, refusal);
    if (!goesOn) session.connection.destroy();
    const next = goesOn ? session : await this.openSession();
    await next.connection.query(`DROP TABLE IF EXISTS ${quoteName(made)}`);
    this.foreignKeys.forget(made);
    this.lackTable(missing);
    return next;
  }

  /** Notes what the server did not take. */
  lack(missing: readonly MissingObject[]): void {
    this.#missing.push(...missing);
  }

  /** Notes a table that is not there, with its rows. */
  lackTable(missing: Omit<MissingObject, 'kind'>): void {
    this.#missingTables.push({ ...missing, kind: 'table', code: missing.code ?? 'restore-failed' });
  }

  /** A further session in the target. */
  async openSession(): Promise<RestoreSession> {
    return this.#sessions.openInTarget(this.source.server);
  }

  /** The session for definitions. */
  get schema(): RestoreSession {
    return this.#schema ?? noDatabase();
  }

  /**
   * The session for what acts for a user, and for dropping it: only the login may give it another than
   * itself.
   */
  async programs(): Promise<RestoreSession> {
    if (this.#rights.kind === 'login') return this.schema;
    this.#programs ??= await this.#sessions.openAsLogin(this.source.server);
    return this.#programs;
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

  /**
   * All rows are in that the server takes: foreign keys, objects, event states, and the mark of being
   * unfinished goes. What is missing is listed in its place.
   */
  async complete(
    tables: readonly RestoredTable[],
    objects: readonly SchemaObject[],
    summary: DumpSummary,
  ): Promise<RestoreReport> {
    const { connection } = this.schema;
    const { tables: chosen, objects: wanted = chosen === undefined } = this.options;
    for (const table of summary.tables) {
      if (table.incomplete === undefined || chosen?.includes(table.name) === false) continue;
      this.notes.push({ code: 'table-incomplete', message: incompleteSentence(table) });
    }
    await this.#settle();
    const absent = this.#missingTables.map(({ name }) => usualName(name));
    this.lack(await this.foreignKeys.add(connection, absent, this.signal));
    await this.#keepCheckWords();
    await this.#checkDefinitions();
    const sequences = objects.filter(({ kind }) => kind === 'sequence');
    const toBeMade = wanted ? this.#withTheirTables(objects, summary) : sequences;
    const made = await this.#makeObjects(this.#withoutMissingTables(await this.#withoutPrograms(toBeMade)));
    const [first, ...others] = this.#allMissing();
    await markMissing(connection, this.#workKey, this.#allMissing());
    await dropJournal(connection);
    this.#finished = true;
    return {
      database: this.target.database,
      startedAt: this.#startedAt.toISOString(),
      finishedAt: new Date().toISOString(),
      snapshotAt: summary.snapshotAt,
      ...(this.scheduleUsableAt === undefined
        ? {}
        : { scheduleUsableAt: this.scheduleUsableAt.toISOString() }),
      tables,
      objects: made,
      ...(first === undefined
        ? { outcome: 'complete', missing: [] }
        : { outcome: 'partial', missing: [first, ...others] }),
      method: this.method.method,
      rights: this.#rights,
      definers: this.#definers,
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

  async #settle(): Promise<void> {
    const passed = new Set([...this.#standing, ...this.#missingTables.map(({ name }) => name)]);
    for (const table of this.#accepted.values()) {
      if (passed.has(table.name)) continue;
      const note = await settleComputed(this.schema.connection, table, this.source.server, this.signal);
      if (note !== undefined) this.notes.push(note);
    }
    for (const relaxed of this.#relaxed) {
      if (passed.has(relaxed.table.name)) continue;
      this.notes.push(
        ...(await settleChecks(this.schema.connection, relaxed, this.source.server, this.signal)),
      );
    }
  }

  async #keepCheckWords(): Promise<void> {
    const told = new Set(this.#missingTables.map(({ name }) => name));
    const made = [...this.#accepted.values()].filter(({ name }) => !told.has(name));
    const names = { source: this.source.name, target: this.target.database };
    await keepCheckWords(this.schema.connection, made, names, this.#capabilities!, this.signal);
  }

  /** Holds what the server made against what was meant; what is missing is told by itself. */
  async #checkDefinitions(): Promise<void> {
    const journey = {
      source: this.source.name,
      target: this.target.database,
      sameServer: showAlike(this.source.server, this.#capabilities!),
    };
    const told = new Set(
      this.#allMissing().map(({ kind, name, table }) => (kind === 'table' ? name : table)),
    );
    const made = [...this.#accepted.values()].filter(
      ({ name }) => !told.has(name) && !this.#standing.has(name),
    );
    this.notes.push(...(await checkDefinitions(this.schema.connection, made, journey, this.signal)));
  }

  /** What was left out when tables were, in archives that do not say so and in a choice of tables. */
  #withTheirTables(objects: readonly SchemaObject[], summary: DumpSummary): readonly SchemaObject[] {
    const { kept, leftOut } = leaveOutWithoutTables(
      objects,
      absentTables(summary, this.options.tables),
      this.source.name,
    );
    for (const { kind, name, reason } of leftOut) {
      this.notes.push({ code: 'left-out', message: leftOutSentence(kind, name, reason) });
    }
    return kept;
  }

  /**
   * What needs a table that is missing: where it is made all the same, it stands in the way of every change.
   */
  #withoutMissingTables(objects: readonly SchemaObject[]): readonly SchemaObject[] {
    const absent = new Set(this.#missingTables.map(({ name }) => name));
    const { kept, leftOut } = leaveOutWithoutTables(objects, absent, this.source.name, 'the target');
    const reasons = new Map(leftOut.map(({ kind, name, reason }) => [`${kind} ${name}`, reason]));
    for (const { kind, name, table } of objects) {
      const reason = reasons.get(`${kind} ${name}`);
      if (reason === undefined) continue;
      const message = `${reason[0]!.toUpperCase()}${reason.slice(1)}.`;
      this.lack([{ kind, name, ...(table === undefined ? {} : { table }), errno: 0, message }]);
    }
    return kept;
  }

  async #withoutPrograms(objects: readonly SchemaObject[]): Promise<readonly SchemaObject[]> {
    if (this.options.programs !== false) return objects;
    const [row] = await this.#server!.connection.query('SELECT CURRENT_USER() AS me');
    const kept: SchemaObject[] = [];
    for (const object of objects) {
      if (!isProgram(object, row?.['me'] ?? '')) {
        kept.push(object);
        continue;
      }
      const definer = actsFor(object);
      const whom = definer === undefined ? '' : `, and acts for ${definer}`;
      const message = `The ${object.kind.replace('-', ' ')} "${object.name}" is left out: it is a program${whom}. It comes along when programs are asked for.`;
      this.notes.push({ code: 'left-out', message });
    }
    return kept;
  }

  async #makeObjects(wanted: readonly SchemaObject[]): Promise<readonly RestoredObject[]> {
    const { connection } = this.schema;
    const capabilities = await readCapabilities(connection, wanted);
    const accepted = wanted.map((object) => this.#acceptance.object(object, capabilities));
    this.#noteNames(accepted);
    const noSequences = await restoreSequences(connection, accepted, this.policy);
    const isProgram = accepted.some(({ kind }) => kind !== 'sequence');
    const programs = isProgram ? (await this.programs()).connection : connection;
    const outcome = await restoreObjects(programs, accepted, this.policy);
    this.lack([...noSequences, ...outcome.missing]);
    this.notes.push(...outcome.notes);
    const lost = new Set(noSequences.map(({ name }) => name));
    const sequences = accepted.filter(({ kind, name }) => kind === 'sequence' && !lost.has(name));
    const made = [...sequences, ...outcome.made];
    if ((this.options.events ?? 'as-found') === 'as-found') {
      const states = await restoreEventStates(programs, made, this.policy);
      this.lack(states.missing);
      this.notes.push(...states.notes);
    }
    const { definers = 'keep' } = this.options;
    const users = definers === 'strip' ? [] : made.flatMap((object) => actsFor(object) ?? []);
    this.#definers = [...new Set(users)].sort(compareNames);
    return made.map(({ kind, name }) => ({ kind, name }));
  }

  /** Tables first. */
  #allMissing(): readonly MissingObject[] {
    return [...this.#missingTables, ...this.#missing];
  }

  async close(): Promise<void> {
    await (this.#finished ? this.#sessions.close() : this.#sessions.abandon());
  }
}

function noDatabase(): never {
  throw new BackupError('archive-damaged', 'The parts do not begin with the database.');
}
