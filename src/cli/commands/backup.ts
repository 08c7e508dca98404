import { randomBytes } from 'node:crypto';
import type { KeyWarning } from '../../admin/key-warning.js';
import { checkRecipients } from '../../archive/age/keys.js';
import { encryptArchive, type Label } from '../../archive/index.js';
import { describeLeftOut } from '../../catalog/describe-left-out.js';
import { dumpDatabase } from '../../dump/dump-database.js';
import type { DumpProgress } from '../../dump/dump-record.js';
import type { SnapshotEvent } from '../../dump/events.js';
import { type DamagedTables, type HistoryMode, openSnapshot } from '../../dump/snapshot.js';
import type { ConsistencyMode } from '../../dump/strategy.js';
import { escapeControls } from '../../escape-controls.js';
import type { Manifest } from '../../model/parts.js';
import { formatBytes, formatCount, formatSeconds, plural } from '../../quantities.js';
import { type Kept, keepOnly, readKeepOption } from '../backup/keep-option.js';
import { type NamedPlace, namedPlace } from '../backup/named-place.js';
import type { Arguments, Command, CommandLine } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { exitCodes, UsageError } from '../exit-codes.js';
import { sealForLastAdmin } from '../last-admin.js';
import { type Written, writeArchive } from '../output.js';
import { formatPairs } from '../pairs.js';
import { startProgress } from '../progress.js';
import { readTablesOption } from '../tables-option.js';
import { localTime } from '../wording/local-time.js';

/** `backup`: a database into a sealed archive. */
export const backupCommand: Command = {
  name: 'backup',
  help: `Copy a database, at one moment, into an archive that only its recipients open.

Usage: supplemental-backup backup --source URL --out FILE|FOLDER/|URL|-
                           (--recipient age1… | --last-admin) [OPTIONS]

  --source URL       mysql://user@host:port/database[?ssl-mode=…&socketPath=…]
                     the password may come in MYSQL_PWD
  --out WHERE        a path, s3://bucket/key, or - for stdout; never overwrites.
                     In FOLDER/ or s3://bucket/…/: PRACTICE/NIGHT/ID.tar.age
  --recipient KEY    public age key that opens it; may be given more than once
  --last-admin       also, or only, for the last administrator who logged in
  --keep POLICY      of those there: remove older ones, as default, six-years
                     or 3d,6m,1y,3y: newest of each day, week, month, year
  --tables LIST      all (the default), critical, or names: a,b,c*
  --consistency HOW  auto (the default), snapshot (never lock) or lock
  --history HOW      of system-versioned tables (MariaDB): current rows (the
                     default), or all versions, which MariaDB 10.11 takes back
  --damaged-tables HOW  refuse, or leave-out: go on without, named in it
  --practice-id ID   for the label; the database's name by default
  --json             one JSON document
`,
  examples: [
    [
      'a copy that a key file opens, see keygen',
      'backup --source mysql://root@localhost/od \\\n    --out od.tar.age --recipient age1…',
    ],
    [
      'every night by cron: named by itself, sealed, thinned out',
      'backup --source mysql://sb@localhost/od --out /backup/ \\\n    --last-admin --recipient age1… --keep default --quiet',
    ],
  ],
  options: {
    source: { type: 'string' },
    out: { type: 'string' },
    recipient: { type: 'string', multiple: true },
    'last-admin': { type: 'boolean' },
    keep: { type: 'string' },
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
    if (recipients.length === 0 && !given.flag('last-admin')) {
      throw new UsageError('Say whom it is for: --recipient age1…, --last-admin, or both.');
    }
    for (const recipient of recipients) checkRecipient(recipient);
    const policy = readPolicy(given);
    const label = {
      ...labelOfNow(line),
      practiceId: given.text('practice-id') ?? address.database,
      database: address.database,
    };
    const place = await namedPlace(out, label, line);
    if (policy !== null && place === null)
      throw new UsageError('--keep goes with --out FOLDER/ or s3://bucket/…/');
    const forAdmin = given.flag('last-admin') ? await sealForLastAdmin(address, line) : null;
    const seal = forAdmin?.seal ?? { recipients: [], unlock: [], warnings: [] };
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
      const { warnings, recipients: ofAdmin, ...holder } = seal;
      const archive = encryptArchive(parts, {
        recipients: [...ofAdmin, ...recipients],
        label: { ...label, scope: snapshot.selection.scope, ...holder },
        signal: line.signal,
      });
      archive.manifest.catch(() => undefined);
      await place?.prepare();
      const to = place?.out ?? out;
      const written = await writeArchive(archive, to, line);
      progress.finish();
      const manifest = await archive.manifest;
      const kept =
        place === null || policy === null
          ? null
          : await keepOnly(
              policy,
              {
                place,
                copy: copyOf(place, archive.label, written, manifest),
                admins: forAdmin?.admins ?? [],
              },
              line,
            );
      if (kept !== null && !line.json) {
        for (const { message } of kept.warnings) line.stderr.write(`${escapeControls(message)}\n`);
      }
      return {
        json: {
          out: to,
          ...written,
          label: archive.label,
          keyWarnings: warnings,
          summary: withoutEntries(manifest),
          ...(kept === null ? {} : { removed: kept.removed, keepWarnings: kept.warnings }),
        },
        text: render(to, written, manifest, warnings, kept),
        to: out === '-' ? 'stderr' : 'stdout',
        exitCode: kept?.isStopped === true ? exitCodes.interrupted : exitCodes.done,
      };
    } finally {
      progress.stop();
      await place?.tidy();
      await snapshot.close();
    }
  },
};

function labelOfNow({ now = () => new Date() }: CommandLine): Pick<Label, 'archiveId' | 'createdAt'> {
  return { archiveId: randomBytes(16).toString('hex'), createdAt: now().toISOString() };
}

function readPolicy(given: Arguments): ReturnType<typeof readKeepOption> {
  const policy = readKeepOption(given.text('keep'));
  if (policy === null) return null;
  // An older copy may hold what this one lacks.
  if (given.text('damaged-tables') === 'leave-out') {
    throw new UsageError(
      '--keep does not go with --damaged-tables leave-out: older copies may hold what is missing.',
    );
  }
  if (!['all', 'critical'].includes(given.text('tables') ?? 'all')) {
    throw new UsageError(
      '--keep goes with --tables all or critical: chosen tables are no copy of the practice.',
    );
  }
  return policy;
}

function copyOf(
  place: NamedPlace,
  { archiveId, scope }: Label,
  written: Written,
  manifest: Manifest,
): Parameters<typeof keepOnly>[1]['copy'] {
  const { key, night } = place;
  return {
    archiveId,
    key,
    night,
    scope,
    bytes: written.bytes,
    sha256: written.sha256,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    plainBytes: 0,
    leftOut: manifest.leftOut,
  };
}

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
  kept: Kept | null,
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
    ['Taken', `${localTime(manifest.snapshotAt)}, ${formatSeconds(seconds)} of reading`],
    [
      'One moment',
      consistency.kind === 'consistent' ? `yes, by ${consistency.by}` : `no: ${consistency.reason}`,
    ],
    ['Locked', `${formatSeconds(manifest.lockSeconds)} during which nobody could write`],
    ...(kept === null
      ? []
      : [['Removed', plural(kept.removed.length, 'older copy', 'older copies')] as const]),
  ]);
  return [pairs, ...(notes.length === 0 ? [] : ['', ...notes.map(escapeControls)])].join('\n');
}
