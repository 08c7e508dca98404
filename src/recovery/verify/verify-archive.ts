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
  /** Called after every part. An exception ends the verification. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Progress of a verification. */
export interface VerifyProgress {
  /** The table of the last part. */
  readonly table: string;
  /** Rows read so far. */
  readonly rows: number;
  /** Bytes of compressed rows so far. */
  readonly storedBytes: number;
}

/** Result of a successful verification. */
export interface Verification {
  /** Authenticated; null when the file was not made by this library. */
  readonly label: Label | null;
  /**
   * Whether the label is damaged and everything else was verified without it; only ever true with
   * `withoutLabel`. The owner of the archive is then unknown.
   */
  readonly isLabelDamaged: boolean;
  /** The contents of the archive, authenticated. */
  readonly manifest: Manifest;
  /** Number of tables that were read. */
  readonly tables: number;
  /**
   * Names of tables that were damaged when the archive was made, so that it holds only what could be read
   * (F9).
   */
  readonly incompleteTables: readonly string[];
  /**
   * Definitions that would create anything else than they claim, which a restore refuses: the archive was not
   * written by this product, or with bad intent. Empty in every archive written by this product.
   */
  readonly refusedDefinitions: readonly RefusedDefinition[];
  /** Number of rows that were read. */
  readonly rows: number;
  /** Bytes of rows, before and after compression. */
  readonly plainBytes: number;
  /** Their size in the archive. */
  readonly storedBytes: number;
}

/** Most parts that are inflated at the same time, in the platform's threads. */
const partsInFlight = 4;
/**
 * Most bytes of those together; a larger part is inflated alone. Small files may hold parts that inflate to a
 * gigabyte.
 */
const bytesInFlight: number = 64 * 2 ** 20;

/**
 * Verifies an archive from its first byte to its last: every chunk authenticates, every part inflates and
 * parses, and every hash, row count and offset matches the manifest.
 *
 * @param source - the archive. From a {@link RangeSource} the error of a damaged one also names the state of
 *   its tables: `details.absentTables` (the most needed first), `details.damagedTables` and
 *   `details.wholeTables`
 * @throws BackupError `archive-damaged` at the first mismatch, `wrong-key`, `archive-unsupported`,
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
    // The reader of the archive ensures that a table comes before its rows.
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
  /** How the values of its kept columns are stored. */
  readonly forms: readonly ValueForm[];
}

function formsOf({ name, columns }: TableDescription): TableForms {
  return { name, forms: loadedColumns(columns).map((column) => column.form) };
}
