import type { KeyWarning } from '../../admin/key-warning.js';
import { checkRecipients } from '../../archive/age/keys.js';
import { encryptArchive } from '../../archive/index.js';
import { describeLeftOut } from '../../catalog/describe-left-out.js';
import { type DumpProgress, dumpDatabase } from '../../dump/dump-database.js';
import type { SnapshotEvent } from '../../dump/events.js';
import { type DamagedTables, type HistoryMode, openSnapshot } from '../../dump/snapshot.js';
import type { ConsistencyMode } from '../../dump/strategy.js';
import { escapeControls } from '../../escape-controls.js';
import type { Manifest } from '../../model/parts.js';
import { formatBytes, formatCount, formatSeconds, plural } from '../../quantities.js';
import type { Command, CommandLine } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { UsageError } from '../exit-codes.js';
import { sealForLastAdmin } from '../last-admin.js';
import { type Written, writeArchive } from '../output.js';
import { formatPairs } from '../pairs.js';
import { startProgress } from '../progress.js';
import { readTablesOption } from '../tables-option.js';

/** `backup`: a database into a sealed archive. */
export const backupCommand: Command = {
  name: 'backup',
  help: `Copy a database, at one moment, into an archive that only its recipients open.

Usage: supplemental-backup backup --source URL --out FILE|URL|-
                           (--recipient age1… | --last-admin) [OPTIONS]

  --source URL       mysql://user@host:port/database[?ssl-mode=…&socketPath=…]
                     the password may come in MYSQL_PWD
  --out WHERE        a path, s3://bucket/key, or - for stdout; what is
                     there already is never overwritten
  --recipient KEY    public age key that opens it; may be given more than once
  --last-admin       seal it for the last administrator who logged in
  --tables LIST      all (the default), critical, or names: a,b,c*
  --consistency HOW  auto (the default), snapshot (never lock) or lock
  --history HOW      of system-versioned tables (MariaDB): current rows (the
                     default), or all versions, which MariaDB 10.11 takes back
  --damaged-tables HOW
                     refuse (the default), or leave-out: go on without what
                     cannot be read; what is missing is named in the archive
  --practice-id ID   for the label; the database's name by default
  --json             one JSON document
`,
  options: {
    source: { type: 'string' },
    out: { type: 'string' },
    recipient: { type: 'string', multiple: true },
    'last-admin': { type: 'boolean' },
    tables: { type: 'string' },
    consistency: { type: 'string' },
    history: { type: 'string' },
    'damaged-tables': { type: 'string' },
    'practice-id': { type: 'string' },
  },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const address = readDatabaseUrl(given.required('source'), 'source', line.env);
    const out = given.required('out');
    const recipients = given.all('recipient');
    if (recipients.length > 0 === given.flag('last-admin')) {
      throw new UsageError('Say whom it is for: --recipient age1… or --last-admin, one of the two.');
    }
    for (const recipient of recipients) checkRecipient(recipient);
    const seal =
      recipients.length > 0
        ? { recipients, unlock: [], warnings: [] }
        : await sealForLastAdmin(address, line);
    const snapshot = await openSnapshot(address, {
      selection: readTablesOption(given.text('tables')),
      consistency: readConsistency(given.text('consistency')),
      damagedTables: readDamagedTables(given.text('damaged-tables')),
      history: readHistory(given.text('history')),
      signal: line.signal,
      onEvent: (event) => tell(event, line),
    });
    const progress = startProgress(line, 'Reading', 'bytes');
    try {
      const parts = dumpDatabase(snapshot, {
        signal: line.signal,
        onProgress: (done: DumpProgress) =>
          progress.update(done.plainBytes, Math.max(done.plainBytes, done.estimatedBytes)),
      });
      const { warnings, recipients: sealedTo, ...holder } = seal;
      const archive = encryptArchive(parts, {
        recipients: sealedTo,
        label: {
          practiceId: given.text('practice-id') ?? address.database,
          database: address.database,
          scope: snapshot.selection.scope,
          ...holder,
        },
        signal: line.signal,
      });
      archive.manifest.catch(() => undefined);
      const written = await writeArchive(archive, out, line);
      progress.finish();
      const manifest = await archive.manifest;
      return {
        json: {
          out,
          ...written,
          label: archive.label,
          keyWarnings: warnings,
          summary: withoutEntries(manifest),
        },
        text: render(out, written, manifest, warnings),
        to: out === '-' ? 'stderr' : 'stdout',
      };
    } finally {
      progress.stop();
      await snapshot.close();
    }
  },
};

function checkRecipient(recipient: string): void {
  try {
    checkRecipients([recipient]);
  } catch {
    throw new UsageError(`--recipient "${recipient}" is no age key: it takes a public one, age1…`);
  }
}

function readConsistency(text: string | undefined): ConsistencyMode {
  switch (text) {
    case undefined:
    case 'auto':
      return 'auto';
    case 'snapshot':
    case 'lock':
      return text;
    default:
      throw new UsageError(`--consistency is auto, snapshot or lock, not "${text}".`);
  }
}

function readHistory(text: string | undefined): HistoryMode {
  if (text === undefined || text === 'current' || text === 'all') return text ?? 'current';
  throw new UsageError(`--history is current or all, not "${text}".`);
}

function readDamagedTables(text: string | undefined): DamagedTables {
  if (text === undefined || text === 'refuse' || text === 'leave-out') return text ?? 'refuse';
  throw new UsageError(`--damaged-tables is refuse or leave-out, not "${text}".`);
}

function tell(event: SnapshotEvent, line: CommandLine): void {
  if (line.json || event.kind !== 'locks-refused') return;
  line.stderr.write(
    event.retryInMs === null
      ? 'The office is busy: no locks were granted.\n'
      : `The office is busy: no locks were granted. Trying again in ${formatSeconds(event.retryInMs / 1000)}.\n`,
  );
}

function withoutEntries({ entries: _, ...summary }: Manifest): Omit<Manifest, 'entries'> {
  return summary;
}

function render(
  out: string,
  written: Written,
  manifest: Manifest,
  keyWarnings: readonly KeyWarning[],
): string {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const seconds = (Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)) / 1000;
  const { consistency } = manifest;
  const notes = [
    ...describeLeftOut(manifest.leftOut),
    ...[...keyWarnings, ...manifest.warnings].map(({ message }) => message),
  ];
  const pairs = formatPairs([
    ['Archive', out],
    ['Size', `${formatBytes(written.bytes)}${written.readBack ? ', read back and found equal' : ''}`],
    ['Holds', `${plural(manifest.tables.length, 'table')}, ${formatCount(rows)} rows`],
    ['Taken', `${manifest.snapshotAt}, ${formatSeconds(seconds)} of reading`],
    [
      'One moment',
      consistency.kind === 'consistent' ? `yes, by ${consistency.by}` : `no: ${consistency.reason}`,
    ],
    ['Locked', `${formatSeconds(manifest.lockSeconds)} during which nobody could write`],
  ]);
  return [pairs, ...(notes.length === 0 ? [] : ['', ...notes.map(escapeControls)])].join('\n');
}
