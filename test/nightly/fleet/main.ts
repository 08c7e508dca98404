// What a fleet of 50,000 practices does to HQ's stores, with each practice's own start and without:
//   node dist/test/nightly/fleet/main.js [practices]
import { type FleetLoad, simulateFleet } from './simulate-fleet.js';

/** Assumed: where dental practices are. */
const zones = {
  'America/New_York': 0.47,
  'America/Chicago': 0.29,
  'America/Denver': 0.07,
  'America/Los_Angeles': 0.17,
};
const practices = Number(process.argv[2] ?? 50_000);
const assumed = { practices, night: '2026-07-14', zones, archiveBytes: 250e6, uplink: 8e6 };

function show(name: string, load: FleetLoad): void {
  const inGigabits = (bits: number): string => `${(bits / 1e9).toFixed(1)} Gbit/s`;
  console.log(`\n${name}`);
  console.log(`  most starts in a second   ${load.peakStartsPerSecond}`);
  console.log(`  most starts in an hour    ${load.peakStartsPerHour}`);
  console.log(`  highest ingest            ${inGigabits(load.peakIngest)}`);
  console.log(`  mean ingest               ${inGigabits(load.meanIngest)}`);
  const hours = load.curve.filter((_, i) => i % 3 === 0);
  for (const { at, ingest } of hours) {
    const bar = '#'.repeat(Math.round((ingest / load.peakIngest) * 50));
    console.log(`  ${at.toISOString().slice(11, 16)} UTC ${inGigabits(ingest).padStart(13)} ${bar}`);
  }
}

console.log(
  `${practices} practices, night of ${assumed.night}, median archive 250 MB, median uplink 8 Mbit/s (assumptions).`,
);
show('All start when the window opens', simulateFleet({ ...assumed, jitter: false }));
show('Each starts at its own place in the window', simulateFleet({ ...assumed, jitter: true }));
