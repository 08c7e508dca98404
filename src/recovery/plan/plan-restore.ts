import type { SchemaObject, TableDescription } from '../../archive/model.js';
import type { ArchiveReader } from '../../archive/open-archive.js';
import { privilegesOn } from '../../catalog/privileges.js';
import { takesHistory } from '../../catalog/system-time.js';
import type { DatabaseAddress } from '../../database/address.js';
import type { Connection } from '../../database/connection.js';
import { seesOtherSessions } from '../../database/sees-sessions.js';
import {
  type Adaptation,
  adaptDefaults,
  adaptObject,
  adaptTable,
  describeAdaptation,
} from '../adapt/adapt.js';
import { type Capabilities, readCapabilities } from '../adapt/capabilities.js';
import { collidingNames } from '../adapt/colliding-names.js';
import type { LoadMethod } from '../load/table-loader.js';
import type { RestoreOptions } from '../restore/options.js';
import { historySentence, incompleteSentence } from '../restore/report.js';
import { openRestoreSession, type RestoreSession } from '../restore/session.js';
import {
  examineTarget,
  hiddenSessionsSentence,
  serverOf,
  type TargetState,
  targetOf,
} from '../restore/target.js';

/** What a restore would do, and what stands in its way. Nothing was changed to find out. */
export interface RestorePlan {
  readonly database: string;
  readonly state: TargetState;
  /** The server of the target. */
  readonly server: { readonly vendor: 'mariadb' | 'mysql'; readonly version: string };
  /** The server of the original. */
  readonly source: { readonly vendor: 'mariadb' | 'mysql'; readonly version: string };
  readonly method: LoadMethod;
  readonly tables: readonly RestorePlanTable[];
  readonly objects: readonly Pick<SchemaObject, 'kind' | 'name'>[];
  readonly rows: number;
  /** Bytes of rows, before and after compression. */
  readonly plainBytes: number;
  readonly storedBytes: number;
  readonly obstacles: readonly RestoreObstacle[];
  /** Whether no obstacle blocks. */
  readonly possible: boolean;
}

/** A table that would be restored. */
export interface RestorePlanTable {
  readonly name: string;
  readonly engine: string;
  readonly rows: number;
  readonly plainBytes: number;
}

/** Something that a person should know before a restore begins. */
export interface RestoreObstacle {
  /** `blocks`: the restore would refuse. `changes`: something would not be as it was. `note`: all will be well. */
  readonly severity: 'blocks' | 'changes' | 'note';
  /** Stable, kebab-case. */
  readonly code: string;
  /** For people. */
  readonly message: string;
}

/**
 * Plans a restore without touching anything: what would be restored, how, and item by item what the target cannot take:
 * collations, engines, SQL modes, definers, privileges.
 *
 * @throws BackupError `target-refused` when the target belongs to the server itself; `database-…`; and whatever reading
 *   the archive throws
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
  const address = targetOf(target);
  const session = await openRestoreSession(serverOf(address), options.signal);
  try {
    return await new Planner(archive, session, address.database, options).plan();
  } finally {
    await session.connection.close();
  }
}

class Planner {
  readonly #archive: ArchiveReader;
  readonly #session: RestoreSession;
  readonly #database: string;
  readonly #options: RestoreOptions;
  readonly #obstacles: RestoreObstacle[] = [];

  constructor(archive: ArchiveReader, session: RestoreSession, database: string, options: RestoreOptions) {
    this.#archive = archive;
    this.#session = session;
    this.#database = database;
    this.#options = options;
  }

  async plan(): Promise<RestorePlan> {
    const { connection, vendor, version, localInfile } = this.#session;
    const { tables: wanted, objects: objectsToo = wanted === undefined, method = 'auto' } = this.#options;
    const source = await this.#archive.database();
    const summaries = this.#archive.manifest.tables.filter(({ name }) => wanted?.includes(name) ?? true);
    const objects = objectsToo ? await this.#archive.objects() : [];
    const capabilities = await readCapabilities(connection, objects);
    const state = await this.#checkState(connection);
    await this.#checkPrivileges(connection, objects);
    await this.#checkServer(connection, objects);
    this.#adapt(adaptDefaults(source, capabilities).adaptations);
    for (const summary of summaries) {
      this.#checkTable(await this.#archive.table(summary.name), capabilities);
      if (summary.incomplete !== undefined) {
        this.#add('changes', 'table-incomplete', incompleteSentence(summary));
      }
    }
    for (const object of objects) this.#adapt(adaptObject(object, capabilities).adaptations);
    await this.#checkDefiners(connection, objects);
    const collision = collidingNames(summaries, capabilities);
    if (collision !== undefined) {
      const [one, other] = collision;
      this.#add('blocks', 'names-collide', `Tables "${one}" and "${other}" are the same name on the target.`);
    }
    if (!localInfile)
      this.#add(
        'note',
        'no-load-data',
        'The target takes no LOAD DATA LOCAL: INSERT is used, which is slower.',
      );
    const sum = (count: (table: (typeof summaries)[number]) => number): number =>
      summaries.reduce((total, table) => total + count(table), 0);
    return {
      database: this.#database,
      state,
      server: { vendor, version },
      source: { vendor: source.server.vendor, version: source.server.version },
      method: method === 'auto' ? (localInfile ? 'load-data' : 'insert') : method,
      tables: summaries.map(({ name, engine, rows, plainBytes }) => ({ name, engine, rows, plainBytes })),
      objects: objects.map(({ kind, name }) => ({ kind, name })),
      rows: sum((table) => table.rows),
      plainBytes: sum((table) => table.plainBytes),
      storedBytes: sum((table) => table.storedBytes),
      obstacles: this.#obstacles,
      possible: !this.#obstacles.some((obstacle) => obstacle.severity === 'blocks'),
    };
  }

  #add(severity: RestoreObstacle['severity'], code: string, message: string): void {
    this.#obstacles.push({ severity, code, message });
  }

  async #checkState(connection: Connection): Promise<TargetState> {
    const { replace = false, resume = true } = this.#options;
    const state = await examineTarget(connection, this.#database);
    if (state === 'filled') {
      if (replace)
        this.#add(
          'changes',
          'target-replaced',
          `Database "${this.#database}" is not empty, and would be dropped.`,
        );
      else this.#add('blocks', 'target-not-empty', `Database "${this.#database}" is not empty.`);
    }
    if (state !== 'absent' && state !== 'empty' && replace && !(await seesOtherSessions(connection))) {
      this.#add('blocks', 'sessions-hidden', hiddenSessionsSentence(this.#database));
    }
    if (state === 'unfinished') {
      const message = `Database "${this.#database}" holds an interrupted restore, which goes on if it was of this archive.`;
      this.#add(resume || replace ? 'note' : 'blocks', 'target-unfinished', message);
    }
    return state;
  }

  async #checkPrivileges(connection: Connection, objects: readonly SchemaObject[]): Promise<void> {
    const rows = await connection.query('SHOW GRANTS');
    const held = privilegesOn(
      this.#database,
      rows.map((row) => Object.values(row)[0] ?? ''),
    );
    const kinds = new Set(objects.map((object) => object.kind));
    const needed = ['ALTER', 'CREATE', 'DROP', 'INDEX', 'INSERT', 'SELECT'];
    if (kinds.has('view')) needed.push('CREATE VIEW');
    if (kinds.has('trigger')) needed.push('TRIGGER');
    if (kinds.has('event')) needed.push('EVENT');
    if (kinds.has('function') || kinds.has('procedure')) needed.push('CREATE ROUTINE');
    const missing = needed.filter((name) => !held.has(name));
    // Privileges may also come by roles, which grants do not show in full; the restore itself will tell.
    if (
      missing.length > 0 &&
      !rows.some(
        (row) => / TO /.test(Object.values(row)[0] ?? '') && !/ ON /.test(Object.values(row)[0] ?? ''),
      )
    ) {
      this.#add(
        'blocks',
        'privilege-missing',
        `The database user lacks ${missing.join(', ')} on "${this.#database}".`,
      );
    }
  }

  async #checkServer(connection: Connection, objects: readonly SchemaObject[]): Promise<void> {
    const [row] = await connection.query(
      'SELECT @@global.read_only AS read_only_flag, @@global.event_scheduler AS scheduler',
    );
    if (row?.['read_only_flag'] === '1') {
      this.#add('note', 'read-only', 'The target server is read-only for ordinary users.');
    }
    const runs = objects.some((object) => object.kind === 'event' && object.status === 'ENABLED');
    if (runs && !/^(?:on|1)$/i.test(row?.['scheduler'] ?? '')) {
      this.#add(
        'note',
        'events-rest',
        'The event scheduler of the target is off: events are restored but do not run.',
      );
    }
  }

  #checkTable(table: TableDescription, capabilities: Capabilities): void {
    this.#adapt(adaptTable(table, capabilities).adaptations);
    if (table.versioned === 'history' && !takesHistory(capabilities)) {
      this.#add('blocks', 'history-unsupported', historySentence(table.name));
    }
    if (table.rowFilter !== undefined) {
      this.#add(
        'note',
        'rows-filtered',
        `Table "${table.name}" holds only some rows: ${table.rowFilter.reason}.`,
      );
    }
    if (table.definitionOnly !== undefined) {
      this.#add(
        'note',
        'definition-only',
        `Table "${table.name}" comes without rows: ${table.definitionOnly}.`,
      );
    }
  }

  #adapt(adaptations: readonly Adaptation[]): void {
    for (const adaptation of adaptations) {
      const allowed = adaptation.to !== null && this.#options.adapt === true;
      this.#add(allowed ? 'changes' : 'blocks', `unknown-${adaptation.kind}`, describeAdaptation(adaptation));
    }
  }

  /** An object acts for its definer; when there is none of that name, it fails when it is used (O8). */
  async #checkDefiners(connection: Connection, objects: readonly SchemaObject[]): Promise<void> {
    if (this.#options.definers === 'strip') return;
    const definers = new Set(objects.flatMap((object) => object.definer ?? []));
    if (definers.size === 0) return;
    const users = await connection
      .query('SELECT CONCAT(User, CHAR(64), Host) AS account FROM mysql.user')
      .catch(() => undefined);
    if (users === undefined) return;
    const known = new Set(users.map((row) => row['account']));
    for (const definer of definers) {
      if (known.has(definer)) continue;
      this.#add(
        'note',
        'definer-missing',
        `The target has no user ${definer}, for whom objects of the archive act.`,
      );
    }
  }
}
