import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import type { SchemaObject } from '../../model/parts.js';
import { definerOf, type ObjectPolicy, planObject, planObjectBytes } from '../ddl/object-statement.js';
import { notADefinition } from '../ddl/tokens.js';
import { describeMissing, type MissingObject } from './missing.js';
import { makeBrokenView } from './placeholders.js';
import type { RestoreNote, RestoreNoteCode } from './restore-report.js';
import { loadingMode } from './session.js';
import { runBytes, runInCharacterSet } from './statement-bytes.js';

/** An object that the server refused, so far. */
export interface Refused {
  readonly object: SchemaObject;
  readonly missing: MissingObject;
}

/** Creates objects in a target, each with the settings it had (O1–O12). */
export class ObjectMaker {
  readonly made: SchemaObject[] = [];
  readonly notes: RestoreNote[] = [];
  readonly #connection: Connection;
  readonly #policy: ObjectPolicy;
  /** The database's own collation, if it was changed for an object. */
  #ownCollation: string | undefined;

  constructor(connection: Connection, policy: ObjectPolicy) {
    this.#connection = connection;
    this.#policy = policy;
  }

  /**
   * Creates objects in rounds: what needs something that does not exist yet is tried again in the next round.
   */
  async makeAll(objects: readonly SchemaObject[]): Promise<readonly Refused[]> {
    let waiting = objects;
    const given: Refused[] = [];
    for (;;) {
      const refused: Refused[] = [];
      for (const object of waiting) {
        const missing = await this.#tryToMake(object);
        if (missing !== undefined) refused.push({ object, missing });
      }
      const mayYetBe = refused.filter(({ missing }) => mayWait.has(missing.errno));
      given.push(...refused.filter(({ missing }) => !mayWait.has(missing.errno)));
      if (mayYetBe.length === 0 || mayYetBe.length === waiting.length) return [...given, ...mayYetBe];
      waiting = mayYetBe.map(({ object }) => object);
    }
  }

  /**
   * Creates views that are refused because a view they use has a definer who does not exist: for that time,
   * those views get the restoring user as their definer (O8). A view may be unusable and must be restored
   * nevertheless.
   */
  async makeOverMissingUsers(refused: readonly Refused[]): Promise<readonly Refused[]> {
    const below = this.made.filter(({ kind, definer }) => kind === 'view' && definer !== undefined);
    if (below.length === 0) return refused;
    for (const view of below) await this.#makeAgain(view, { ...this.#policy, definers: 'strip' });
    const left = await this.makeAll(refused.map(({ object }) => object));
    for (const view of below) await this.#makeAgain(view, this.#policy);
    return left;
  }

  /**
   * Creates a view that was already broken at the source, and is broken here too (O2).
   *
   * @returns whether it could be created
   */
  async makeBroken(view: SchemaObject): Promise<boolean> {
    const isMade = await this.#makeOverPlaceholders(view);
    if (isMade) {
      this.#note(
        'broken-at-source',
        `View "${view.name}" was already broken when the backup was made, and is broken here too.`,
      );
    }
    return isMade;
  }

  /** Restores the settings of the session and the database. */
  async leave(): Promise<void> {
    await this.#setDatabaseCollation(undefined).catch(() => undefined);
    await this.#connection
      .query(`SET NAMES utf8mb4, SESSION sql_mode = '${loadingMode}', SESSION time_zone = '+00:00'`)
      .catch(() => undefined);
  }

  /**
   * Creates an object with the clock at `seconds` after 1970: a server drops an event at once when its time
   * has passed.
   */
  async makeAsOf(object: SchemaObject, seconds: number): Promise<MissingObject | undefined> {
    await this.#connection.query(`SET SESSION timestamp = ${seconds}`);
    try {
      await this.#make(object, this.#policy);
      return undefined;
    } catch (error) {
      return await this.#describe(object, error);
    } finally {
      await this.#connection.query('SET SESSION timestamp = DEFAULT');
    }
  }

  async #tryToMake(object: SchemaObject): Promise<MissingObject | undefined> {
    try {
      await this.#make(object, this.#policy);
      this.made.push(object);
      return undefined;
    } catch (error) {
      return this.#describe(object, error);
    }
  }

  async #makeOverPlaceholders(view: SchemaObject): Promise<boolean> {
    const taken: SchemaObject[] = [];
    const takeAway = async (name: string): Promise<boolean> => {
      const at = this.made.findIndex((each) => each.kind === 'view' && each.name === name);
      if (at === -1) return false;
      await this.#connection.query(`DROP VIEW ${quoteName(name)}`);
      taken.push(...this.made.splice(at, 1));
      return true;
    };
    const isMade = await makeBrokenView(this.#connection, () => this.#make(view, this.#policy), takeAway);
    if (isMade) this.made.push(view);
    // The views that were dropped for this one are created again.
    for (const other of taken) await this.#makeOverPlaceholders(other);
    return isMade;
  }

  async #makeAgain(view: SchemaObject, policy: ObjectPolicy): Promise<void> {
    await this.#connection.query(`DROP VIEW ${quoteName(view.name)}`);
    await this.#make(view, policy);
  }

  async #describe({ kind, name, table }: SchemaObject, error: unknown): Promise<MissingObject> {
    const what = { kind, name, ...(kind === 'trigger' && table !== undefined ? { table } : {}) };
    return describeMissing(this.#connection, what, error);
  }

  /** Sets the state of an event. The server records its user and settings again. */
  async setState(event: SchemaObject, state: string): Promise<void> {
    const { characterSetClient = 'utf8mb4' } = event;
    const definer = this.#policy.definers === 'keep' ? definerOf(event) : '';
    await this.#enter(event);
    const statement = `ALTER ${definer} EVENT ${quoteName(event.name)} ${state}`;
    if (await runInCharacterSet(this.#connection, statement, characterSetClient)) return;
    await this.#connection.query('SET SESSION character_set_client = utf8mb4');
    await runInCharacterSet(this.#connection, statement, 'utf8mb4');
  }

  /** Applies the settings that an object was created with. */
  async #enter(object: SchemaObject): Promise<void> {
    const { characterSetClient = 'utf8mb4', collationConnection, timeZone, sqlMode = '' } = object;
    for (const word of [characterSetClient, collationConnection, object.databaseCollation]) {
      if (word !== undefined && !/^\w+$/.test(word)) throw notADefinition(`${object.kind} "${object.name}"`);
    }
    // In quotes, because one collation is named `binary`.
    const settings = [
      `sql_mode = ${quoteText(sqlMode)}`,
      `character_set_client = '${characterSetClient}'`,
      ...(collationConnection === undefined ? [] : [`collation_connection = '${collationConnection}'`]),
      ...(timeZone === undefined ? [] : [`time_zone = ${quoteText(timeZone)}`]),
    ];
    await this.#setDatabaseCollation(object.databaseCollation);
    await this.#connection.query(`SET SESSION ${settings.join(', SESSION ')}`);
  }

  async #make(object: SchemaObject, policy: ObjectPolicy): Promise<void> {
    const { characterSetClient = 'utf8mb4' } = object;
    const statement = planObject(object, policy);
    await this.#enter(object);
    const bytes = planObjectBytes(object, policy);
    if (bytes !== undefined) return runBytes(this.#connection, bytes);
    if (object.createStatementBytes !== undefined) {
      this.#note(
        'definition-changed',
        `The ${object.kind} "${object.name}" holds bytes that are not text in its character set ${characterSetClient}; they were replaced.`,
      );
    }
    if (await runInCharacterSet(this.#connection, statement, characterSetClient)) return;
    // The text does not fit the object's character set, so the object is created under one that can hold it.
    await this.#connection.query('SET SESSION character_set_client = utf8mb4');
    await runInCharacterSet(this.#connection, statement, 'utf8mb4');
    this.#note(
      'character-set-changed',
      `The ${object.kind} "${object.name}" holds text that its character set ${characterSetClient} cannot hold; it was created under utf8mb4.`,
    );
  }

  /** Routines, triggers and events keep the collation that the database has when they are created (O7). */
  async #setDatabaseCollation(wanted: string | undefined): Promise<void> {
    const connection = this.#connection;
    // Nothing was changed yet, so there is nothing to restore.
    if (wanted === undefined && this.#ownCollation === undefined) return;
    const [row] = await connection.query('SELECT @@collation_database AS collation');
    const present = row?.['collation'] ?? undefined;
    this.#ownCollation ??= present;
    const target = wanted ?? this.#ownCollation;
    if (target === undefined || target === present) return;
    await connection.query(`ALTER DATABASE ${quoteName(this.#policy.target)} COLLATE ${quoteName(target)}`);
  }

  #note(code: RestoreNoteCode, message: string): void {
    this.notes.push({ code, message });
  }
}

// No such table, column, view, function or procedure yet; or a view it uses is invalid so far.
const mayWait: ReadonlySet<number> = new Set([1054, 1146, 1305, 1356, 1368, 1449, 4091]);
