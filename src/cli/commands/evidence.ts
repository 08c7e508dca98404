import { readAdmins } from '../../admin/read-admins.js';
import { type AdminOpening, readOpenings } from '../../admin/record-opening.js';
import { createDatabaseEnrollments } from '../../admin/stores/database-enrollments.js';
import { openConnection } from '../../database/connection.js';
import { BackupError } from '../../errors.js';
import { digestOf, readRehearsal } from '../../evidence/files.js';
import {
  type EvidenceStore,
  type FleetPractice,
  readEvidence,
  renderEvidence,
  renderFleet,
} from '../../evidence/index.js';
import { breaksHistory, describeHistoryFinding, verifyHistories } from '../../history/index.js';
import { listBackups } from '../../history/list-backups.js';
import type { Arguments, Command, CommandLine } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { UsageError } from '../exit-codes.js';
import { storeAt } from '../location.js';
import { writeArchive } from '../output.js';
import { versionsOf } from '../program-versions.js';

/** `evidence`: a page about the copies, for an owner, an auditor or an insurer. */
export const evidenceCommand: Command = {
  name: 'evidence',
  help: `Write a page that shows what copies there are: nights, ages, coverage, who can
open them, openings, rehearsals, retention. One HTML file without patient data
that loads nothing and prints on Letter and A4. Needs no key.

Usage: supplemental-backup evidence --spool FOLDER --out FILE [OPTIONS]
       supplemental-backup evidence --fleet STORE --out FILE

  --spool FOLDER     the service's folder, which keeps a report of every night
  --out FILE         the page, or - for stdout; never overwrites
  --hq STORE         HQ's copies: a folder, or s3://bucket/key (any key in it)
  --network-path DIR the office's copies
  --source URL       the practice's database, to see who opened a copy last:
                     mysql://user@host:port/database; password in MYSQL_PWD
  --rehearsal FILE   output of the last rehearse --json
  --sbom FILE        the SBOM of this software; the page shows its SHA-256
  --fleet STORE      instead, all practices of a store, the worst first
  --json             one JSON document
`,
  examples: [
    ['a practice', 'evidence --spool /srv/spool --out evidence.html'],
    ['all practices of a store', 'evidence --fleet s3://copies/x --out fleet.html'],
  ],
  options: {
    spool: { type: 'string' },
    out: { type: 'string' },
    hq: { type: 'string' },
    'network-path': { type: 'string' },
    source: { type: 'string' },
    rehearsal: { type: 'string' },
    sbom: { type: 'string' },
    fleet: { type: 'string' },
  },
  positionals: { least: 0, most: 0 },
  async run(given, line) {
    const out = given.required('out');
    const fleet = given.text('fleet');
    if (fleet !== undefined && given.text('spool') !== undefined) {
      throw new UsageError('Give --spool or --fleet, not both.');
    }
    const made = fleet === undefined ? await ofPractice(given, line) : await ofFleet(fleet, line);
    const { bytes, sha256 } = await writeArchive([Buffer.from(made)], out, line);
    return {
      json: { out, bytes, sha256 },
      text: `${out === '-' ? 'Written.' : `Wrote ${out}.`}\nSHA-256 ${sha256}`,
      to: out === '-' ? 'stderr' : 'stdout',
    };
  },
};

async function ofFleet(location: string, line: CommandLine): Promise<string> {
  const io = { signal: line.signal };
  const store = await storeAt(location, line);
  const practices: FleetPractice[] = [];
  for await (const { practiceId, findings } of verifyHistories(store, io)) {
    const broken = findings.filter(breaksHistory).map(describeHistoryFinding);
    if (broken.length > 0) practices.push({ practiceId, findings: broken });
  }
  return renderFleet({ asOf: new Date(), backups: await listBackups(store, io), practices });
}

async function ofPractice(given: Arguments, line: CommandLine): Promise<string> {
  const { reports, nights } = await readEvidence(given.required('spool'), { signal: line.signal });
  const { practiceId } = reports[0]!;
  return renderEvidence({
    practiceId,
    asOf: new Date(),
    reports,
    nights,
    stores: await storesOf(given, practiceId, line),
    openings: await openingsOf(given, line),
    rehearsal: await namedFile(given.text('rehearsal'), readRehearsal),
    versions: versionsOf(await namedFile(given.text('sbom'), digestOf)),
  });
}

async function storesOf(
  given: Arguments,
  practiceId: string,
  line: CommandLine,
): Promise<readonly EvidenceStore[]> {
  const places = [
    ['hq', given.text('hq')],
    ['local', given.text('network-path')],
  ] as const;
  const stores: EvidenceStore[] = [];
  for (const [place, location] of places) {
    if (location === undefined) continue;
    const storage = await storeAt(location, line);
    const backups = await listBackups(storage, { practiceId, signal: line.signal });
    stores.push({ place, description: storage.description, backups });
  }
  return stores;
}

async function openingsOf(given: Arguments, line: CommandLine): Promise<readonly AdminOpening[] | undefined> {
  const source = given.text('source');
  if (source === undefined) return undefined;
  const address = readDatabaseUrl(source, 'source', line.env);
  const io = { signal: line.signal };
  const connection = await openConnection(address, io);
  try {
    return await readOpenings(createDatabaseEnrollments(address), await readAdmins(connection, io), io);
  } finally {
    await connection.close();
  }
}

async function namedFile<Content>(
  file: string | undefined,
  read: (file: string) => Promise<Content | undefined>,
): Promise<Content | undefined> {
  if (file === undefined) return undefined;
  const content = await read(file);
  if (content === undefined) throw new BackupError('storage-not-found', `There is no ${file}.`);
  return content;
}
