import { assertOptions } from '../../arguments.js';
import type { DatabaseAddress } from '../../database/address.js';
import { during } from '../../errors.js';
import type { Comparison, Difference, TableComparison } from './comparison.js';
import { named, namesOfBoth } from './names.js';
import { normaliseExpression } from './normalise.js';
import type { Facts, SchemaFacts, TableDefinition } from './schema-facts.js';
import { checkSide, type DatabaseFingerprint, openSide, type Side, type SideOptions } from './side.js';

/** Options of {@link compareDatabases}. */
export interface CompareOptions extends SideOptions {
  /** Only these tables, and no other objects. @defaultValue everything */
  readonly tables?: readonly string[] | undefined;
  /**
   * Whether views, triggers, routines, events and sequences are compared.
   *
   * @defaultValue true, false with `tables`
   */
  readonly objects?: boolean | undefined;
  /** Called before each table. An exception ends the comparison. */
  readonly onProgress?: ((progress: CompareProgress) => void) | undefined;
}

/** Progress of a comparison. */
export interface CompareProgress {
  /** The table that is compared now. */
  readonly table: string;
  /** Tables that were compared. */
  readonly tablesDone: number;
  /** Tables to be compared. */
  readonly totalTables: number;
}

/**
 * Compares two databases: every table's definition, number of rows and content, and every other object.
 * Content is hashed inside the servers, so that no row is transferred, and neither the dump nor the restore
 * is trusted. Between servers of different versions, definitions are compared by meaning, not by spelling.
 *
 * The two are read one table after another, without a lock: changes during the comparison appear as
 * differences.
 *
 * @param left - with a database, by convention the original; or its fingerprint, when it no longer exists
 * @param right - with a database, by convention the copy
 * @throws BackupError `database-…` or `privilege-missing`
 * @example
 * ```ts
 * const { equal, differences } = await compareDatabases(database, database);
 * for (const { message } of differences) console.error(message);
 * ```
 */
export async function compareDatabases(
  left: DatabaseAddress | DatabaseFingerprint,
  right: DatabaseAddress | DatabaseFingerprint,
  options: CompareOptions = {},
): Promise<Comparison> {
  checkSide(left, 'left');
  checkSide(right, 'right');
  assertOptions(options, { tables: 'array?', objects: 'boolean?' });
  return during('read', async () => {
    const a = await openSide(left, options);
    try {
      const b = await openSide(right, options);
      try {
        return await new Comparer(a, b, options).compare();
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
  });
}

class Comparer {
  readonly #left: Side;
  readonly #right: Side;
  readonly #original: SchemaFacts;
  readonly #copy: SchemaFacts;
  readonly #options: CompareOptions;
  readonly #bySpelling: boolean;
  /** Whether one side treats names that differ only in case as equal. */
  readonly #foldsNames: boolean;
  /** Whether the sides may spell a name in different case. */
  readonly #otherLetters: boolean;
  readonly #differences: Difference[] = [];

  constructor(left: Side, right: Side, options: CompareOptions) {
    this.#left = left;
    this.#right = right;
    this.#original = left.definitions;
    this.#copy = right.definitions;
    this.#options = options;
    this.#bySpelling =
      this.#original.vendor === this.#copy.vendor && this.#original.version === this.#copy.version;
    const [one, other] = [this.#original.lowerCaseTableNames, this.#copy.lowerCaseTableNames];
    this.#foldsNames = one !== 0 || other !== 0;
    this.#otherLetters = one !== other;
  }

  async compare(): Promise<Comparison> {
    const { tables: wanted, objects: objectsToo = wanted === undefined } = this.#options;
    const names = wanted ?? namesOfBoth(this.#original.tables, this.#copy.tables, this.#foldsNames);
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
    const original = named(this.#original.tables, name, this.#foldsNames);
    const copy = named(this.#copy.tables, name, this.#foldsNames);
    if (original === undefined || copy === undefined) {
      const aspect = original === undefined ? 'missing-left' : 'missing-right';
      this.#differ('table', name, aspect, `Table "${name}" is missing on one side.`);
      return { name, equal: false, left: null, right: null };
    }
    const before = this.#differences.length;
    // Compared even if the statements are equal: a server may show two different things in the same words.
    this.#compareFacts('table', name, original.facts, copy.facts);
    if (this.#bySpelling && original.statement !== copy.statement) {
      const spelledAlike = this.#spelling(original.statement) === this.#spelling(copy.statement);
      if (!spelledAlike && this.#differences.length === before) {
        this.#differ('table', name, 'definition', `SHOW CREATE TABLE "${name}" is spelled differently.`);
      }
    }
    const [left, right] = await Promise.all([this.#left.content(original), this.#right.content(copy)]);
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

  async #differingColumns(original: TableDefinition, copy: TableDefinition): Promise<string> {
    const names = original.columns.map((column) => column.name);
    if (names.join('\n') !== copy.columns.map((column) => column.name).join('\n')) return 'other columns';
    const [left, right] = await Promise.all([
      this.#left.columnHashes(original),
      this.#right.columnHashes(copy),
    ]);
    if (left === null || right === null) return 'a column that can no longer be determined';
    const differing = names.filter((_, i) => left[i] !== right[i]);
    return differing.length === 0 ? 'the combination of values in rows' : `column ${differing.join(', ')}`;
  }

  #compareObjects(): number {
    const keys = namesOfBoth(this.#original.objects, this.#copy.objects, this.#foldsNames);
    for (const key of keys) {
      const original = named(this.#original.objects, key, this.#foldsNames);
      const copy = named(this.#copy.objects, key, this.#foldsNames);
      if (original !== undefined && copy !== undefined && original.kind === 'view' && !this.#bySpelling) {
        // A view is shown as the server parsed it, with parentheses of its own.
        this.#compareFacts('view', original.name, loosely(original.facts), loosely(copy.facts));
      } else if (original !== undefined && copy !== undefined) {
        this.#compareFacts(original.kind, original.name, original.facts, copy.facts);
      } else {
        const { kind, name } = (original ?? copy)!;
        const aspect = original === undefined ? 'missing-left' : 'missing-right';
        this.#differ(kind, name, aspect, `${kind} "${name}" is missing on one side.`);
      }
    }
    return keys.length;
  }

  /**
   * Newer MySQL names or omits a column's character set for reasons outside of the column (C17), so it is
   * removed here; the facts are compared as well.
   */
  #spelling(statement: string): string {
    const spelling = statement.replaceAll(/ (?:CHARACTER SET|COLLATE) \w+/g, '');
    return this.#otherLetters ? spelling.toLowerCase() : spelling;
  }

  #compareFacts(kind: Difference['kind'], name: string, original: Facts, copy: Facts): void {
    for (const fact of new Set([...original.keys(), ...copy.keys()])) {
      const left = original.get(fact);
      const right = copy.get(fact);
      if (left === right || (this.#otherLetters && mentionsTables(fact) && alikeBarCase(left, right)))
        continue;
      const message = `${kind} "${name}": ${fact} is ${quoted(left)} and ${quoted(right)}.`;
      this.#differences.push({ kind, name, aspect: 'definition', fact, message });
    }
  }

  #differ(kind: Difference['kind'], name: string, aspect: Difference['aspect'], message: string): void {
    this.#differences.push({ kind, name, aspect, message });
  }
}

/** Whether a fact holds names of other tables, which a server may have converted to lower case. */
function mentionsTables(fact: string): boolean {
  return fact === 'statement' || fact.startsWith('foreign key ');
}

function alikeBarCase(a: string | undefined, b: string | undefined): boolean {
  return a?.toLowerCase() === b?.toLowerCase();
}

function loosely(facts: Facts): Facts {
  const statement = facts.get('statement');
  return statement === undefined ? facts : new Map([...facts, ['statement', normaliseExpression(statement)]]);
}

function quoted(fact: string | undefined): string {
  return fact === undefined ? 'absent' : `[${fact.length > 300 ? `${fact.slice(0, 300)}…` : fact}]`;
}
