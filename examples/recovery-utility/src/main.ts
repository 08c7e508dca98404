import {
  createFileSystemStorage,
  findLatestBackup,
  isBackupError,
  openArchive,
  parseDatabaseUrl,
  rangeSourceOf,
  restoreDatabase,
  verifyArchive,
} from 'supplemental-backup';

const [practiceId = '', folder = '', target = ''] = process.argv.slice(2);
const password = process.env['PASSWORD'] ?? '';

try {
  const store = createFileSystemStorage({ path: folder });
  const backup = await findLatestBackup(store, { practiceId, scope: 'full' });
  if (backup === null) throw new Error(`There is no full copy of practice ${practiceId} in ${folder}.`);
  console.log(`Newest copy: ${backup.label?.createdAt}, ${backup.size} bytes`);
  console.log(`It takes the password of ${backup.label?.keyHolder?.userName ?? 'nobody: a key file'}.`);

  const source = await rangeSourceOf(store, backup.key);
  const { tables, rows } = await verifyArchive(source, { password });
  console.log(`It is whole: ${tables} tables, ${rows} rows.`);

  const archive = await openArchive(source, { password });
  const address = { ...parseDatabaseUrl(target), password: process.env['MYSQL_PWD'] ?? '' };
  const report = await restoreDatabase(archive, address, {
    onProgress: ({ table, tablesDone, totalTables }) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${tablesDone} of ${totalTables}: ${table}\u001b[K`);
    },
  });
  console.log(`Restored ${report.tables.length} tables into ${report.database}, as of ${report.snapshotAt}.`);
  for (const { message } of report.notes) console.log(message);
  // A table in this list is missing with all its rows. Running this again retries only the list.
  for (const { kind, name, message } of report.missing)
    console.error(`Missing: ${kind} "${name}": ${message}`);
  if (report.outcome === 'partial') process.exitCode = 7;
} catch (error) {
  // The message of a BackupError says what happened, what is safe and what to do.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = isBackupError(error, 'wrong-key') ? 3 : 1;
}
