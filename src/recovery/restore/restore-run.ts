import { whyOursIn } from '../../catalog/restore-mark.js';
import { quoteName } from '../../database/identifiers.js';
import { isAtLeast } from '../../database/server-version.js';
import { BackupError } from '../../errors.js';
import type { DatabaseDescription, SchemaObject, TableDescription } from '../../model/parts.js';
import { type Capabilities, readCapabilities } from '../adapt/capabilities.js';
import type { ObjectPolicy } from '../ddl/object-statement.js';
import { refusedDefinitions, refusedError } from '../ddl/refused-definitions.js';
import type { KeyTime } from '../ddl/table-statement.js';
import { Acceptance } from './acceptance.js';
import { ForeignKeys } from './foreign-keys.js';
import { LoadingMethod } from './loading-method.js';
import type { MissingObject } from './missing.js';
import type { RestoreOptions } from './options.js';
import type { RestoreRights } from './own-account.js';
import { describeRefusedRows, refusalOfRows } from './refused-rows.js';
import { createJournal } from './restore-journal.js';
import {
  displacedSentence,
  leftOutSentence,
  type RestoreNote,
  type RestoreProgress,
  renamedSentence,
} from './restore-report.js';
import { RestoreSessions } from './restore-sessions.js';
import type { RestoreSession } from './session.js';
import { type RelaxedTable, relaxChecks } from './settle-checks.js';
import { isBestWhole, type MadeTable, makeTable } from './table-statements.js';
import { claimTarget, databaseComment, makeTarget, targetOn } from './target.js';
import type { TargetAddress } from './target-address.js';

// A load makes no progress when the disk is full, a lock is not released, or the server deadlocks with
// itself.
const standstillMs = 5 * 60_000;

/**
 * One restore, from any source: its sessions, its target and what all ways of restoring share. The caller
 * must close it; closing it before the end also ends its sessions on the server.
 */
export class RestoreRun {
  readonly options: RestoreOptions;
  readonly method: LoadingMethod;
  readonly notes: RestoreNote[] = [];
  readonly foreignKeys: ForeignKeys = new ForeignKeys();
  /** When the tables that an office needs first were complete. */
  scheduleUsableAt: Date | undefined;
  /** Aborted by the caller, or when any part of the work fails. */
  readonly signal: AbortSignal;
  readonly #abort: AbortController = new AbortController();
  readonly startedAt: Date = new Date();
  readonly #sessions: RestoreSessions;
  readonly acceptance: Acceptance;
  #target: TargetAddress;
  #server: RestoreSession | undefined;
  #schema: RestoreSession | undefined;
  #programs: RestoreSession | undefined;
  #rights: RestoreRights = { kind: 'login', isPrivileged: true };
  #source: DatabaseDescription | undefined;
  #capabilities: Capabilities | undefined;
  /** Tables that were created without checks, which are added after their rows. */
  readonly relaxed: RelaxedTable[] = [];
  /** The intended definitions, to compare with what the server created. */
  readonly accepted: Map<string, TableDescription> = new Map();
  #finished = false;
  #workKey = '';
  /** What the server refused, except tables. */
  readonly missing: MissingObject[] = [];
  /** Tables that the server refused, or whose rows it refused. */
  readonly missingTables: MissingObject[] = [];
  /** Tables that an earlier restore completed, and that may be in use. */
  readonly standing: Set<string> = new Set();

  constructor(target: TargetAddress, options: RestoreOptions) {
    this.#target = target;
    this.options = options;
    this.method = new LoadingMethod(options.method ?? 'auto', options.standstillTimeout ?? standstillMs);
    this.signal =
      options.signal === undefined
        ? this.#abort.signal
        : AbortSignal.any([options.signal, this.#abort.signal]);
    this.#sessions = new RestoreSessions(target, this.signal);
    options.signal?.addEventListener('abort', this.#endSessions, { once: true });
    this.acceptance = new Acceptance(target.database, options.adapt ?? false, this.notes);
  }

  /** With the name that the server has for it, once the run has the claim. */
  get target(): TargetAddress {
    return this.#target;
  }

  /**
   * Prevents other restores into this target until this run is closed. @throws BackupError `already-running`
   */
  async claim(): Promise<RestoreSession> {
    this.signal.throwIfAborted();
    const session = await this.#sessions.openOnServer();
    this.#target = await targetOn(session.connection, this.#target);
    await claimTarget(session.connection, this.target.database);
    this.#server = session;
    return session;
  }

  /**
   * Creates the target and marks it as incomplete.
   *
   * @param workKey - identifies the archive and the selected tables; empty when this restore cannot be
   *   continued
   * @param names - of the tables to come, if known
   * @throws BackupError `target-refused`
   */
  async beginAnew(
    server: RestoreSession,
    source: DatabaseDescription,
    workKey: string,
    names?: readonly string[],
  ): Promise<void> {
    const capabilities = await readCapabilities(server.connection);
    const defaults = this.acceptance.defaults(source, capabilities);
    const { database } = this.target;
    const comment = databaseComment(source.createStatement);
    const keepsComment = capabilities.vendor === 'mariadb' && isAtLeast(capabilities.version, 10, 5);
    const kept = keepsComment ? comment : undefined;
    await makeTarget(server.connection, database, defaults, this.options.replace ?? false, kept);
    if (kept !== comment) {
      this.notes.push({
        code: 'definition-changed',
        message: 'The comment of the database is left out: the target has no such comments.',
      });
    }
    // Over the session that holds the claim, so that the next holder finds either the journal or an empty
    // target.
    await createJournal(server.connection, database, workKey, names);
    await this.open(source, workKey);
  }

  /** Uses an existing target. */
  async open(source: DatabaseDescription, workKey: string): Promise<void> {
    this.#source = source;
    this.#workKey = workKey;
    // `allow` needs rights that an account without privileges elsewhere does not have.
    const mayReachOut = (this.options.allow ?? []).length > 0;
    this.#rights = await this.#sessions.takeRights(this.server.connection, this.target, mayReachOut);
    this.#schema = await this.openSession();
    this.#capabilities = await readCapabilities(this.#schema.connection);
  }

  /** Of the account that creates and loads tables. */
  get rights(): RestoreRights {
    return this.#rights;
  }

  /** What the target supports. */
  get capabilities(): Capabilities {
    return this.#capabilities ?? noDatabase();
  }

  /** Identifies the archive and the selected tables; empty when this restore cannot be continued. */
  get workKey(): string {
    return this.#workKey;
  }

  /** The session that holds the claim. */
  get server(): RestoreSession {
    return this.#server!;
  }

  /** How objects are created here. */
  get policy(): ObjectPolicy {
    const { definers = 'keep' } = this.options;
    return { definers, source: this.source.name, target: this.target.database };
  }

  /**
   * {@link Acceptance.examine} @throws BackupError `target-refused`, or `archive-damaged` when a definition
   * is refused
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
    this.acceptance.examine(tables, objects, capabilities);
  }

  /**
   * Whether a table is one that an earlier restore left in the source, and that would count as one of this
   * restore. Adds a note.
   */
  leavesOut(table: TableDescription): boolean {
    const reason = whyOursIn(table);
    if (reason === undefined) return false;
    this.notes.push({ code: 'left-out', message: leftOutSentence('table', table.name, reason) });
    return true;
  }

  /** A table's definition as the target accepts it. @throws BackupError `target-refused` when it cannot */
  acceptTable(table: TableDescription): TableDescription {
    const accepted = this.acceptance.table(table, this.capabilities);
    this.accepted.set(table.name, accepted);
    const relaxed = relaxChecks(accepted, this.capabilities);
    if (relaxed.checks.length > 0) this.relaxed.push(relaxed);
    return relaxed.table;
  }

  /** The same for an existing table that lacks some keys. */
  acceptStanding(table: TableDescription): TableDescription {
    this.standing.add(table.name);
    return this.acceptTable(table);
  }

  /** Creates an empty table. @returns undefined when the server refuses it, which does not stop the others */
  async makeTable(
    session: RestoreSession,
    table: TableDescription,
    keys: KeyTime,
  ): Promise<MadeTable | undefined> {
    const { allow } = this.options;
    const time = isBestWhole(table, this.source.server, this.capabilities) ? 'whole' : keys;
    const made = await makeTable(session, table, this.source.name, this.target.database, time, allow);
    if ('missing' in made) {
      if (made.missing.errno === 0 && table.definitionOnly !== undefined) {
        // Its rows are not in the database itself, and `allow` does not include such tables.
        const message = `Table "${table.name}" is not created. ${made.missing.message}`;
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
   * Lists a table whose rows the server refuses, and drops it; the others continue.
   *
   * @param name - of the table in the archive
   * @param made - its name in the target
   * @param inStep - whether the session has no data left to send
   * @returns the session to continue with
   * @throws the given error, when it is not a refusal of these rows
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

  /** Records what the server refused. */
  lack(missing: readonly MissingObject[]): void {
    this.missing.push(...missing);
  }

  /** Records a table that is missing with its rows. */
  lackTable(missing: Omit<MissingObject, 'kind'>): void {
    this.missingTables.push({ ...missing, kind: 'table', code: missing.code ?? 'restore-failed' });
  }

  /** Opens a further session in the target. */
  async openSession(): Promise<RestoreSession> {
    return this.#sessions.openInTarget(this.source.server);
  }

  /** The session for definitions. */
  get schema(): RestoreSession {
    return this.#schema ?? noDatabase();
  }

  /**
   * The session for creating and dropping objects with a definer: only the user may set another definer than
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

  /** Stops everything in progress. */
  fail(reason: unknown): void {
    this.#abort.abort(reason);
  }

  /** Marks the restore as complete, so that closing it ends its sessions regularly. */
  finish(): void {
    this.#finished = true;
  }

  /** Ends the sessions, so that no statement is awaited any longer. */
  readonly #endSessions = (): void => {
    this.#sessions.abandon().catch(() => undefined);
  };

  async close(): Promise<void> {
    this.options.signal?.removeEventListener('abort', this.#endSessions);
    await (this.#finished ? this.#sessions.close() : this.#sessions.abandon());
  }
}

function noDatabase(): never {
  throw new BackupError('archive-damaged', 'The parts do not begin with the database.');
}
