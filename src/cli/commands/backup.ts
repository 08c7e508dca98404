import { randomBytes } from 'node:crypto';
import { isPlainRecipient } from '../../archive/age/plain-recipient.js';
import type { Label } from '../../archive/index.js';
import type { Catalog, TableSelection } from '../../catalog/model.js';
import { selectAllTables } from '../../catalog/select-all-tables.js';
import type { DatabaseAddress } from '../../database/address.js';
import type { SnapshotEvent } from '../../dump/events.js';
import { type DamagedTables, type HistoryMode, openSnapshot } from '../../dump/snapshot.js';
import type { ConsistencyMode } from '../../dump/strategy.js';
import type { RetentionPolicy } from '../../nightly/retention.js';
import { formatSeconds } from '../../quantities.js';
import { meansFolder } from '../backup/means-folder.js';
import type { NamedPlace, placeIn } from '../backup/named-place.js';
import type { Arguments, Command, CommandLine } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { UsageError } from '../exit-codes.js';
import type { SealForAdmin } from '../last-admin.js';

/**
 * `backup`: a database into a sealed archive. This file loads only what it takes to contact the server;
 * everything else is loaded later or when needed, because reading a small database takes less time than
 * loading the whole program.
 */
export const backupCommand: Command = {
  name: 'backup',
  help: `Copy a database, as of one moment, to an archive only its recipients can open.

Usage: supplemental-backup backup --source URL --out FILE|FOLDER/|URL|-
                           (--recipient age1… | --last-admin) [OPTIONS]

  --source URL       mysql://user@host:port/database[?ssl-mode=…&socketPath=…]
                     the password may be in MYSQL_PWD
  --out WHERE        a path, s3://bucket/key, or - for stdout; never overwrites.
                     In FOLDER/ or s3://bucket/…/: PRACTICE/NIGHT/ID.tar.age
  --recipient KEY    public age key that opens it; may be given more than once
  --last-admin       also, or only, seal it for the admin who logged in last
  --keep POLICY      remove older copies: default, six-years, or four spans
                     (3d,6m,1y,3y) to keep one per day, week, month, year
  --tables LIST      all (the default), critical, or names: a,b,c*
  --consistency HOW  auto (the default), snapshot (never lock) or lock
  --history HOW      versioned tables (MariaDB): current rows (the default), or
                     all row versions, which MariaDB 10.11 or newer restores
  --damaged-tables HOW  refuse, or leave-out: copy the rest, and list them in it
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
      throw new UsageError('Give a recipient: --recipient age1…, --last-admin, or both.');
    }
    for (const recipient of recipients) await checkRecipient(recipient);
    const policy = await readPolicy(given);
    const label = {
      ...labelOfNow(line),
      practiceId: given.text('practice-id') ?? address.database,
      database: address.database,
    };
    const place = await placeFor(out, label, line);
    if (policy !== null && place === null)
      throw new UsageError('--keep goes with --out FOLDER/ or s3://bucket/…/');
    const forAdmin = given.flag('last-admin') ? await sealForAdmin(address, line) : null;
    const opening = openSnapshot(address, {
      selection: await readTables(given.text('tables')),
      consistency: readConsistency(given.text('consistency')),
      damagedTables: readDamagedTables(given.text('damaged-tables')),
      history: readHistory(given.text('history')),
      signal: line.signal,
      onEvent: (event) => tell(event, line),
    });
    // What reads, seals and writes is loaded while the server answers.
    const loading = import('../backup/write-copy.js');
    loading.catch(() => undefined);
    const snapshot = await opening;
    try {
      const { writeCopy } = await loading;
      return await writeCopy({ snapshot, out, label, recipients, forAdmin, policy, place }, line);
    } finally {
      await snapshot.close();
    }
  },
};

function labelOfNow({ now = () => new Date() }: CommandLine): Pick<Label, 'archiveId' | 'createdAt'> {
  return { archiveId: randomBytes(16).toString('hex'), createdAt: now().toISOString() };
}

async function readPolicy(given: Arguments): Promise<RetentionPolicy | null> {
  const text = given.text('keep');
  if (text === undefined) return null;
  const { readKeepOption } = await import('../backup/keep-option.js');
  const policy = readKeepOption(text);
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

async function placeFor(
  out: string,
  label: Parameters<typeof placeIn>[1],
  line: CommandLine,
): Promise<NamedPlace | null> {
  if (!(await meansFolder(out))) return null;
  const { placeIn } = await import('../backup/named-place.js');
  return placeIn(out, label, line);
}

async function sealForAdmin(address: DatabaseAddress, line: CommandLine): Promise<SealForAdmin> {
  const { sealForLastAdmin } = await import('../last-admin.js');
  return sealForLastAdmin(address, line);
}

async function readTables(text: string | undefined): Promise<(catalog: Catalog) => TableSelection> {
  if (text === undefined || text === 'all') return selectAllTables;
  const { readTablesOption } = await import('../tables-option.js');
  return readTablesOption(text);
}

async function checkRecipient(recipient: string): Promise<void> {
  if (isPlainRecipient(recipient)) return;
  const { checkRecipients } = await import('../../archive/age/keys.js');
  try {
    checkRecipients([recipient]);
  } catch {
    throw new UsageError(`--recipient "${recipient}" is not an age public key (age1…).`);
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
