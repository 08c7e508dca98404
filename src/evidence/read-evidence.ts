import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assertArgument, assertOptions } from '../arguments.js';
import { BackupError } from '../errors.js';
import { systemCodeOf } from '../files/failures.js';
import { readFileIfThere } from '../files/read-file-if-there.js';
import type { NightFacts } from '../history/loss/facts.js';
import { readFacts } from '../nightly/origin/facts-file.js';
import type { BackupReport } from '../nightly/run/backup-report.js';
import { isBackupReport } from '../nightly/run/report-shape.js';
import { fromJson } from '../shapes.js';

/** What the spool of a service holds about its nights. */
export interface KeptEvidence {
  /** Newest first. */
  readonly reports: readonly BackupReport[];
  /** Counts and sizes of the last weeks. */
  readonly nights: readonly NightFacts[];
}

/** More nights than a page shows, and runs by hand between them. */
const mostReports = 500;
/** Larger than any report is, in bytes. */
const longest: number = 16 * 1024 * 1024;

/**
 * Reads the reports of the nights in the spool of a service. Other files are ignored.
 *
 * @param spool - its folder
 * @throws BackupError `storage-not-found` when there is no such folder or no report in it; `storage-…`
 * @example
 * ```ts
 * const { reports } = await readEvidence(spool);
 * console.log(reports[0]?.night);
 * ```
 */
export async function readEvidence(
  spool: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<KeptEvidence> {
  assertArgument('spool', spool, 'text');
  assertOptions(options);
  const folder = join(spool, 'reports');
  const names = await readdir(folder).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return [];
    throw new BackupError('storage-permanent', `The reports in ${folder} cannot be read.`, { cause: error });
  });
  const wanted = names
    .filter((name) => /^2\d{3}-\d\d-\d\d.*\.json$/.test(name))
    .sort()
    .reverse();
  const reports: BackupReport[] = [];
  for (const name of wanted.slice(0, mostReports)) {
    options.signal?.throwIfAborted();
    const path = join(folder, name);
    const size = await stat(path).then(
      (found) => (found.isFile() ? found.size : longest + 1),
      () => longest + 1,
    );
    const report =
      size > longest ? undefined : fromJson((await readFileIfThere(path).catch(() => null)) ?? '');
    if (isBackupReport(report)) reports.push(report);
  }
  if (reports.length === 0) {
    throw new BackupError('storage-not-found', `There is no report of a night in ${folder}.`);
  }
  return { reports, nights: await readFacts(spool) };
}
