/**
 * Reads a journal, or the valid part of it: somebody else may have written it, or a disk may have damaged it.
 */
import { anyObject, fromJson, oneOf, type Shape, textUpTo } from '../../shapes.js';
import { remember } from '../remember.js';
import {
  alertNames,
  cause,
  failedNights,
  journalEntries,
  journalHead,
  pendingCopyOf,
  verifiedCopyOf,
} from './journal-shapes.js';
import type { NightJournalState } from './journal-state.js';
import { rememberedCopies } from './remembered-copies.js';

/**
 * More than any journal needs, in characters, even if somebody fills its lists: six lists of 1000 keys at each
 * place, of 2 kB each in JSON, are 25 MB; 400 copies at each place 7; what people acknowledged and announced 10;
 * copies that wait, notes and sentences 5. One that is not read again loses what was accepted.
 */
const longest = 64 * 1024 * 1024;
/** More than ever wait for both places. */
const mostPending = 16;

/** What could be read. */
export interface ParsedJournal {
  readonly state: NightJournalState;
  /** False when something was ignored. */
  readonly isWhole: boolean;
}

/** Null when it is not a journal at all. */
export function parseJournal(text: string): ParsedJournal | null {
  return text.length > longest ? null : parsed(text).journal;
}

/** The service looks into an unchanged journal every minute. */
const parsed: (text: string) => { readonly journal: ParsedJournal | null } = remember(
  (text) => ({ journal: parse(text) }),
  2,
);

function parse(text: string): ParsedJournal | null {
  const value = fromJson(text);
  if (!anyObject(value) || !journalHead(value)) return null;
  const { version, practiceId, firstNight } = value;
  const all: Readonly<Record<string, unknown>> = value;
  const verified = all['verified'];
  if (!anyObject(verified)) return null;
  const reader = new Reader();
  const copy = verifiedCopyOf(practiceId);
  const state: NightJournalState = {
    version,
    practiceId,
    firstNight,
    machine: reader.one(all['machine'], textUpTo(4000)) ?? '',
    pending: reader.list(all['pending'], mostPending, pendingCopyOf(practiceId)),
    verified: {
      hq: reader.list(verified['hq'], rememberedCopies, copy),
      local: reader.list(verified['local'], rememberedCopies, copy),
    },
    failed: reader.record(all['failed'], ['hq', 'local'], failedNights),
    alerts: reader.record(all['alerts'], alertNames, cause),
    ...reader.entries(all),
  };
  return { state, isWhole: reader.isWhole };
}

/** Takes what has the right shape, and records whether anything did not. */
class Reader {
  isWhole = true;

  one<T>(value: unknown, shape: Shape<T>): T | undefined {
    if (value === undefined) return undefined;
    if (shape(value)) return value;
    this.isWhole = false;
    return undefined;
  }

  list<T>(value: unknown, most: number, shape: Shape<T>): readonly T[] {
    const all: readonly unknown[] = Array.isArray(value) ? value : [];
    const good = all.filter(shape).slice(0, most);
    if (!Array.isArray(value) || good.length < Math.min(all.length, most)) this.isWhole = false;
    return good;
  }

  record<T>(value: unknown, names: readonly string[], shape: Shape<T>): Readonly<Record<string, T>> {
    const good: Record<string, T> = {};
    if (!anyObject(value)) this.isWhole = false;
    else {
      const isName = oneOf(...names);
      for (const [name, each] of Object.entries(value)) {
        if (isName(name) && shape(each)) good[name] = each;
        else this.isWhole = false;
      }
    }
    return good;
  }

  /** Those that may be absent. */
  entries(from: Readonly<Record<string, unknown>>): Partial<NightJournalState> {
    const shapes: Readonly<Record<string, Shape<unknown>>> = journalEntries;
    const good = Object.entries(shapes).flatMap(([name, shape]) => {
      const entry = this.one(from[name], shape);
      return entry === undefined ? [] : [[name, entry]];
    });
    return Object.fromEntries(good);
  }
}
