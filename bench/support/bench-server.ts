import { readFileSync } from 'node:fs';
import { arch, cpus, release, totalmem } from 'node:os';
import { type DatabaseAddress, parseDatabaseUrl } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { quoteName, quoteText } from '../../src/database/identifiers.js';
import { buildPractice, practiceTables } from '../../test/practice/index.js';
import { createTable } from '../../test/practice/schema.js';
import { startServer } from '../../test/support/servers.js';
import type { BenchOptions } from './options.js';

/** A server with the databases that are measured. */
export interface BenchServer {
  readonly address: DatabaseAddress;
  /** Undefined when it runs on another machine. */
  readonly pid: number | undefined;
  readonly version: string;
  stop(): Promise<void>;
}

/** Facts of a database that was built. */
export interface BenchDatabase {
  readonly name: string;
  readonly server: string;
  readonly tables: number;
  readonly rows: number;
  readonly dataMb: number;
}

// As a practice's own server is set up that has some memory: everything that is read has been read before.
const serverArguments: readonly string[] = [
  '--innodb-buffer-pool-size=3G',
  '--innodb-log-file-size=512M',
  '--innodb-flush-log-at-trx-commit=2',
  '--key-buffer-size=512M',
];

/** Starts a private server, or uses the one that was named. */
export async function openBenchServer(options: BenchOptions): Promise<BenchServer> {
  if (options.url !== undefined) {
    const { database: _, ...address } = parseDatabaseUrl(options.url);
    const version = await ask(address, 'SELECT @@version AS answer');
    return { address, pid: await readPid(address), version, stop: async () => undefined };
  }
  const server = await startServer(options.server, { args: serverArguments });
  return {
    address: server.address,
    pid: server.pid(),
    version: server.version,
    stop: () => server.stop(),
  };
}

async function readPid(address: DatabaseAddress): Promise<number | undefined> {
  try {
    const pid = Number(readFileSync(await ask(address, 'SELECT @@pid_file AS answer'), 'utf8'));
    return Number.isInteger(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** Builds the practice, unless it is there from an earlier run. */
export async function providePractice(
  server: BenchServer,
  { size, sizeText }: BenchOptions,
  tell: (line: string) => void,
): Promise<BenchDatabase> {
  const name = `practice_${sizeText.toLowerCase().replace('.', '_')}`;
  if (!(await exists(server, name))) {
    tell(`building a practice of about ${sizeText}; the server needs two minutes or so per gigabyte`);
    await buildPractice(server.address, name, { size, engine: 'mixed' });
  }
  return describeDatabase(server, name);
}

/** Builds a database of all tables with one row in each. */
export async function provideNearlyEmpty(server: BenchServer): Promise<BenchDatabase> {
  const name = 'nearly_empty';
  if (!(await exists(server, name))) {
    const connection = await openConnection(server.address);
    try {
      await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8`);
      await connection.query(`USE ${name}`);
      for (const table of practiceTables.values()) {
        await connection.query(createTable(table, { engine: 'MyISAM', keys: true }));
        await connection.query(`INSERT INTO ${quoteName(table.name)} () VALUES ()`);
      }
    } finally {
      await connection.close();
    }
  }
  return describeDatabase(server, name);
}

async function exists(server: BenchServer, name: string): Promise<boolean> {
  const sql = `SELECT COUNT(*) AS answer FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(name)}`;
  return (await ask(server.address, sql)) === '1';
}

async function describeDatabase(server: BenchServer, name: string): Promise<BenchDatabase> {
  const from = `FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${quoteText(name)}`;
  const number = async (list: string): Promise<number> =>
    Number(await ask(server.address, `SELECT ${list} AS answer ${from}`));
  return {
    name,
    server: server.version,
    tables: await number('COUNT(*)'),
    rows: await number('SUM(TABLE_ROWS)'),
    dataMb: Math.round((await number('SUM(DATA_LENGTH)')) / 1e6),
  };
}

async function ask(address: DatabaseAddress, sql: string): Promise<string> {
  const connection = await openConnection(address);
  try {
    const [row] = await connection.query(sql);
    return row?.['answer'] ?? '';
  } finally {
    await connection.close();
  }
}

/** What the figures were measured on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
}

export function describeMachine(): Machine {
  const cores = cpus();
  return {
    processor: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${arch()}`,
    node: process.version,
  };
}

/** The address as an URL, for a child process. */
export function urlOf(address: DatabaseAddress, database: string): string {
  const user = encodeURIComponent(address.user);
  const password = address.password ? `:${encodeURIComponent(String(address.password))}` : '';
  return `mysql://${user}${password}@${address.host ?? '127.0.0.1'}:${address.port ?? 3306}/${database}`;
}
