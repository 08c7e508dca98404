import { engine } from '#engine';
import { assertArgument } from '../arguments.js';
import { BufferPool } from '../engine/buffer-pool.js';
import { BackupError } from '../errors.js';
import type { ColumnBatch } from '../model/column-batch.js';
import type { RowsPart, ValueForm } from '../model/parts.js';
import { damagedPart } from './byte-cursor.js';
import { gunzipLent, gunzipMember, gzipMember } from './gzip-member.js';
import { checkColumnPart, decodeColumnPart, encodeColumns } from './part.js';

// For as many parts as are being compressed at a time.
const buffers: BufferPool = new BufferPool(10 * 1024 * 1024);

/**
 * Encodes, compresses and hashes consecutive rows. Compression runs beside the caller where the platform has
 * threads.
 *
 * @param table - {@link TableDescription.index} of the table
 * @param sequence - number of the part within the table: 1, 2, 3 …
 * @param batch - the rows; its buffers must not be changed before the promise has settled
 * @example
 * ```ts
 * const ids = { kind: 'fixed', width: 4, nulls: null, data: new Uint8Array(Int32Array.of(7, 8, 9).buffer) } as const;
 * const { rows, plainBytes, sha256 } = await packRows(1, 1, { rows: 3, columns: [ids] });
 * console.log(rows, plainBytes, sha256);
 * ```
 */
export async function packRows(table: number, sequence: number, batch: ColumnBatch): Promise<RowsPart> {
  assertArgument('table', table, 'number');
  assertArgument('sequence', sequence, 'number');
  assertArgument('batch', batch, 'object', { rows: 'number', columns: 'array' });
  let buffer: Uint8Array<ArrayBuffer> | undefined;
  const { bytes: plain, stretches } = encodeColumns(batch, (size) => {
    buffer = buffers.take(size);
    return buffer;
  });
  const data = await gzipMember(plain, batch.rows, stretches);
  // Not after a failure: the thread pool may still be reading there.
  if (buffer !== undefined) buffers.give(buffer);
  const sha256 = engine.sha256(data);
  return { kind: 'rows', table, sequence, rows: batch.rows, plainBytes: plain.length, sha256, data };
}

/**
 * The reverse of {@link packRows}.
 *
 * @param part - the compressed part; its hash is not checked here, since the archive reader has done so
 * @param forms - how the values of each kept column of the table are stored
 * @throws BackupError `archive-damaged` when it does not parse, or holds other rows than it says
 * @example
 * ```ts
 * const { columns } = await archive.table('patient');
 * const forms = columns.flatMap(({ form }) => form ?? []);
 * for await (const part of archive.parts({ tables: ['patient'] })) {
 *   if (part.kind === 'rows') console.log((await unpackRows(part, forms)).rows);
 * }
 * ```
 */
export async function unpackRows(
  part: Pick<RowsPart, 'data' | 'rows'>,
  forms: readonly ValueForm[],
): Promise<ColumnBatch> {
  assertArgument('part', part, 'object', { data: 'bytes', rows: 'number' });
  assertArgument('forms', forms, 'array');
  const batch = decodeColumnPart(await inflating(gunzipMember(part.data)), forms);
  checkCount(part, batch.rows);
  return batch;
}

/**
 * Checks that {@link unpackRows} accepts a part, without building its values.
 *
 * @throws BackupError `archive-damaged`, exactly when {@link unpackRows} does
 */
export async function proveRows(
  part: Pick<RowsPart, 'data' | 'rows'>,
  forms: readonly ValueForm[],
): Promise<void> {
  const { bytes, release } = await inflating(gunzipLent(part.data));
  try {
    checkCount(part, checkColumnPart(bytes, forms));
  } finally {
    release();
  }
}

async function inflating<Result>(inflated: Promise<Result>): Promise<Result> {
  try {
    return await inflated;
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError('archive-damaged', 'A part of a table cannot be decompressed.', { cause: error });
  }
}

function checkCount({ rows }: Pick<RowsPart, 'rows'>, found: number): void {
  if (found !== rows) throw damagedPart(`it holds ${found} rows and should hold ${rows}`);
}
