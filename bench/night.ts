/**
 * `npm run bench:night`: what a whole night takes of the office's computer, for practices small and large: both copies
 * from one reading, sealed, stored and read back. Memory must not grow with the practice. The first night of a round makes
 * the administrator's key pair, which alone takes 128 MiB; the nights after it have the pair.
 *
 *     npm run bench:night -- [--sizes 100MB,1GB] [--rounds 2] [--server mariadb|mysql|mysql-5.6] [--url mysql://…]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBenchServer, providePractice, urlOf } from './support/bench-server.js';
import { childCommand } from './support/commands.js';
import { measureCommand, sizeMb } from './support/measure.js';
import { bytesOf, readOptions } from './support/options.js';

/** Most that a night's process may take, in megabytes. */
const limitMb = 300;

const options = readOptions({ sizes: '100MB,1GB', rounds: '2' });
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const server = await openBenchServer(options);
const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-night-'));
let isWithin = true;
try {
  process.stdout.write('night              data   peak memory       wall    HQ’s copy    full copy\n');
  for (const sizeText of options.sizes) {
    const practice = await providePractice(server, { ...options, size: bytesOf(sizeText), sizeText }, tell);
    const [spool = '', ...stores] = ['spool', 'hq', 'share'].map((name) =>
      join(folder, `${sizeText}-${name}`),
    );
    for (let round = 1; round <= options.rounds; round++) {
      for (const place of [spool, ...stores]) mkdirSync(place, { recursive: true });
      const { wallSeconds, peakRssMb } = await measureCommand(
        childCommand('night', urlOf(server.address, practice.name), spool, ...stores),
        server.pid,
      );
      isWithin &&= peakRssMb <= limitMb;
      const cells = [
        `${sizeText}, ${round === 1 ? 'first' : 'next'}`.padEnd(12),
        `${practice.dataMb} MB`.padStart(9),
        `${peakRssMb.toFixed(0)} MB`.padStart(12),
        `${wallSeconds.toFixed(1)} s`.padStart(9),
        `${sizeMb(stores[0]!).toFixed(1)} MB`.padStart(11),
        `${sizeMb(stores[1]!).toFixed(1)} MB`.padStart(11),
      ];
      process.stdout.write(`${cells.join('  ')}\n`);
      for (const store of stores) rmSync(store, { recursive: true });
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
