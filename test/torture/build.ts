import type { DatabaseAddress } from '../../src/database/address.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { quoteName } from '../../src/database/identifiers.js';
import type { TortureCase, TortureDefinition, TortureServer } from './model.js';
import { objectCases } from './objects.js';
import { tableCases } from './tables.js';
import { valueCases } from './values.js';

/** Every case there is, for every server. */
export const tortureDefinitions: readonly TortureDefinition[] = [
  ...valueCases,
  ...tableCases,
  ...objectCases,
];

/**
 * Makes a database of everything that is hard to copy, as far as the server knows it.
 *
 * @param address a user with all rights
 * @returns the cases that were built, each with its question
 * @throws when a statement of a case is refused: a case that cannot be built must say so by its `on`
 */
export async function buildTorture(
  address: DatabaseAddress,
  database: string,
  options: {
    /** Also the rows longer than 16 MiB; the server's `max_allowed_packet` must be at least 64 MiB. */
    readonly large?: boolean;
    /** Only cases that this takes. */
    readonly only?: (candidate: TortureCase) => boolean;
  } = {},
): Promise<readonly TortureCase[]> {
  const { database: _none, ...root } = address;
  const connection = await openConnection(root);
  try {
    await connection.query(
      `CREATE DATABASE ${quoteName(database)} CHARACTER SET latin1 COLLATE latin1_german1_ci`,
    );
    await connection.query(`USE ${quoteName(database)}`);
    const server = await describe(connection);
    const built: TortureCase[] = [];
    for (const definition of tortureDefinitions) {
      if (definition.on !== undefined && !definition.on(server)) continue;
      if (definition.large === true && options.large !== true) continue;
      if (options.only !== undefined && !options.only(definition)) continue;
      await build(connection, definition);
      const { id, kind, name, what, probe } = definition;
      built.push({ id, kind, name, what, probe });
    }
    return built;
  } finally {
    await connection.close();
  }
}

async function build(connection: Connection, definition: TortureDefinition): Promise<void> {
  const session = [
    'SET NAMES utf8mb4',
    "SET SESSION sql_mode = '', time_zone = '+00:00', foreign_key_checks = 1",
  ];
  for (const sql of [...session, ...definition.statements]) {
    await connection.query(sql).catch((error: unknown) => {
      throw new Error(`${definition.id} ${definition.name} cannot be built: ${sql.slice(0, 400)}`, {
        cause: error,
      });
    });
  }
}

async function describe(connection: Connection): Promise<TortureServer> {
  const [row] = await connection.query('SELECT @@version AS version, @@lower_case_table_names AS lowerCase');
  const version = row?.['version'] ?? '';
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const engines = await connection.query(
    "SELECT ENGINE AS engine FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
  );
  return {
    vendor: version.includes('MariaDB') ? 'mariadb' : 'mysql',
    number: major * 10_000 + minor * 100 + patch,
    engines: new Set(engines.map((engine) => (engine['engine'] ?? '').toUpperCase())),
    lowerCase: Number(row?.['lowerCase']),
  };
}
