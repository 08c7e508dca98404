import type { EvidenceFacts, EvidenceStore } from '../../src/evidence/index.js';
import type { ListedBackup } from '../../src/history/list-backups.js';
import type { NightFacts } from '../../src/history/loss/facts.js';
import type { Label, Unlock } from '../../src/model/parts.js';
import type { BackupReport, CopyReport, DestinationReport } from '../../src/nightly/run/backup-report.js';

/** The moment of every page in the tests. */
export const asOf: Date = new Date('2026-07-16T09:30:00Z');

/** So many nights before the last one. */
export function nightBefore(nights: number): string {
  return new Date(Date.parse('2026-07-15T00:00:00Z') - nights * 86_400_000).toISOString().slice(0, 10);
}

/** A copy of a night. */
export function copyOf(night: string, scope: CopyReport['scope'], bytes = 412_000_000): CopyReport {
  return {
    archiveId: 'ab'.repeat(16),
    key: `4711/${night}/${'ab'.repeat(16)}.tar.age`,
    night,
    scope,
    bytes,
    sha256: 'cd'.repeat(32),
    tables: scope === 'full' ? 424 : 178,
    rows: 8_412_004,
    plainBytes: bytes * 4,
    leftOut:
      scope === 'full'
        ? []
        : [
            { kind: 'table', name: 'securitylog', reason: 'only the last 12 months are needed' },
            { kind: 'table', name: 'etrans', reason: 'a log that the clearing house has as well' },
            { kind: 'users', name: 'accounts of the server', reason: 'they are no part of the practice' },
          ],
  };
}

/** The report of a night in which both places have this outcome, unless it is said otherwise. */
export function reportOf(
  night: string,
  changes: {
    readonly hq?: Partial<DestinationReport>;
    readonly local?: Partial<DestinationReport>;
    readonly report?: Partial<BackupReport>;
  } = {},
): BackupReport {
  const at = (
    destination: DestinationReport['destination'],
    change: Partial<DestinationReport> = {},
  ): DestinationReport => ({
    destination,
    outcome: 'verified',
    caughtUp: [],
    removed: [],
    ...((change.outcome ?? 'verified') === 'verified' && {
      copy: copyOf(night, destination === 'hq' ? 'critical' : 'full'),
    }),
    ...change,
  });
  return {
    reportVersion: 1,
    practiceId: '4711',
    night,
    startedAt: `${night}T23:04:00.000Z`,
    finishedAt: `${night}T23:31:00.000Z`,
    outcome: 'complete',
    database: { name: 'opendental', server: 'MySQL 5.6.51' },
    keyHolder: { userNum: '1', userName: 'Dr. Ada Meadow', unlock: 'enrolled' },
    lockSeconds: 3 + (Number(night.slice(8)) % 7) * 0.4,
    destinations: [at('hq', changes.hq), at('local', changes.local)],
    warnings: [],
    ...changes.report,
  };
}

/** What an archive shows in a store. */
export function backupOf(createdAt: string, changes: Partial<Label> = {}, size = 412_000_000): ListedBackup {
  const unlock: Unlock = { kind: 'enrolled', epoch: 1, recipient: 'age1qexample', sealedIdentity: 'sealed' };
  const id = createdAt.replace(/\D/g, '').padEnd(32, '0').slice(0, 32);
  const label: Label = {
    format: { major: 1, minor: 2 },
    archiveId: id,
    createdAt,
    practiceId: '4711',
    database: 'opendental',
    scope: 'critical',
    keyHolder: { userNum: '1', userName: 'Dr. Ada Meadow' },
    unlock: [unlock],
    ...changes,
  };
  return {
    key: `${label.practiceId}/${createdAt.slice(0, 10)}/${id}.tar.age`,
    size,
    storedAt: new Date(createdAt),
    label,
  };
}

/** A place with copies of the last nights. */
export function storeOf(place: string, nights: number, description: string): EvidenceStore {
  const backups = Array.from({ length: nights }, (_, i) => backupOf(`${nightBefore(i)}T23:04:00.000Z`));
  return { place, description, backups };
}

const sizes: readonly (readonly [string, number])[] = [
  ['document', 420],
  ['procedurelog', 310],
  ['securitylog', 260],
  ['etrans', 190],
  ['appointment', 120],
  ['claimproc', 110],
  ['commlog', 90],
  ['patient', 60],
  ['sheetfield', 140],
  ['histappointment', 70],
  ['emailmessage', 55],
  ['periomeasure', 40],
  ['recall', 22],
  ['insplan', 18],
  ['adjustment', 12],
];

/** Sizes of the tables of a night. */
export function factsOf(night: string, growth = 1): NightFacts {
  const tables = [...sizes, ...Array.from({ length: 60 }, (_, i) => [`small${i}`, 6 / (1 + i / 6)] as const)];
  return {
    night,
    scope: 'full',
    tables: Object.fromEntries(
      tables.map(([name, mega]) => {
        const plainBytes = Math.round(mega * growth * 1e6);
        return [
          name,
          { rows: Math.round(plainBytes / 90), plainBytes, storedBytes: Math.round(plainBytes / 5) },
        ];
      }),
    ),
  };
}

/**
 * A practice with half a year behind it: two failures at headquarters, one copy that came late, a night
 * without a report.
 */
export function sampleFacts(changes: Partial<EvidenceFacts> = {}): EvidenceFacts {
  const failed = {
    outcome: 'failed',
    error: { code: 'storage-transient', message: 'The store did not answer for 2 hours.' },
  } as const;
  const reports = Array.from({ length: 170 }, (_, i) => i)
    .filter((i) => i !== 61)
    .map((i) => {
      const night = nightBefore(i);
      if (i === 40 || i === 97) return reportOf(night, { hq: failed });
      if (i === 20) return reportOf(night, { hq: { ...failed, outcome: 'waiting' } });
      if (i === 19) return reportOf(night, { hq: { caughtUp: [copyOf(nightBefore(20), 'critical')] } });
      if (i > 120) return reportOf(night, { local: { outcome: 'not-eligible' } });
      return reportOf(night);
    });
  return {
    practiceId: '4711',
    asOf,
    reports,
    nights: Array.from({ length: 35 }, (_, i) => factsOf(nightBefore(i), 1 - i * 0.004)),
    stores: [storeOf('hq', 45, 'bucket practices'), storeOf('local', 12, 'folder \\\\SERVER\\backup')],
    openings: [
      {
        userNum: '1',
        userName: 'Dr. Ada Meadow',
        at: '2026-07-04T08:00:00.000Z',
        lastOpenedAt: '2026-07-04T08:00:00.000Z',
        places: [
          {
            place: 'hq',
            archiveId: 'ab'.repeat(16),
            createdAt: '2026-07-03T23:04:00.000Z',
            openedAt: '2026-07-04T08:00:00.000Z',
            readBytes: 5,
            rowBytes: 100,
          },
        ],
        findings: [],
      },
    ],
    rehearsal: {
      equal: true,
      provenAgainst: 'source',
      rehearsedAt: '2026-06-20T03:00:00.000Z',
      restoreSeconds: 1260,
      rows: 8_400_000,
      server: 'MariaDB 10.11',
    },
    retention: {
      hq: { daily: 'P3D', weekly: 'P6M', monthly: 'P1Y', yearly: 'P3Y' },
      local: { daily: 'P3D', weekly: 'P1M' },
    },
    versions: { product: '0.1.0', runtime: 'Node.js 20.20.2' },
    ...changes,
  };
}
