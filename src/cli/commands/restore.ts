import { openArchive } from '../../archive/index.js';
import type { RestoreReport } from '../../recovery/restore/report.js';
import { restoreDatabase } from '../../recovery/restore/restore-database.js';
import type { Command } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { formatCount, formatPairs, formatSeconds, plural, printable } from '../format.js';
import { keyHelp, keyOptions, readKeys, wipeKeys } from '../keys.js';
import { openLocation } from '../location.js';
import { startProgress } from '../progress.js';
import { pickNames, readNames } from '../tables-option.js';

/** `restore`: an archive into a database. */
export const restoreCommand: Command = {
  name: 'restore',
  summary: 'put an archive into a new database',
  help: `Put an archive, or some of its tables, into a database that does not exist yet
or is empty. A database with anything in it is refused (exit code 6). A restore
that was interrupted goes on where it stopped.

Usage: supplemental-backup restore ARCHIVE --target URL
                           [--identity FILE | --password-fd N] [OPTIONS]

  ARCHIVE            path or s3://bucket/key
  --target URL       mysql://user@host:port/newdb[?socketPath=…]
                     the password may come in MYSQL_PWD
${keyHelp}
  --tables LIST      only these: a,b,c*
  --replace          drop what is in the target first
  --json             one JSON document
`,
  options: {
    ...keyOptions,
    target: { type: 'string' },
    tables: { type: 'string' },
    replace: { type: 'boolean' },
  },
  positionals: { least: 1, most: 1 },
  async run(given, line) {
    const target = readDatabaseUrl(given.required('target'), 'target', line.env);
    const archive = await openLocation(given.positionals[0]!, line);
    try {
      const keys = await readKeys(given, archive, line);
      const reader = await openArchive(archive, { ...keys, signal: line.signal }).finally(() =>
        wipeKeys(keys),
      );
      const { tables } = reader.manifest;
      const asked = given.text('tables');
      const names =
        asked === undefined
          ? undefined
          : pickNames(
              tables.map(({ name }) => name),
              readNames(asked),
            );
      const total = tables
        .filter(({ name }) => names?.includes(name) ?? true)
        .reduce((sum, { plainBytes }) => sum + plainBytes, 0);
      const progress = startProgress(line, 'Restoring', 'bytes');
      try {
        const report = await restoreDatabase(reader, target, {
          ...(names === undefined ? {} : { tables: names }),
          replace: given.flag('replace'),
          signal: line.signal,
          onProgress: ({ plainBytes }) => progress.update(plainBytes, total),
        });
        return { json: { report }, text: render(report) };
      } finally {
        progress.stop();
        reader.close();
      }
    } finally {
      await archive.close();
    }
  },
};

function render(report: RestoreReport): string {
  const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
  const seconds = (Date.parse(report.finishedAt) - Date.parse(report.startedAt)) / 1000;
  const pairs = formatPairs([
    ['Database', printable(report.database)],
    ['As of', report.snapshotAt],
    [
      'Restored',
      `${plural(report.tables.length, 'table')}, ${formatCount(rows)} rows, ${plural(report.objects.length, 'object')}`,
    ],
    ['Took', formatSeconds(seconds)],
  ]);
  const notes = report.notes.map(({ message }) => printable(message));
  return [pairs, ...(notes.length === 0 ? [] : ['', ...notes])].join('\n');
}
