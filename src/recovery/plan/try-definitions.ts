import { randomBytes } from 'node:crypto';
import type { DatabaseAddress } from '../../database/address.js';
import type { Connection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { type BackupError, isBackupError } from '../../errors.js';
import type { DatabaseDescription, SchemaObject, TableDescription } from '../../model/parts.js';
import { adaptDefaults, adaptObject, adaptTable } from '../adapt/adapt.js';
import { type Capabilities, readCapabilities } from '../adapt/capabilities.js';
import { eventsOver } from '../restore/events.js';
import { ForeignKeys } from '../restore/foreign-keys.js';
import { isRefusal, type MissingObject } from '../restore/missing.js';
import type { RestoreOptions } from '../restore/options.js';
import { dropOwnAccount, makeOwnAccount } from '../restore/own-account.js';
import { restoreObjects, restoreSequences } from '../restore/restore-objects.js';
import { openRestoreSession, type RestoreSession, takeMeaningOf } from '../restore/session.js';
import { finishTable, makeTable } from '../restore/table-statements.js';
import type { TargetAddress } from '../restore/target-address.js';

/** Result of creating every definition once, without rows. */
export interface Trial {
  /** What the server refused, with its error number and message. */
  readonly refused: readonly MissingObject[];
  /** Tables that can be created, but not with the paths that they name. */
  readonly displaced: readonly string[];
  /** Tables that can be created only under another name. */
  readonly renamed: readonly (readonly [from: string, to: string])[];
  /** Events whose time has passed. */
  readonly over: readonly string[];
  /** Why not everything was tried; undefined if it was. */
  readonly untried?: string;
}

/** The definitions to try. */
export interface Definitions {
  readonly database: DatabaseDescription;
  readonly tables: readonly TableDescription[];
  readonly objects: readonly SchemaObject[];
}

/** Names of scratch databases begin with this; the rest is random. */
const prefix = 'supplemental_scratch_';

/**
 * Creates every definition in a scratch database of the target server, and drops that again. Also drops what
 * earlier interrupted trials left.
 *
 * @param address - of the server
 * @param server - a session there, without a selected database
 */
export async function tryDefinitions(
  address: DatabaseAddress,
  server: RestoreSession,
  wanted: Definitions,
  options: Pick<RestoreOptions, 'allow' | 'definers' | 'signal'>,
): Promise<Trial> {
  const { connection } = server;
  const name = `${prefix}${randomBytes(6).toString('hex')}`;
  const capabilities = await readCapabilities(connection, wanted.objects);
  const { characterSet, collation } = adaptDefaults(wanted.database, capabilities).definition;
  try {
    await sweep(connection);
    // While this session exists, other trials do not take the database for one that was left behind.
    await connection.query(`SELECT GET_LOCK('${name}', 0)`);
    const known = [characterSet, collation].every((word) => /^\w+$/.test(word));
    const defaults = known ? ` CHARACTER SET ${characterSet} COLLATE ${collation}` : '';
    await connection.query(`CREATE DATABASE ${quoteName(name)}${defaults}`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return mayNot(error);
  }
  try {
    const target = { ...address, database: name };
    const account = await makeOwnAccount(connection, target);
    try {
      return await tryAll(target, account?.address ?? target, wanted, capabilities, options);
    } finally {
      if (account !== undefined) await dropOwnAccount(connection, account.name);
    }
  } catch (error) {
    if (!isBackupError(error, 'privilege-missing')) throw error;
    return mayNot(error);
  } finally {
    await connection.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
    await connection.query(`SELECT RELEASE_LOCK('${name}')`);
  }
}

/**
 * Tries tables with the rights of an account that has none elsewhere, and programs with those of the user, as
 * a restore does.
 */
async function tryAll(
  login: TargetAddress,
  own: TargetAddress,
  wanted: Definitions,
  capabilities: Capabilities,
  options: Pick<RestoreOptions, 'allow' | 'definers' | 'signal'>,
): Promise<Trial> {
  const opened: RestoreSession[] = [];
  const open = async (address: TargetAddress): Promise<RestoreSession> => {
    const session = await openRestoreSession(address, options.signal);
    opened.push(session);
    await takeMeaningOf(wanted.database.server, session);
    return session;
  };
  try {
    const session = await open(own);
    const programs = own === login ? session : await open(login);
    return await new Attempt(session, programs, wanted, login.database, capabilities, options).run();
  } finally {
    await Promise.all(opened.map(({ connection }) => connection.close()));
  }
}

/** The result when nothing was tried. */
export function notTried(untried: string): Trial {
  return { refused: [], displaced: [], renamed: [], over: [], untried };
}

function mayNot(error: BackupError): Trial {
  const why = isBackupError(error, 'privilege-missing')
    ? 'the database user may not make a scratch database'
    : 'the server made no scratch database with the character set of this one';
  return notTried(`${why} (${serverErrorNumber(error)})`);
}

/** Drops the scratch databases of trials whose sessions have ended. */
async function sweep(connection: Connection): Promise<void> {
  const names = (await connection.query('SHOW DATABASES')).map((row) => Object.values(row)[0] ?? '');
  for (const name of names) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{12}$/.test(name.slice(prefix.length))) continue;
    const [lock] = await connection.query(`SELECT IS_FREE_LOCK('${name}') AS is_free`);
    if (lock?.['is_free'] === '1') await connection.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
  }
}

class Attempt {
  readonly #session: RestoreSession;
  readonly #programs: RestoreSession;
  readonly #wanted: Definitions;
  readonly #database: string;
  readonly #capabilities: Capabilities;
  readonly #options: Pick<RestoreOptions, 'allow' | 'definers' | 'signal'>;
  readonly #refused: MissingObject[] = [];
  readonly #displaced: string[] = [];
  readonly #renamed: (readonly [string, string])[] = [];
  readonly #foreignKeys: ForeignKeys = new ForeignKeys();

  constructor(
    session: RestoreSession,
    programs: RestoreSession,
    wanted: Definitions,
    database: string,
    capabilities: Capabilities,
    options: Pick<RestoreOptions, 'allow' | 'definers' | 'signal'>,
  ) {
    this.#session = session;
    this.#programs = programs;
    this.#wanted = wanted;
    this.#database = database;
    this.#capabilities = capabilities;
    this.#options = options;
  }

  async run(): Promise<Trial> {
    const { connection } = this.#session;
    const { tables, objects, database } = this.#wanted;
    const { definers = 'keep', signal } = this.#options;
    const policy = { definers, source: database.name, target: this.#database };
    const adapted = objects.map((object) => adaptObject(object, this.#capabilities).definition);
    await restoreSequences(connection, adapted, policy);
    for (const table of tables) {
      signal?.throwIfAborted();
      await this.#tryTable(adaptTable(table, this.#capabilities).definition);
    }
    const absent = this.#refused.filter(({ kind }) => kind === 'table').map(({ name }) => name);
    this.#refused.push(...(await this.#foreignKeys.add(connection, absent, signal)));
    signal?.throwIfAborted();
    const noSequences = await restoreSequences(connection, adapted, policy);
    const { missing } = await restoreObjects(this.#programs.connection, adapted, policy);
    this.#refused.push(...noSequences, ...missing);
    const over = await eventsOver(connection);
    // Privileges in a scratch database say nothing about those in the target.
    const refused = this.#refused.filter(({ errno }) => !privilegesOfDatabase.has(errno));
    const allTried = refused.length === this.#refused.length;
    return {
      refused,
      displaced: this.#displaced,
      renamed: this.#renamed,
      over,
      ...(allTried ? {} : { untried: 'the database user may not make all of them in a scratch database' }),
    };
  }

  async #tryTable(table: TableDescription): Promise<void> {
    const { name } = this.#wanted.database;
    const { allow = [] } = this.#options;
    const made = await makeTable(this.#session, table, name, this.#database, 'at-once', allow);
    if ('missing' in made) {
      this.#refused.push(made.missing);
      return;
    }
    const { description, statements } = made;
    if (description.name !== table.name) this.#renamed.push([table.name, description.name]);
    else if (description.createStatement !== table.createStatement) this.#displaced.push(table.name);
    this.#foreignKeys.owe(description.name, statements.foreignKeys);
    this.#refused.push(...(await finishTable(this.#session, description, statements, this.#options.signal)));
  }
}

const privilegesOfDatabase: ReadonlySet<number> = new Set([1044, 1142, 1143, 1370]);
