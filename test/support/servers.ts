import { appendFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { type DatabaseAddress, parseDatabaseUrl } from '../../src/database/address.js';
import { openConnection, type TextRow } from '../../src/database/connection.js';
import { type PrivateServer, startPrivateServer } from './private-server.js';
import { findProgram, type PrivateKind, ServerMissing } from './server-kinds.js';

/** An address whose password is a text. */
type PlainAddress = DatabaseAddress & { readonly password?: string | undefined };

/**
 * Names of environment variables with the URL (`mysql://user:password@host:port/`) of a server that the tests
 * and the demo may use besides, or instead of, the private ones. The user must be allowed to create and drop
 * databases.
 */
export const serverUrlVariable = 'SUPPLEMENTAL_BACKUP_TEST_URL';

/** A family of server; `env` is the one of the environment variable. */
export type ServerKind = PrivateKind | 'env';

/** Every kind, in the order in which {@link describeOnEachServer} shows them. */
export const serverKinds: readonly ServerKind[] = ['mysql-5.6', 'mariadb', 'mysql', 'env'];

export interface ServerOptions {
  /** Further command-line arguments of the server, such as `--max-allowed-packet=16M`; later ones win. */
  readonly args?: readonly string[];
}

export interface TestServer {
  readonly kind: ServerKind;
  readonly vendor: 'mysql' | 'mariadb';
  /** `@@version`. */
  readonly version: string;
  /** The administrator, with no database chosen. */
  readonly address: PlainAddress;
  /** Where the server's files are; undefined for a server that is not ours. */
  readonly directory: string | undefined;
  /** The server's process; undefined while it is down or when it is not ours. */
  pid(): number | undefined;
  /** Runs statements one after the other in one session (sql_mode '', UTC) and gives the rows of the last. */
  query(sql: string | readonly string[], database?: string): Promise<readonly TextRow[]>;
  /** SIGKILL, as a power cut does; the files stay. Throws for a server that is not ours. */
  kill9(): Promise<void>;
  /**
   * Shuts down if it runs and starts again on the same port and files. Throws for a server that is not ours.
   */
  restart(args?: readonly string[]): Promise<void>;
  /** Ends the server and removes its directory; without effect on a server that is not ours. */
  stop(): Promise<void>;
}

/**
 * Starts a server of one kind.
 *
 * @throws ServerMissing when this machine has none; the message says what to install
 */
export async function startServer(kind: ServerKind, options: ServerOptions = {}): Promise<TestServer> {
  if (kind === 'env') return foreignServer();
  const server = await startPrivateServer(kind, options.args ?? []);
  try {
    return await describeServer(kind, server.address, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * Starts whatever this machine has, for a demo that needs no set-up: the server of the environment variable,
 * MariaDB or MySQL of the machine (always a process and a directory of our own), then the MySQL 5.6 that
 * comes by npm.
 *
 * @throws ServerMissing
 */
export async function startAnyServer(options: ServerOptions = {}): Promise<TestServer> {
  for (const kind of ['env', 'mariadb', 'mysql', 'mysql-5.6'] as const) {
    if (whyMissing(kind) === undefined) return startServer(kind, options);
  }
  throw new ServerMissing(
    `There is no database server to work on. Install MariaDB (apt-get install mariadb-server, brew install mariadb, or mariadb.org for Windows) or give a server in ${serverUrlVariable}=mysql://user:password@host:3306/`,
  );
}

/**
 * The kind for tests that need one server, whichever: the wanted one where this machine has it, else another
 * private one, else the server of the environment variable. The wanted one where there is none at all.
 */
export function anyKind(wanted: 'mariadb' | 'mysql-5.6'): ServerKind {
  const kinds = [wanted, 'mariadb', 'mysql-5.6', 'env'] as const;
  return kinds.find((kind) => whyMissing(kind) === undefined) ?? wanted;
}

/** Why a kind cannot run here, or undefined when it can. */
export function whyMissing(kind: ServerKind): string | undefined {
  if (kind === 'env') {
    return (process.env[serverUrlVariable] ?? '') === '' ? `${serverUrlVariable} is not set` : undefined;
  }
  try {
    findProgram(kind);
    return undefined;
  } catch (error) {
    if (error instanceof ServerMissing) return error.message;
    throw error;
  }
}

interface SharedServer {
  users: number;
  server: Promise<TestServer> | undefined;
}

const shared = new Map<string, SharedServer>();

/**
 * Declares the same tests once per kind of server. Within a test file all suites of a kind share one server;
 * a kind that this machine lacks shows as skipped, with the reason.
 *
 * @param body declares the tests; `server()` may be called only inside them (or inside hooks)
 */
export function describeOnEachServer(
  name: string,
  body: (server: () => TestServer, kind: ServerKind) => void,
  options: ServerOptions & { readonly kinds?: readonly ServerKind[] } = {},
): void {
  for (const kind of options.kinds ?? serverKinds) {
    const missing = whyMissing(kind);
    // An address nobody gave is not a missing kind.
    if (kind === 'env' && missing !== undefined) continue;
    describe(`${name} [${kind}]`, () => {
      if (missing !== undefined) {
        // A test, not the suite: the summary counts skipped tests only.
        it(`runs on ${kind}`, { skip: missing }, () => undefined);
        return;
      }
      // Several files may share a process, and none may see the databases of another.
      const file = process.env['TEST_FILE'];
      const key = JSON.stringify([file, kind, options.args ?? []]);
      const slot = shared.get(key) ?? { users: 0, server: undefined };
      shared.set(key, slot);
      slot.users += 1;
      let current: TestServer | undefined;
      let begun = 0;
      before(async () => {
        begun = performance.now();
        slot.server ??= startServer(kind, options);
        current = await slot.server;
      });
      after(async () => {
        slot.users -= 1;
        if (slot.users === 0) await (await slot.server)?.stop();
        noteTime(file, (performance.now() - begun) / 1000);
      });
      body(() => {
        if (current === undefined) throw new TypeError('server() is for use inside tests and hooks');
        return current;
      }, kind);
    });
  }
}

/** For `node test/run.mjs --times`, to which a suite that is declared here seems to be one of this file. */
function noteTime(file: string | undefined, seconds: number): void {
  const to = process.env['TEST_TIMES'];
  if (file !== undefined && to !== undefined) appendFileSync(to, `${JSON.stringify({ file, seconds })}\n`);
}

async function foreignServer(): Promise<TestServer> {
  const url = process.env[serverUrlVariable] ?? '';
  if (url === '') throw new ServerMissing(`${serverUrlVariable} is not set`);
  const { database: _ignored, ...address } = parseDatabaseUrl(url);
  return describeServer('env', address, undefined);
}

async function describeServer(
  kind: ServerKind,
  address: PlainAddress,
  own: PrivateServer | undefined,
): Promise<TestServer> {
  const query = async (sql: string | readonly string[], database?: string): Promise<readonly TextRow[]> => {
    const connection = await openConnection(database === undefined ? address : { ...address, database });
    try {
      let rows: readonly TextRow[] = [];
      for (const statement of typeof sql === 'string' ? [sql] : sql) {
        try {
          rows = await connection.query(statement);
        } catch (error) {
          // Fixtures hold nothing secret, and a test that fails here needs the statement.
          throw new Error(`statement failed: ${statement.slice(0, 300)}`, { cause: error });
        }
      }
      return rows;
    } finally {
      await connection.close();
    }
  };
  const version = (await query('SELECT @@version AS version'))[0]?.['version'] ?? '';
  const ours = (): PrivateServer => {
    if (own === undefined) throw new TypeError('this server is not ours to stop');
    return own;
  };
  return {
    kind,
    vendor: version.toLowerCase().includes('mariadb') ? 'mariadb' : 'mysql',
    version,
    address,
    directory: own?.directory,
    pid: () => own?.pid(),
    query,
    kill9: async () => ours().kill9(),
    restart: async (args) => ours().restart(args),
    stop: async () => own?.stop(),
  };
}
