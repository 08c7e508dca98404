import { decryptArchive } from '../../archive/decrypt-archive.js';
import type { ArchiveKeys, OpenedArchive } from '../../archive/index.js';
import { wholeOfRanges } from '../../archive/range-reader.js';
import { assertArgument, assertSource } from '../../arguments.js';
import { type ByteSource, isRangeSource, type RangeSource } from '../../bytes.js';
import { proveRows } from '../../columns/pack.js';
import { during, isBackupError } from '../../errors.js';
import type {
  DatabaseDescription,
  Label,
  Manifest,
  RowsPart,
  TableDescription,
  ValueForm,
} from '../../model/parts.js';
import { type RefusedDefinition, refusedDefinitions } from '../ddl/refused-definitions.js';
import { loadedColumns } from '../load/cells.js';

/** Keys and options of {@link verifyArchive}. */
export interface VerifyOptions extends ArchiveKeys {
  /** Called after every part. A throw in it ends the verification. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How far a verification is. */
export interface VerifyProgress {
  /** The table whose rows came last. */
  readonly table: string;
  /** Rows read so far. */
  readonly rows: number;
  /** Bytes of compressed rows so far. */
  readonly storedBytes: number;
}

/** What a verification found: everything true. */
export interface Verification {
  /** Authenticated; null when the file was encrypted by other means. */
  readonly label: Label | null;
  /**
   * Whether the label is damaged, and all else was proven without it; only ever true with `withoutLabel`.
   * Whoever sealed the archive, and for whom, nobody can say then.
   */
  readonly isLabelDamaged: boolean;
  /** What is in the archive, authenticated. */
  readonly manifest: Manifest;
  /** How many tables were read. */
  readonly tables: number;
  /**
   * Names of tables that were damaged when the archive was made, and of which it holds what could be read
   * (F9).
   */
  readonly incompleteTables: readonly string[];
  /**
   * Definitions that make anything else than they should, which a restore refuses: whoever wrote the archive
   * was not this product, or means harm. Empty in every archive that it wrote.
   */
  readonly refusedDefinitions: readonly RefusedDefinition[];
  /** How many rows were read. */
  readonly rows: number;
  /** Bytes of rows, before and after compression. */
  readonly plainBytes: number;
  /** Size of those in the archive. */
  readonly storedBytes: number;
}

/** Parts that are inflated at the same time; the platform's threads do it. */
const partsInFlight = 4;
/**
 * Bytes that they take together; a larger part is proven alone. Small files may hold parts that inflate to a
 * gigabyte.
 */
const bytesInFlight: number = 64 * 2 ** 20;

/**
 * Proves an archive from its first byte to its last: every chunk authenticates, every part inflates and
 * parses, and every digest, number of rows and offset is what the manifest says.
 *
 * @param source - the archive. From a {@link RangeSource} the error of a damaged one also tells what became
 *   of its tables: `details.absentTables` (the most needed first), `details.damagedTables` and
 *   `details.wholeTables`
 * @throws BackupError `archive-damaged` at the first untruth, `wrong-key`, `archive-unsupported`,
 *   `archive-limit-exceeded`
 * @example
 * ```ts
 * const { tables, rows } = await verifyArchive(source, { password });
 * console.log(`Whole: ${tables} tables, ${rows} rows`);
 * ```
 */
export async function verifyArchive(
  source: ByteSource | RangeSource,
  options: VerifyOptions,
): Promise<Verification> {
  assertSource('source', source);
  assertArgument('options', options, 'object');
  const { signal } = options;
  const bytes = isRangeSource(source) ? wholeOfRanges(source, signal) : source;
  try {
    return await during('read', () => new Verifier(decryptArchive(bytes, options), options).verify());
  } catch (error) {
    if (!isBackupError(error, 'archive-damaged') || !isRangeSource(source)) throw error;
    const { withTables } = await import('./with-tables.js');
    throw await withTables(error, source, options);
  }
}

class Verifier {
  readonly #archive: OpenedArchive;
  readonly #onProgress: VerifyOptions['onProgress'];
  readonly #tables: Map<number, TableForms> = new Map();
  readonly #unpacking: { readonly done: Promise<void>; readonly bytes: number }[] = [];
  #unpackingBytes = 0;
  readonly #refused: RefusedDefinition[] = [];
  #database: Pick<DatabaseDescription, 'name'> = { name: '' };
  #rows = 0;
  #plainBytes = 0;
  #storedBytes = 0;

  constructor(archive: OpenedArchive, { onProgress }: VerifyOptions) {
    this.#archive = archive;
    this.#onProgress = onProgress;
  }

  async verify(): Promise<Verification> {
    let manifest: Manifest | undefined;
    for await (const part of this.#archive) {
      if (part.kind === 'database') this.#database = part.database;
      if (part.kind === 'table') {
        this.#tables.set(part.table.index, formsOf(part.table));
        this.#refused.push(...refusedDefinitions(this.#database, [part.table], []));
      }
      if (part.kind === 'objects') {
        this.#refused.push(...refusedDefinitions(this.#database, [], part.objects));
      }
      if (part.kind === 'rows') await this.#take(part);
      if (part.kind === 'summary' && 'entries' in part.summary) manifest = part.summary;
    }
    while (this.#unpacking.length > 0) await this.#settleOldest();
    return {
      label: await this.#archive.label,
      isLabelDamaged: await this.#archive.isLabelDamaged,
      manifest: manifest!,
      tables: this.#tables.size,
      incompleteTables: manifest!.tables
        .filter((table) => table.incomplete !== undefined)
        .map((table) => table.name),
      refusedDefinitions: this.#refused,
      rows: this.#rows,
      plainBytes: this.#plainBytes,
      storedBytes: this.#storedBytes,
    };
  }

  async #take(part: RowsPart): Promise<void> {
    // The reader of the archive has made sure that a table comes before its rows.
    const table = this.#tables.get(part.table)!;
    while (this.#unpacking.length > 0 && this.#unpackingBytes + part.plainBytes > bytesInFlight)
      await this.#settleOldest();
    const done = proveRows(part, table.forms);
    // Awaited in order; until then a failure must not count as an unhandled rejection.
    done.catch(() => undefined);
    this.#unpacking.push({ done, bytes: part.plainBytes });
    this.#unpackingBytes += part.plainBytes;
    if (this.#unpacking.length >= partsInFlight) await this.#settleOldest();
    this.#rows += part.rows;
    this.#plainBytes += part.plainBytes;
    this.#storedBytes += part.data.length;
    this.#onProgress?.({ table: table.name, rows: this.#rows, storedBytes: this.#storedBytes });
  }

  async #settleOldest(): Promise<void> {
    const { done, bytes } = this.#unpacking.shift()!;
    await done;
    this.#unpackingBytes -= bytes;
  }
}

interface TableForms {
  readonly name: string;
  /** How the values of its kept columns stand. */
  readonly forms: readonly ValueForm[];
}

function formsOf({ name, columns }: TableDescription): TableForms {
  return { name, forms: loadedColumns(columns).map((column) => column.form) };
}
