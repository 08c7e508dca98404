import type { Connection } from '../../database/connection.js';
import { quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { vendorOf } from '../../database/server-version.js';
import type { SchemaObject } from '../../model/parts.js';

/** What a server supports, as far as definitions from other servers need it. Names are in lower case. */
export interface Capabilities {
  readonly vendor: 'mariadb' | 'mysql';
  readonly version: string;
  readonly engines: ReadonlySet<string>;
  readonly characterSets: ReadonlySet<string>;
  readonly collations: ReadonlySet<string>;
  /** The requested sql_mode words that the server does not have. */
  readonly unknownModes: ReadonlySet<string>;
  /** 0 when names of tables that differ only in case are different names. */
  readonly lowerCaseTableNames: number;
  /** Whether new tables of InnoDB share one file. */
  readonly tablesShareFile: boolean;
}

/** @param objects - the objects to create: only the sql_mode words that they need are tried */
export async function readCapabilities(
  connection: Connection,
  objects: readonly SchemaObject[] = [],
): Promise<Capabilities> {
  const [server] = await connection.query(
    'SELECT VERSION() AS version, @@version_comment AS comment, @@lower_case_table_names AS lower_case',
  );
  const [sharing] = await connection.query("SHOW GLOBAL VARIABLES LIKE 'innodb_file_per_table'");
  const engines = await connection.query(
    "SELECT ENGINE AS name FROM information_schema.ENGINES WHERE SUPPORT IN ('YES', 'DEFAULT')",
  );
  const characterSets = await connection.query(
    'SELECT CHARACTER_SET_NAME AS name FROM information_schema.CHARACTER_SETS',
  );
  return {
    vendor: vendorOf(server?.['version'], server?.['comment']),
    version: server?.['version'] ?? '',
    engines: new Set(engines.map((row) => row['name']!.toLowerCase())),
    characterSets: new Set(characterSets.map((row) => row['name']!.toLowerCase())),
    collations: await readCollations(connection),
    unknownModes: await findUnknownModes(connection, objects),
    lowerCaseTableNames: Number(server?.['lower_case'] ?? 0),
    tablesShareFile: /^off$/i.test(sharing?.['Value'] ?? ''),
  };
}

async function readCollations(connection: Connection): Promise<ReadonlySet<string>> {
  // Newer MariaDB has one collation name for many character sets; definitions use the full name.
  const [known] = await connection.query(
    "SELECT COUNT(*) AS n FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'information_schema'" +
      " AND TABLE_NAME = 'COLLATION_CHARACTER_SET_APPLICABILITY' AND COLUMN_NAME = 'FULL_COLLATION_NAME'",
  );
  const column = known?.['n'] === '0' ? 'COLLATION_NAME' : 'FULL_COLLATION_NAME';
  const rows = await connection.query(
    `SELECT ${column} AS name FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY`,
  );
  return new Set(rows.map((row) => row['name']!.toLowerCase()));
}

async function findUnknownModes(
  connection: Connection,
  objects: readonly SchemaObject[],
): Promise<ReadonlySet<string>> {
  const words = objects.flatMap(({ sqlMode = '' }) => sqlMode.split(','));
  const wanted = new Set(words.filter((word) => word !== ''));
  if (wanted.size === 0) return wanted;
  const unknown = new Set<string>();
  const [before] = await connection.query('SELECT @@SESSION.sql_mode AS mode');
  for (const mode of wanted) {
    try {
      await connection.query(`SET SESSION sql_mode = ${quoteText(mode)}`);
    } catch (error) {
      // 1231: the variable cannot have this value.
      if (serverErrorNumber(error) !== 1231) throw error;
      unknown.add(mode);
    }
  }
  await connection.query(`SET SESSION sql_mode = ${quoteText(before?.['mode'] ?? '')}`);
  return unknown;
}
