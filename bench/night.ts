/**
 * `npm run bench:night`: what a whole night takes of the office's computer, for practices small and large: both copies
 * from one reading, sealed, stored and read back. Memory must not grow with the practice. The first night of all makes
 * the administrator's key pair, which alone takes 128 MiB; the nights after it have the pair. A round is a night of a process
 * of its own, as by a scheduler, and the second night of a process, as a service makes it. What signed notes, the check of
 * older copies and the tripwire take of clock and processor, at most, is to be less than two in a hundred.
 *
 *     npm run bench:night -- [--sizes 100MB,1GB] [--rounds 2] [--server mariadb|mysql|mysql-5.6] [--url mysql://…]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBenchServer, providePractice, urlOf } from './support/bench-server.js';
import { childCommand } from './support/commands.js';
import { measureCommand } from './support/measure.js';
import { measuredPath, type NightCost } from './support/night-cost.js';
import { bytesOf, readOptions } from './support/options.js';

/** Most that a night's process may take, in megabytes. */
const limitMb = 300;
/** Most that notes, check and tripwire may take of a night. */
const limitShare = 0.02;

const options = readOptions({ sizes: '100MB,1GB', rounds: '2' });
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const server = await openBenchServer(options);
const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-night-'));
let isWithin = true;
try {
  process.stdout.write(
    'night              data   peak memory       wall  processor    HQ’s copy    full copy  notes, check, tripwire: wall, processor\n',
  );
  for (const sizeText of options.sizes) {
    const practice = await providePractice(server, { ...options, size: bytesOf(sizeText), sizeText }, tell);
    const places = ['spool', 'hq', 'share'].map((name) => join(folder, `${sizeText}-${name}`));
    const [spool = ''] = places;
    for (const place of places) mkdirSync(place, { recursive: true });
    const rounds = Array.from({ length: options.rounds }, () => ['cold', 'service'] as const).flat();
    let day = 0;
    for (const name of ['first', ...rounds]) {
      const nights = name === 'service' ? 2 : 1;
      const { peakRssMb } = await measureCommand(
        childCommand('night', urlOf(server.address, practice.name), ...places, `${day}`, `${nights}`),
        server.pid,
      );
      day += nights;
      if (nights === 1) isWithin &&= peakRssMb <= limitMb;
      const cost = JSON.parse(readFileSync(measuredPath(spool), 'utf8')) as NightCost;
      const { wallSeconds, cpuSeconds, copyMb, watching } = cost;
      const shares = [watching.wallSeconds / wallSeconds, watching.cpuSeconds / cpuSeconds];
      const cells = [
        `${sizeText}, ${name}`.padEnd(14),
        `${practice.dataMb} MB`.padStart(9),
        `${peakRssMb.toFixed(0)} MB`.padStart(12),
        `${wallSeconds.toFixed(1)} s`.padStart(9),
        `${cpuSeconds.toFixed(1)} s`.padStart(9),
        ...copyMb.map((mb) => `${mb.toFixed(1)} MB`.padStart(11)),
        ...shares.map((share) => percent(share).padStart(9)),
      ];
      process.stdout.write(`${cells.join('  ')}\n`);
      if (shares.some((share) => share > limitShare)) {
        tell(`${sizeText}, ${name}: notes, check and tripwire took more than ${percent(limitShare)}`);
      }
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
}
if (!isWithin) {
  tell(`a night took more than ${limitMb} MB`);
  process.exitCode = 1;
}
