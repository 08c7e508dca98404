/**
 * `npm run bench:fleet`: when 50,000 practices in four time zones start their night, with and without the jitter.
 *
 *     npm run bench:fleet -- [--practices 50000] [--archive-mb 200] [--mbit 10] [--night 2024-11-15]
 */
import { parseArgs } from 'node:util';
import { startOf, windowOf } from '../src/nightly/window.js';

// Practices follow people: shares of the population of the 48 states by zone, roughly.
const zones: readonly (readonly [zone: string, share: number])[] = [
  ['America/New_York', 0.48],
  ['America/Chicago', 0.29],
  ['America/Denver', 0.07],
  ['America/Los_Angeles', 0.16],
];

const { values } = parseArgs({
  options: {
    practices: { type: 'string', default: '50000' },
    'archive-mb': { type: 'string', default: '200' },
    mbit: { type: 'string', default: '10' },
    night: { type: 'string', default: '2024-11-15' },
  },
});
const practices = positive('practices', values.practices);
const archiveMb = positive('archive-mb', values['archive-mb']);
const mbit = positive('mbit', values.mbit);
const { night } = values;
const uploadSeconds = Math.round((archiveMb * 8) / mbit);

process.stdout.write(
  `${practices} practices on the night of ${night}; each sends ${archiveMb} MB at ${mbit} Mbit/s, ${uploadSeconds} s.\n`,
);
const first = Math.min(...zones.map(([timeZone]) => windowOf(night, { timeZone }).opensAt.getTime() / 1000));
const jittered: number[] = [];
const together: number[] = [];
for (let i = 0; i < practices; i++) {
  const schedule = { timeZone: zoneOf(i) };
  jittered.push(startOf(night, schedule, `practice-${i}`).getTime() / 1000 - first);
  together.push(windowOf(night, schedule).opensAt.getTime() / 1000 - first);
}
show('with the jitter', jittered);
show('without it, all at the opening of their window', together);

function zoneOf(practice: number): string {
  let share = (practice + 0.5) / practices;
  for (const [zone, part] of zones) {
    if (share < part) return zone;
    share -= part;
  }
  return zones[0]![0];
}

function show(title: string, starts: readonly number[]): void {
  const length = Math.ceil((Math.max(...starts) + uploadSeconds + 2) / 1800) * 1800;
  const perSecond = new Uint32Array(length);
  for (const start of starts) perSecond[Math.floor(start)]! += 1;
  // Everybody uploads at the same rate, so the curve is a number of uploads at a time.
  const uploading = new Uint32Array(length);
  let now = 0;
  for (let second = 0; second < length; second++) {
    now += perSecond[second]! - (perSecond[second - uploadSeconds] ?? 0);
    uploading[second] = now;
  }
  const peak = uploading.reduce((most, each) => Math.max(most, each), 0);
  const lines = [
    '',
    `${title}:`,
    `  most starts in one second   ${perSecond.reduce((most, each) => Math.max(most, each), 0)}`,
    `  most uploads at a time      ${peak}`,
    `  most received at a time     ${gbit(peak)} Gbit/s`,
    '',
    '  UTC    starts  uploads at a time, mean of the half hour',
  ];
  for (let from = 0; from < length; from += 1800) {
    const slice = uploading.subarray(from, from + 1800);
    const mean = slice.reduce((sum, each) => sum + each, 0) / slice.length;
    const started = perSecond.subarray(from, from + 1800).reduce((sum, each) => sum + each, 0);
    const bar = '#'.repeat(Math.round((mean / peak) * 50));
    const time = new Date((first + from) * 1000).toISOString().slice(11, 16);
    lines.push(
      `  ${time} ${String(started).padStart(7)} ${mean.toFixed(0).padStart(7)} ${gbit(mean).padStart(7)} Gbit/s ${bar}`.trimEnd(),
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function gbit(uploads: number): string {
  return ((uploads * mbit) / 1000).toFixed(1);
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) throw new RangeError(`--${name} must be a number above 0`);
  return value;
}
