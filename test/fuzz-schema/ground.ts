import { openConnection } from '../../src/database/connection.js';
import { startServer, type TestServer } from '../support/servers.js';
import type { Ground, Setting } from './model.js';
import { Random } from './random.js';
import { changedSettings, someArguments } from './settings.js';

/** A running server that cases are made on, one after the other. */
export interface Place {
  readonly server: TestServer;
  readonly ground: Ground;
  /** It keeps the names of tables in lower case. */
  readonly foldsNames: boolean;
  /** Gives the server these global variables, and every other one back what it had. */
  configure(settings: readonly Setting[]): Promise<void>;
}

/** Seeds that share their servers, and so the arguments of those. */
export const seedsPerServer = 200;

function groundOf(kind: Ground['kind'], version: string): Ground {
  const [major = 0, minor = 0, patch = 0] = (/(\d+)\.(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  return { kind, mariadb: /mariadb/i.test(version), version: major * 10_000 + minor * 100 + patch };
}

const presumed: Readonly<Record<Ground['kind'], Ground>> = {
  'mysql-5.6': { kind: 'mysql-5.6', mariadb: false, version: 50_624 },
  mariadb: { kind: 'mariadb', mariadb: true, version: 101_100 },
  mysql: { kind: 'mysql', mariadb: false, version: 90_000 },
};

/** Starts a server as the block of a seed wants it. `role` tells source and target apart. */
export async function startPlace(kind: Ground['kind'], seed: number, role: number): Promise<Place> {
  const random = new Random(Math.floor(seed / seedsPerServer) * 2 + role + 77_000);
  const args = someArguments(random, presumed[kind]);
  // Power cuts are not what is looked for here.
  const quick =
    kind === 'mysql-5.6' ? ['--innodb-flush-method=O_DIRECT_NO_FSYNC'] : ['--innodb-flush-method=nosync'];
  const server = await startServer(kind, { args: [...quick, '--innodb-flush-log-at-trx-commit=0', ...args] });
  const ground = groundOf(kind, server.version);
  const usual = await readSettings(server);
  const [naming] = await server.query('SELECT @@lower_case_table_names AS folds');
  let changed: readonly Setting[] = [];
  return {
    server,
    ground,
    foldsNames: naming?.['folds'] !== '0',
    async configure(settings) {
      const back = changed.flatMap(({ name }) => usual.filter((setting) => setting.name === name));
      await setAll(server, [...back, ...settings]);
      changed = settings;
    },
  };
}

async function readSettings(server: TestServer): Promise<readonly Setting[]> {
  const connection = await openConnection(server.address);
  try {
    const answers = await connection.queryEach(
      changedSettings.map((name) => `SELECT @@GLOBAL.${name} AS value`),
    );
    return changedSettings.flatMap((name, index) => {
      const value = answers[index]?.rows?.[0]?.['value'];
      if (value === undefined || value === null) return [];
      return [{ name, value: /^\d+(\.\d+)?$/.test(value) ? value : `'${value.replaceAll("'", "''")}'` }];
    });
  } finally {
    await connection.close();
  }
}

async function setAll(server: TestServer, settings: readonly Setting[]): Promise<void> {
  if (settings.length === 0) return;
  const connection = await openConnection(server.address);
  try {
    // What this server does not know stays as it is.
    await connection.queryEach(settings.map(({ name, value }) => `SET GLOBAL ${name} = ${value}`));
  } finally {
    await connection.close();
  }
}
