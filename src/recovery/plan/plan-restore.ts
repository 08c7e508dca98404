import type { ArchiveReader } from '../../archive/index.js';
import { assertOptions, assertReader } from '../../arguments.js';
import { absentTables, leaveOutWithoutTables } from '../../catalog/objects-without-tables.js';
import { grantsIn } from '../../catalog/privileges.js';
import type { DatabaseAddress } from '../../database/address.js';
import type { Connection } from '../../database/connection.js';
import { seesOtherSessions } from '../../database/sees-sessions.js';
import { during } from '../../errors.js';
import type { SchemaObject, TableDescription, TableSummary } from '../../model/parts.js';
import { readCapabilities } from '../adapt/capabilities.js';
import { refusedDefinitions } from '../ddl/refused-definitions.js';
import type { LoadMethod } from '../load/table-loader.js';
import type { RestoreOptions } from '../restore/options.js';
import { openRestoreSession, type RestoreSession } from '../restore/session.js';
import { examineTarget, type TargetState, targetOn, whyNotWritable } from '../restore/target.js';
import { serverOf, type TargetAddress, targetOf } from '../restore/target-address.js';
import { findObstacles, type RestoreObstacle, type TargetFacts } from './obstacles.js';
import { notTried, tryDefinitions } from './try-definitions.js';

/** What a restore would do, and its obstacles. Planning does not change the target. */
export interface RestorePlan {
  /** The target, as its server would have it. */
  readonly database: string;
  /** What is at the target now. */
  readonly state: TargetState;
  /** The server of the target. */
  readonly server: { readonly vendor: 'mariadb' | 'mysql'; readonly version: string };
  /** The server of the original. */
  readonly source: { readonly vendor: 'mariadb' | 'mysql'; readonly version: string };
  /** How rows would be loaded. */
  readonly method: LoadMethod;
  /** Tables that would be created and filled. */
  readonly tables: readonly RestorePlanTable[];
  /** Views, triggers, routines and events that would be created. */
  readonly objects: readonly Pick<SchemaObject, 'kind' | 'name'>[];
  /** Rows that would be loaded. */
  readonly rows: number;
  /** Bytes of rows, before and after compression. */
  readonly plainBytes: number;
  /** Their size in the archive. */
  readonly storedBytes: number;
  /** What a person should know beforehand. */
  readonly obstacles: readonly RestoreObstacle[];
  /** Whether no obstacle blocks. */
  readonly possible: boolean;
}

/** A table that would be restored. */
export interface RestorePlanTable {
  /** As in the archive. */
  readonly name: string;
  /** Storage engine it would get. */
  readonly engine: string;
  /** Rows that would be loaded. */
  readonly rows: number;
  /** Their size before compression. */
  readonly plainBytes: number;
}

/**
 * Plans a restore without changing the target: what would be restored, how, and everything that the server
 * lacks: collations, engines, SQL modes, definers, privileges. Every definition is tried in a scratch
 * database (`supplemental_scratch_…`) that is dropped again, if the user may create one.
 *
 * @throws BackupError `target-refused` when the target is a system database of the server; `database-…`; and
 *   the errors of reading the archive
 * @example
 * ```ts
 * const { possible, obstacles } = await planRestore(archive, { ...server, database: 'recovered' });
 * for (const { message } of obstacles) console.log(message);
 * ```
 */
export async function planRestore(
  archive: ArchiveReader,
  target: DatabaseAddress,
  options: RestoreOptions = {},
): Promise<RestorePlan> {
  assertReader('archive', archive);
  assertOptions(options, { tables: 'array?', allow: 'array?' });
  const address = targetOf(target);
  return during('restore', async () => {
    const session = await openRestoreSession(serverOf(address), options.signal);
    try {
      const { database } = await targetOn(session.connection, address);
      return await planInto(archive, session, address, database, options);
    } finally {
      await session.connection.close();
    }
  });
}

async function planInto(
  archive: ArchiveReader,
  session: RestoreSession,
  address: TargetAddress,
  database: string,
  options: RestoreOptions,
): Promise<RestorePlan> {
  const { vendor, version, localInfile } = session;
  const { tables: wanted, objects: objectsToo = wanted === undefined, method = 'auto' } = options;
  const source = await archive.database();
  const summaries = archive.manifest.tables.filter(({ name }) => wanted?.includes(name) ?? true);
  const all = await archive.objects();
  const { kept, leftOut } = leaveOutWithoutTables(all, absentTables(archive.manifest, wanted), source.name);
  const objects = objectsToo ? kept : kept.filter(({ kind }) => kind === 'sequence');
  const tables: { readonly description: TableDescription; readonly summary: TableSummary }[] = [];
  for (const summary of summaries) tables.push({ description: await archive.table(summary.name), summary });
  const definitions = { database: source, tables: tables.map(({ description }) => description), objects };
  const refused = refusedDefinitions(source, definitions.tables, objects);
  const trial =
    refused.length > 0
      ? notTried('some of them are not accepted')
      : await tryDefinitions(serverOf(address), session, definitions, options);
  const target = { ...(await readTarget(session, database, objects)), trial, refused };
  const content = { defaults: source, tables, objects, leftOut: objectsToo ? leftOut : [] };
  const obstacles = findObstacles(content, target, options);
  const sum = (count: (table: TableSummary) => number): number =>
    summaries.reduce((total, table) => total + count(table), 0);
  return {
    database,
    state: target.state,
    server: { vendor, version },
    source: { vendor: source.server.vendor, version: source.server.version },
    method: method === 'auto' ? (localInfile ? 'load-data' : 'insert') : method,
    tables: summaries.map(({ name, engine, rows, plainBytes }) => ({ name, engine, rows, plainBytes })),
    objects: objects.map(({ kind, name }) => ({ kind, name })),
    rows: sum((table) => table.rows),
    plainBytes: sum((table) => table.plainBytes),
    storedBytes: sum((table) => table.storedBytes),
    obstacles,
    possible: !obstacles.some((obstacle) => obstacle.severity === 'blocks'),
  };
}

async function readTarget(
  { connection, localInfile }: RestoreSession,
  database: string,
  objects: readonly SchemaObject[],
): Promise<Omit<TargetFacts, 'refused' | 'trial'>> {
  const state = await examineTarget(connection, database);
  const [grants] = await connection.queryEach(['SHOW GRANTS']);
  const [row] = await connection.query(
    'SELECT @@global.read_only AS read_only_flag, @@global.event_scheduler AS scheduler',
  );
  return {
    database,
    state,
    capabilities: await readCapabilities(connection, objects),
    grants: grantsIn(grants),
    seesOtherSessions: await seesOtherSessions(connection),
    notWritable: await whyNotWritable(connection),
    readOnly: row?.['read_only_flag'] === '1',
    runsEvents: /^(?:on|1)$/i.test(row?.['scheduler'] ?? ''),
    localInfile,
    accounts: await readAccounts(connection),
  };
}

/** Undefined for a user who may not read them. */
async function readAccounts(connection: Connection): Promise<ReadonlySet<string> | undefined> {
  const users = await connection
    .query('SELECT CONCAT(User, CHAR(64), Host) AS account FROM mysql.user')
    .catch(() => undefined);
  return users && new Set(users.map((user) => user['account'] ?? ''));
}
