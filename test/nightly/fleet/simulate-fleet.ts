import { type NightSchedule, startOf, windowOf } from '../../../src/nightly/window.js';

/** A fleet of practices on one night. */
export interface Fleet {
  readonly practices: number;
  /** ISO date of the evening. */
  readonly night: string;
  /** Share of the practices per time zone; together 1. */
  readonly zones: Readonly<Record<string, number>>;
  /** Whether each practice starts at its own place in the window, or all when it opens. */
  readonly jitter: boolean;
  /** Median size of an archive, in bytes; the sizes are spread as practices' are. */
  readonly archiveBytes: number;
  /** Median speed of an office's uplink, in bits per second. */
  readonly uplink: number;
}

/** What HQ's stores would see. */
export interface FleetLoad {
  /** Most practices that start within one second. */
  readonly peakStartsPerSecond: number;
  readonly peakStartsPerHour: number;
  /** Highest mean over ten minutes, in bits per second. */
  readonly peakIngest: number;
  /** Mean over the time from the first byte to the last, in bits per second. */
  readonly meanIngest: number;
  /** Bits per second, ten minutes by ten minutes. */
  readonly curve: readonly { readonly at: Date; readonly ingest: number }[];
}

const slot = 600;

/** How many archives are sent at which time, without a network: arithmetic on the library's own start times. */
export function simulateFleet(fleet: Fleet): FleetLoad {
  const starts: number[] = [];
  const slots = new Map<number, number>();
  let number = 0;
  for (const [timeZone, share] of Object.entries(fleet.zones)) {
    const schedule: NightSchedule = { timeZone };
    const opens = windowOf(fleet.night, schedule).opensAt;
    const count = Math.round(fleet.practices * share);
    for (let i = 0; i < count; i++) {
      const practiceId = String(100_000 + number++);
      const start = (fleet.jitter ? startOf(fleet.night, schedule, practiceId) : opens).getTime() / 1000;
      starts.push(start);
      send(slots, start, fleet.archiveBytes * 8 * spread(number), fleet.uplink * spread(number * 7 + 3));
    }
  }
  const curve = [...slots]
    .sort(([a], [b]) => a - b)
    .map(([index, bits]) => ({ at: new Date(index * slot * 1000), ingest: bits / slot }));
  const total = curve.reduce((sum, { ingest }) => sum + ingest, 0);
  return {
    peakStartsPerSecond: mostWithin(starts, 1),
    peakStartsPerHour: mostWithin(starts, 3600),
    peakIngest: Math.max(...curve.map(({ ingest }) => ingest)),
    meanIngest: total / curve.length,
    curve,
  };
}

/** Puts one transfer into the slots it passes through. */
function send(slots: Map<number, number>, start: number, bits: number, speed: number): void {
  const end = start + bits / speed;
  for (let index = Math.floor(start / slot); index * slot < end; index++) {
    const seconds = Math.min(end, (index + 1) * slot) - Math.max(start, index * slot);
    slots.set(index, (slots.get(index) ?? 0) + seconds * speed);
  }
}

/** From a quarter to four times, around 1, evenly on a logarithmic scale; the same for the same number. */
function spread(seed: number): number {
  const fraction = (Math.imul(seed, 2_654_435_761) >>> 0) / 2 ** 32;
  return 4 ** (2 * fraction - 1);
}

function mostWithin(times: readonly number[], seconds: number): number {
  const counts = new Map<number, number>();
  for (const time of times) {
    const index = Math.floor(time / seconds);
    counts.set(index, (counts.get(index) ?? 0) + 1);
  }
  return Math.max(...counts.values());
}
