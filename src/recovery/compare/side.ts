import { assertArgument, assertOptions } from '../../arguments.js';
import type { DatabaseAddress } from '../../database/address.js';
import { checkAddress } from '../../database/check-address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { BackupError, during } from '../../errors.js';
import type { TableContent } from './comparison.js';
import { columnHashQuery, contentHashQuery } from './content-hash.js';
import { named } from './names.js';
import { readSchemaFacts } from './read-schema-facts.js';
import type { SchemaFacts, TableDefinition } from './schema-facts.js';

/** One of the two databases of a comparison: on its server, or as a fingerprint. */
export interface Side {
  readonly definitions: SchemaFacts;
  /** Number of rows and hash of the content. */
  content(table: TableDefinition): Promise<TableContent>;
  /** Hash of every column's content, in column order; null when unknown. */
  columnHashes(table: TableDefinition): Promise<readonly string[] | null>;
  close(): Promise<void>;
}

/** Options for reading one side. */
export interface SideOptions {
  /** SQL conditions by table: only these rows are compared. */
  readonly rowFilters?: Readonly<Record<string, string>> | undefined;
  /**
   * Whether old versions of rows in system-versioned tables are compared, with their periods.
   *
   * @defaultValue 'current'
   */
  readonly history?: 'all' | 'current' | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The state of a database at one time: definitions, row counts and content hashes. Holds no value of a row.
 * Taken before a disaster, it proves a restore when the original no longer exists.
 */
export interface DatabaseFingerprint {
  /** Definitions of tables and objects, normalised. */
  readonly definitions: SchemaFacts;
  /** By table. */
  readonly contents: ReadonlyMap<string, TableContent>;
}

/**
 * Takes the fingerprint of a database. The server reads every table once; no row is transferred.
 * @param address - with a database
 * @throws BackupError `database-…` or `privilege-missing`
 * @example
 * ```ts
 * const before = await takeFingerprint(database);
 * const { equal } = await compareDatabases(before, database);
 * console.log(equal);
 * ```
 */
export async function takeFingerprint(
  address: DatabaseAddress,
  options: SideOptions = {},
): Promise<DatabaseFingerprint> {
  checkAddress(address);
  assertOptions(options);
  return during('read', async () => {
    const side = await openSide(address, options);
    try {
      const contents = new Map<string, TableContent>();
      for (const table of side.definitions.tables.values())
        contents.set(table.name, await side.content(table));
      return { definitions: side.definitions, contents };
    } finally {
      await side.close();
    }
  });
}

/** Refuses anything that is neither an address nor a fingerprint. @throws TypeError */
export function checkSide(source: unknown, name: string): void {
  if (typeof source !== 'object' || source === null || !('contents' in source)) checkAddress(source, name);
  else assertArgument(name, source, 'object', { definitions: 'object', contents: 'object' });
}

/** Opens a side of a comparison. */
export async function openSide(
  source: DatabaseAddress | DatabaseFingerprint,
  options: SideOptions,
): Promise<Side> {
  if ('contents' in source) return remembered(source);
  const { signal } = options;
  const connection = await openConnection(source, { signal });
  try {
    return live(connection, await readSchemaFacts(connection, signal), options);
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

function live(connection: Connection, definitions: SchemaFacts, options: SideOptions): Side {
  const session = { signal: options.signal };
  const filters = new Map(Object.entries(options.rowFilters ?? {}));
  const filterOf = (table: string) => named(filters, table, connection.foldsNames);
  const hashed = ({ columns, period }: TableDefinition) => {
    const history = options.history === 'all' && period.length > 0;
    return { history, columns: history ? [...columns, ...period] : columns };
  };
  return {
    definitions,
    async content(table) {
      const { name } = table;
      const { columns, history } = hashed(table);
      const [row] = await connection.query(contentHashQuery(name, columns, filterOf(name), history), session);
      if (row?.['unhashed'] !== '0') {
        throw new BackupError(
          'database-query-failed',
          `Rows of table "${name}" are larger than the server's max_allowed_packet and cannot be compared.`,
          { details: { table: name } },
        );
      }
      return { rows: Number(row['row_count']), hash: row['content'] ?? '' };
    },
    async columnHashes(table) {
      const { name } = table;
      const { columns, history } = hashed(table);
      const [row] = await connection.query(columnHashQuery(name, columns, filterOf(name), history), session);
      return table.columns.map((_, i) => row?.[`c${i}`] ?? '');
    },
    close: () => connection.close(),
  };
}

function remembered({ definitions, contents }: DatabaseFingerprint): Side {
  return {
    definitions,
    async content({ name }) {
      return contents.get(name)!;
    },
    columnHashes: async () => null,
    close: async () => undefined,
  };
}
