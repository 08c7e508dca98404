/**
 * What somebody does to the copies or to the database of a practice: once in its years, in a calm time, so
 * that it must be noticed.
 */
import { noteKeyOf } from '../../src/history/note-body.js';
import { calmDays, cycleDays, day, fullSeed, headsSeed, stormDays } from './faults.js';
import { createRandom, type Random } from './random.js';
import { fakeArchive } from './sealed.js';
import type { Store } from './store.js';
import type { Tables } from './tables.js';
import { time } from './time.js';

const againstStores = ['deleted', 'forged', 'overwritten', 'rolled-back', 'swept', 'wrongly-signed'] as const;
const againstTables = ['rows-5', 'rows-50', 'rows-all', 'table-dropped', 'table-renamed'] as const;
/** Both places, the journal and the spool; the practice's database. */
const turnedBack = ['all-turned-back', 'database-turned-back'] as const;

export interface Attack {
  /** In milliseconds from the beginning. */
  readonly at: number;
  readonly how: (typeof againstStores | typeof againstTables | typeof turnedBack)[number];
  /** Whose copies, where it is against copies. */
  readonly isHq: boolean;
  /** After so many milliseconds a person looks at what was found; null for never. */
  readonly seenAfter: number | null;
}

/** After so many milliseconds it must be known: the night that follows, and the one after it. */
export const noticedWithin: number = 2.5 * day;
/** How long before a roll-back its state was. */
export const rolledBackBy: number = 2 * day;

/** In every fifth practice with one computer. */
export function attackOf(seed: number, days: number, computers: number): Attack | null {
  const cycles = Math.floor(days / cycleDays);
  if (computers > 1 || seed % 5 !== 0 || cycles === 0) return null;
  const random = createRandom(`attack ${seed}`);
  const from = random.between(0, cycles - 1) * cycleDays + stormDays + 4;
  const how = random.pick([
    ...againstStores,
    ...againstTables,
    ...(seed >= headsSeed ? [...turnedBack, ...turnedBack] : []),
  ]);
  return {
    at: (from + random.next() * (calmDays - 7.5)) * day,
    how,
    isHq: random.is(0.5),
    seenAfter: random.is(0.5) ? seenAfter(random, seed) * day : null,
  };
}

/** In days: from the next morning on, where everything is met. */
function seenAfter(random: Random, seed: number): number {
  const later = random.between(3, 40);
  return seed >= fullSeed && random.is(0.6) ? 0.4 + 1.2 * random.next() : later;
}

/** After so many whole nights it must be known that a copy is damaged in place, under its date and tag. */
export const damageKnownAfter = 31;

/** When a disk damages a copy, in milliseconds from the beginning: in one practice of 25, and in none that is attacked. */
export function damageOf(seed: number, days: number, computers: number): number | null {
  if (computers > 1 || seed % 25 !== 3 || days < 100) return null;
  return createRandom(`damage ${seed}`).between(30, days - 60) * day;
}

/** What is away for longer than any storm lasts. */
export interface Outage {
  /** In milliseconds from the beginning. */
  readonly from: number;
  readonly to: number;
  readonly what: 'computer' | 'hq' | 'path';
}

/** In every fifth practice of those that keep the newest notes. */
export function outageOf(seed: number, days: number, computers: number): Outage | null {
  if (computers > 1 || seed < headsSeed || seed % 5 !== 2 || days < 100) return null;
  const random = createRandom(`outage ${seed}`);
  const from = random.between(5, days - 80);
  return {
    from: from * day,
    to: (from + random.between(31, 70)) * day,
    what: random.pick(['computer', 'hq', 'path']),
  };
}

/** @returns whether there was anything to harm */
export function harmTables(how: Attack['how'], tables: Tables, random: Random): boolean {
  const table = random.pick(['appointment', 'patient', 'procedurelog']);
  if (how === 'rows-5') tables.lose(table, 0.05);
  else if (how === 'rows-50') tables.lose(table, 0.5);
  else if (how === 'rows-all') tables.lose(table, 1);
  else if (how === 'table-dropped') tables.drop(table);
  else if (how === 'table-renamed') tables.rename(table);
  else return false;
  return true;
}

export function isAgainstTables(how: Attack['how']): boolean {
  return how === 'database-turned-back' || (againstTables as readonly string[]).includes(how);
}

const archiveId = 'f'.repeat(32);

export function forgedKey(night: string): string {
  return `4711/${night}/${archiveId}.tar.age`;
}

export function isAddition(how: Attack['how']): boolean {
  return how === 'forged' || how === 'wrongly-signed';
}

/**
 * @param whole - keys of the copies that are whole, newest first
 * @param earlier - what lay in the store some days ago
 * @returns whether there was anything to harm
 */
export function harmStore(
  how: Attack['how'],
  store: Store,
  {
    whole,
    earlier,
    night,
  }: { readonly whole: readonly string[]; readonly earlier: Store['objects']; readonly night: string },
): boolean {
  const [newest] = whole;
  if (newest === undefined) return false;
  const { objects } = store;
  const kept = objects.get(newest)!;
  const stored = { ...kept.stored, modifiedAt: new Date(time.now), etag: `${time.now}` };
  switch (how) {
    case 'deleted':
    case 'swept':
      for (const key of how === 'swept' ? whole : [newest]) {
        objects.delete(key);
        objects.delete(noteKeyOf(key)!);
      }
      return true;
    case 'overwritten': {
      const bytes = kept.bytes.slice();
      bytes[bytes.length - 1]! ^= 255;
      objects.set(newest, { bytes, stored });
      return true;
    }
    case 'all-turned-back':
    case 'rolled-back':
      if (whole.every((key) => earlier.has(key))) return false;
      for (const key of [...objects.keys()]) objects.delete(key);
      for (const [key, each] of earlier) objects.set(key, each);
      return true;
    case 'forged':
    case 'wrongly-signed': {
      const key = forgedKey(night);
      const createdAt = new Date(time.now).toISOString();
      const holder = { userNum: '1', userName: 'admin1', recipient: 'age1attacker' };
      const { bytes } = fakeArchive({
        archiveId,
        createdAt,
        practiceId: '4711',
        scope: 'full',
        holder,
        size: 50,
      });
      objects.set(key, { bytes, stored: { ...stored, key, size: bytes.length } });
      if (how === 'forged') return true;
      const note = objects.get(noteKeyOf(newest)!);
      if (note === undefined) return true;
      const noteKey = noteKeyOf(key)!;
      objects.set(noteKey, {
        bytes: note.bytes,
        stored: { ...stored, key: noteKey, size: note.bytes.length },
      });
      return true;
    }
    default:
      return false;
  }
}
