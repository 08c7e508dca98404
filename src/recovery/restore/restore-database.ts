import type { ArchiveReader } from '../../archive/index.js';
import { assertArgument, assertOptions, assertReader } from '../../arguments.js';
import { type AuditAction, type AuditEntry, audited } from '../../audit.js';
import type { DatabaseAddress } from '../../database/address.js';
import { diagnosis, millisecondsSince } from '../../diagnosis.js';
import { during } from '../../errors.js';
import type { Part } from '../../model/parts.js';
import { ArchiveRestore } from './from-archive.js';
import { StreamRestore } from './from-stream.js';
import type { RestoreOptions } from './options.js';
import type { RestoreReport } from './restore-report.js';
import { RestoreRun } from './restore-run.js';
import { targetOf } from './target-address.js';

/**
 * Restores a database: definitions, rows and objects, with every row count checked. Rows are loaded by LOAD
 * DATA LOCAL if the server accepts it, over several sessions. If the server warns, the table is read back and
 * compared.
 *
 * Whatever the server refuses does not stop the rest. Then the report's `outcome` is `partial`, and `missing`
 * lists it, first of all tables, which lack all their rows. Check that before the target is used.
 *
 * While it runs the target holds a table `supplemental_backup_restore`, or one whose name begins with that.
 * It marks the target as incomplete.
 *
 * @example
 * ```ts
 * const archive = await openArchive(source, { password });
 * const report = await restoreDatabase(archive, { ...server, database: 'recovered' });
 * if (report.outcome === 'partial') console.error('not all is there:', report.missing);
 * ```
 * @param source - an archive opened with `openArchive`, which can be resumed and read in parallel; or a
 *   database as parts, from `decryptArchive` or `dumpDatabase`
 * @param target - with the name of a database that does not exist yet or is empty
 * @throws BackupError `target-refused`, `already-running`, `restore-failed`, `privilege-missing`,
 *   `database-…`, and whatever the source throws
 */
export async function restoreDatabase(
  source: ArchiveReader | AsyncIterable<Part>,
  target: DatabaseAddress,
  options: RestoreOptions = {},
): Promise<RestoreReport> {
  if (isArchive(source)) assertReader('source', source);
  else assertArgument('source', source, 'iterable');
  targetOf(target);
  assertOptions(options, { tables: 'array?', allow: 'array?', audit: 'object?', connections: 'number?' });
  const archiveId = isArchive(source) ? source.manifest.archiveId : null;
  const deed = deedOf('restore', archiveId, target, options);
  return audited(options, deed, () => runRestore(source, target, options));
}

/** The same without an audit entry. */
export async function runRestore(
  source: ArchiveReader | AsyncIterable<Part>,
  target: DatabaseAddress,
  options: RestoreOptions,
): Promise<RestoreReport> {
  const run = new RestoreRun(targetOf(target), diagnosis.restore.isOn ? toldOptions(options) : options);
  try {
    return await during('restore', () =>
      isArchive(source) ? new ArchiveRestore(run, source).run() : new StreamRestore(run).run(source),
    );
  } catch (error) {
    // An abort is reported with its own reason, whatever failed because of it.
    options.signal?.throwIfAborted();
    throw error;
  } finally {
    await run.close();
  }
}

/** Options that call `onProgress` when a restore comes to another table. */
function toldOptions(options: RestoreOptions): RestoreOptions {
  const start = performance.now();
  let before = '';
  return {
    ...options,
    onProgress(progress) {
      const { phase, table, tablesDone, rows, plainBytes } = progress;
      if (`${phase} ${table}` !== before) {
        const milliseconds = millisecondsSince(start);
        diagnosis.restore.tell(phase, { table, tablesDone, rows, bytes: plainBytes, milliseconds });
      }
      before = `${phase} ${table}`;
      options.onProgress?.(progress);
    },
  };
}

/** The audit entry of a restore. */
export function deedOf(
  action: AuditAction,
  archiveId: string | null,
  { socketPath, host = '127.0.0.1', port = 3306, database = '' }: DatabaseAddress,
  { tables }: Pick<RestoreOptions, 'tables'>,
): Omit<AuditEntry, 'code' | 'outcome'> {
  const target = `${database} at ${socketPath ?? `${host}:${port}`}`;
  return { action, archiveId, target, ...(tables === undefined ? {} : { tables }) };
}

function isArchive(source: ArchiveReader | AsyncIterable<Part>): source is ArchiveReader {
  return typeof source === 'object' && source !== null && 'readTable' in source;
}
