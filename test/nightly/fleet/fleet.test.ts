import assert from 'node:assert/strict';
import { it } from 'node:test';
import { simulateFleet } from './simulate-fleet.js';

it('a fleet that starts at its own times asks little of HQ at any moment', () => {
  const fleet = {
    practices: 3000,
    night: '2026-07-14',
    zones: { 'America/New_York': 0.5, 'America/Los_Angeles': 0.5 },
    archiveBytes: 250e6,
    uplink: 8e6,
  };
  const together = simulateFleet({ ...fleet, jitter: false });
  const apart = simulateFleet({ ...fleet, jitter: true });
  assert.equal(together.peakStartsPerSecond, 1500);
  assert.ok(apart.peakStartsPerSecond <= 6, `${apart.peakStartsPerSecond} starts in a second`);
  assert.ok(apart.peakIngest < together.peakIngest / 2);
  const sent = (load: typeof apart): number => load.curve.reduce((sum, { ingest }) => sum + ingest, 0);
  assert.ok(Math.abs(sent(apart) / sent(together) - 1) < 1e-9);
});
