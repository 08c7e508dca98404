/**
 * Nights, one after the other as a service makes them: `night.js URL SPOOL HQ SHARE FIRST NIGHTS`, the first so
 * many days from now. A process of its own, so that its memory is its alone. Writes beside the spool what the
 * last of them took, and what of it went into notes, the check of older copies and the tripwire.
 */
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { parseDatabaseUrl } from '../../src/database/address.js';
import type { BackupEvent } from '../../src/nightly/run/events.js';
import { runSupplementalBackup } from '../../src/nightly/run/run-supplemental-backup.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { measuredPath, type NightCost, type Span } from '../support/night-cost.js';

const [, , url = '', spool = '', hq = '', share = '', first = '0', nights = '1'] = argv;
const day = 86_400_000;

interface Mark {
  readonly wall: number;
  readonly cpu: number;
}

function mark(): Mark {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, cpu: (user + system) / 1e6 };
}

function between(from: Mark | undefined, to: Mark | undefined): Span {
  if (from === undefined || to === undefined) throw new Error('a night did not tell all that it did');
  return { wallSeconds: to.wall - from.wall, cpuSeconds: to.cpu - from.cpu };
}

/** When each thing happened last; of what is sent, when it was first. */
function listener(marks: Map<string, Mark>): (event: BackupEvent) => void {
  return (event) => {
    const { kind } = event;
    if (kind === 'sealed' || kind === 'finished') marks.set(kind, mark());
    if (kind === 'verified') marks.set(`verified ${event.destination}`, mark());
    if (kind !== 'phase') return;
    if (event.phase === 'retention') marks.set(`retention ${event.destination}`, mark());
    if (event.phase === 'publish' && !marks.has('publish')) marks.set('publish', mark());
  };
}

let cost: NightCost | undefined;
for (let i = 0; i < Number(nights); i++) {
  const marks = new Map<string, Mark>();
  // The start of the process is of its first night.
  const begun = i === 0 ? { wall: 0, cpu: 0 } : mark();
  const report = await runSupplementalBackup(
    {
      practiceId: 'bench',
      practice: {
        onSupport: true,
        hasEConnector: true,
        cloudDatabase: false,
        status: 'enabled',
        country: 'US',
        networkPath: share,
      },
      database: parseDatabaseUrl(url),
      timeZone: 'America/Chicago',
      spool,
      spoolReserveBytes: 0,
      hq: { storage: createFileSystemStorage({ path: hq }) },
      local: {},
      now: () => new Date(Date.now() + (Number(first) + i) * day),
    },
    { scheduled: true, onEvent: listener(marks) },
  );
  if (report.outcome !== 'complete') throw new Error(`the night was ${report.outcome}`);
  const spans = [
    between(marks.get('sealed'), marks.get('publish')),
    ...['hq', 'local'].map((each) => between(marks.get(`verified ${each}`), marks.get(`retention ${each}`))),
  ];
  const sum = (of: keyof Span): number => spans.reduce((all, span) => all + span[of], 0);
  cost = {
    ...between(begun, marks.get('finished')),
    copyMb: report.destinations.map(({ copy }) => (copy?.bytes ?? 0) / 1e6),
    watching: { wallSeconds: sum('wallSeconds'), cpuSeconds: sum('cpuSeconds') },
  };
}
writeFileSync(measuredPath(spool), JSON.stringify(cost));
