import type { DatabaseAddress } from '../../database/address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { BackupError } from '../../errors.js';
import type { Comparison, Difference, TableComparison, TableContent } from './comparison.js';
import { columnHashQuery, contentHashQuery } from './content-hash.js';
import { type Definitions, type Facts, readDefinitions, type TableDefinition } from './definitions.js';

/** Options of {@link compareDatabases}. */
export interface CompareOptions {
  /** Only these tables, and no objects beside tables. @defaultValue everything */
  readonly tables?: readonly string[];
  /** SQL conditions by table: only these rows are compared, on both sides. */
  readonly rowFilters?: Readonly<Record<string, string>>;
  /** Whether views, triggers, routines, events and sequences count. @defaultValue true, false with `tables` */
  readonly objects?: boolean;
  /** Called before each table. A throw in it ends the comparison. */
  readonly onProgress?: (progress: CompareProgress) => void;
  readonly signal?: AbortSignal;
}

/** How far a comparison is. */
export interface CompareProgress {
  readonly table: string;
  readonly tablesDone: number;
  readonly totalTables: number;
}

/**
 * Holds two databases against each other: every table's definition, number of rows and content, and every object beside
 * the tables. Content is hashed inside the servers, so that no row travels, and neither side's dump or restore is
 * trusted. Between servers of different versions definitions are compared by meaning, not by spelling.
 *
 * The two are read one table after another, without a lock: changes during the comparison show as differences.
 *
 * @param left - with a database, by convention the original
 * @param right - with a database, by convention the copy
 * @throws BackupError `database-…` or `privilege-missing`
 */
export async function compareDatabases(
  left: DatabaseAddress,
  right: DatabaseAddress,
  options: CompareOptions = {},
): Promise<Comparison> {
  const { signal } = options;
  const session = signal === undefined ? {} : { signal };
  const [a, b] = await openBoth(left, right, session);
  try {
    const [original, copy] = await Promise.all([readDefinitions(a, signal), readDefinitions(b, signal)]);
    return await new Comparer(a, b, original, copy, options).compare();
  } finally {
    await Promise.all([a.close(), b.close()]);
  }
}

async function openBoth(
  left: DatabaseAddress,
  right: DatabaseAddress,
  session: { readonly signal?: AbortSignal },
): Promise<readonly [Connection, Connection]> {
  const a = await openConnection(left, session);
  try {
    return [a, await openConnection(right, session)];
  } catch (error) {
    a.destroy();
    throw error;
  }
}

class Comparer {
  readonly #left: Connection;
  readonly #right: Connection;
  readonly #original: Definitions;
  readonly #copy: Definitions;
  readonly #options: CompareOptions;
  readonly #bySpelling: boolean;
  readonly #differences: Difference[] = [];

  constructor(
    left: Connection,
    right: Connection,
    original: Definitions,
    copy: Definitions,
    options: CompareOptions,
  ) {
    this.#left = left;
    this.#right = right;
    this.#original = original;
    this.#copy = copy;
    this.#options = options;
    this.#bySpelling = original.vendor === copy.vendor && original.version === copy.version;
  }

  async compare(): Promise<Comparison> {
    const { tables: wanted, objects: objectsToo = wanted === undefined } = this.#options;
    const names =
      wanted ?? [...new Set([...this.#original.tables.keys(), ...this.#copy.tables.keys()])].sort();
    this.#compareFacts('database', '(defaults)', this.#original.database, this.#copy.database);
    const tables: TableComparison[] = [];
    for (const name of names) {
      this.#options.onProgress?.({ table: name, tablesDone: tables.length, totalTables: names.length });
      tables.push(await this.#compareTable(name));
    }
    const objects = objectsToo ? this.#compareObjects() : 0;
    return { equal: this.#differences.length === 0, tables, objects, differences: this.#differences };
  }

  async #compareTable(name: string): Promise<TableComparison> {
    const found = this.#differences.length;
    const original = this.#original.tables.get(name);
    const copy = this.#copy.tables.get(name);
    if (original === undefined || copy === undefined) {
      const aspect = original === undefined ? 'missing-left' : 'missing-right';
      this.#differ('table', name, aspect, `Table "${name}" is missing on one side.`);
      return { name, equal: false, left: null, right: null };
    }
    if (!this.#bySpelling || original.statement !== copy.statement) {
      const before = this.#differences.length;
      this.#compareFacts('table', name, original.facts, copy.facts);
      if (this.#bySpelling && this.#differences.length === before) {
        this.#differ('table', name, 'definition', `SHOW CREATE TABLE "${name}" is spelled differently.`);
      }
    }
    const [left, right] = await Promise.all([
      this.#readContent(this.#left, original),
      this.#readContent(this.#right, copy),
    ]);
    if (left.rows !== right.rows) {
      this.#differ('table', name, 'rows', `Table "${name}" has ${left.rows} rows and ${right.rows} rows.`);
    } else if (left.hash !== right.hash) {
      const columns = await this.#differingColumns(original, copy);
      this.#differ(
        'table',
        name,
        'content',
        `Table "${name}" has the same number of rows but other values, in ${columns}.`,
      );
    }
    return { name, equal: this.#differences.length === found, left, right };
  }

  async #readContent(connection: Connection, table: TableDefinition): Promise<TableContent> {
    const where = this.#options.rowFilters?.[table.name];
    const [row] = await connection.query(contentHashQuery(table.name, table.columns, where), this.#session());
    if (row?.['unhashed'] !== '0') {
      throw new BackupError(
        'database-query-failed',
        `Rows of table "${table.name}" are larger than the server's max_allowed_packet and cannot be compared.`,
        { details: { table: table.name } },
      );
    }
    return { rows: Number(row['row_count']), hash: row['content'] ?? '' };
  }

  async #differingColumns(original: TableDefinition, copy: TableDefinition): Promise<string> {
    const names = original.columns.map((column) => column.name);
    if (names.join('\n') !== copy.columns.map((column) => column.name).join('\n')) return 'other columns';
    const where = this.#options.rowFilters?.[original.name];
    const [[left], [right]] = await Promise.all([
      this.#left.query(columnHashQuery(original.name, original.columns, where), this.#session()),
      this.#right.query(columnHashQuery(copy.name, copy.columns, where), this.#session()),
    ]);
    const differing = names.filter((_, i) => left?.[`c${i}`] !== right?.[`c${i}`]);
    return differing.length === 0 ? 'how they stand together in rows' : `column ${differing.join(', ')}`;
  }

  #session(): { readonly signal?: AbortSignal } {
    const { signal } = this.#options;
    return signal === undefined ? {} : { signal };
  }

  #compareObjects(): number {
    const keys = new Set([...this.#original.objects.keys(), ...this.#copy.objects.keys()]);
    for (const key of [...keys].sort()) {
      const original = this.#original.objects.get(key);
      const copy = this.#copy.objects.get(key);
      if (original !== undefined && copy !== undefined) {
        this.#compareFacts(original.kind, original.name, original.facts, copy.facts);
      } else {
        const { kind, name } = (original ?? copy)!;
        const aspect = original === undefined ? 'missing-left' : 'missing-right';
        this.#differ(kind, name, aspect, `${kind} "${name}" is missing on one side.`);
      }
    }
    return keys.size;
  }

  #compareFacts(kind: Difference['kind'], name: string, original: Facts, copy: Facts): void {
    for (const fact of new Set([...original.keys(), ...copy.keys()])) {
      const left = original.get(fact);
      const right = copy.get(fact);
      if (left === right) continue;
      this.#differ(
        kind,
        name,
        'definition',
        `${kind} "${name}": ${fact} is ${quoted(left)} and ${quoted(right)}.`,
      );
    }
  }

  #differ(kind: Difference['kind'], name: string, aspect: Difference['aspect'], message: string): void {
    this.#differences.push({ kind, name, aspect, message });
  }
}

function quoted(fact: string | undefined): string {
  return fact === undefined ? 'absent' : `[${fact.length > 300 ? `${fact.slice(0, 300)}…` : fact}]`;
}
