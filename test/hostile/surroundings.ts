import { readdirSync } from 'node:fs';
import { dumpDatabase } from '../../src/dump/dump-database.js';
import type { Part } from '../../src/model/parts.js';
import type { TestServer } from '../support/servers.js';
import type { Forgery } from './forge.js';

/** Where restores and scripts go; names of targets begin so. */
export const target = 'hostile_target';
const source = 'hostile_source';

/** A database that minds its own business, and the parts of a small one that a forger starts from. */
export async function prepareHostileServer(server: TestServer): Promise<readonly Part[]> {
  await server.query([
    `DROP DATABASE IF EXISTS ${source}`,
    'DROP DATABASE IF EXISTS bystander',
    `CREATE DATABASE ${source} CHARACTER SET latin1`,
    'CREATE DATABASE bystander',
    'CREATE TABLE bystander.precious (a INT PRIMARY KEY) ENGINE=MyISAM',
    'INSERT INTO bystander.precious VALUES (1), (2)',
    'CREATE TABLE bystander.parents (a INT PRIMARY KEY) ENGINE=InnoDB',
    'INSERT INTO bystander.parents VALUES (1)',
    `CREATE TABLE ${source}.zz (a INT) ENGINE=InnoDB`,
    `INSERT INTO ${source}.zz VALUES (1)`,
  ]);
  const parts: Part[] = [];
  for await (const part of dumpDatabase({ ...server.address, database: source })) parts.push(part);
  return parts;
}

/** The parts of a forged archive, and the database that its label names. */
export function forgedParts(
  { forge }: Forgery,
  parts: readonly Part[],
): { readonly parts: AsyncIterable<Part>; readonly database: string } {
  const all = forge(parts);
  const first = all.find((part) => part.kind === 'database');
  async function* stream(): AsyncGenerator<Part> {
    yield* all;
  }
  return { parts: stream(), database: first?.kind === 'database' ? String(first.database.name) : source };
}

/**
 * Everything that an archive must leave alone: accounts, grants, other databases, what runs by itself, files.
 */
export async function surroundings(server: TestServer, canary: string): Promise<unknown> {
  const asked = {
    databases: `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT LIKE '${target}%' ORDER BY 1`,
    accounts: 'SELECT User, Host, Super_priv, Grant_priv FROM mysql.user ORDER BY 1, 2',
    grants: 'SELECT User, Host, Db FROM mysql.db ORDER BY 1, 2, 3',
    servers: 'SELECT Server_name FROM mysql.servers',
    plugins: 'SELECT * FROM mysql.plugin',
    functions: 'SELECT * FROM mysql.func',
    rows: 'CHECKSUM TABLE bystander.precious',
    settings: 'SELECT @@general_log, @@general_log_file, @@event_scheduler',
    tables:
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('bystander', 'mysql') ORDER BY 1, 2",
    routines: `SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA IN ('bystander', 'mysql')`,
    triggers: `SELECT TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA <> 'sys' AND TRIGGER_SCHEMA NOT LIKE '${target}%'`,
    events: `SELECT EVENT_SCHEMA, EVENT_NAME, STATUS FROM information_schema.EVENTS WHERE EVENT_SCHEMA NOT LIKE '${target}%' OR STATUS = 'ENABLED'`,
  };
  const found: Record<string, unknown> = { files: readdirSync(canary) };
  for (const [what, sql] of Object.entries(asked)) {
    found[what] = (await server.query(sql)).map((row) => Object.values(row).join('|'));
  }
  return found;
}
