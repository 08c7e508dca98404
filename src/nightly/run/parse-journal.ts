/**
 * Reads a journal, or what of it can be believed: somebody else may have written it, or a disk may have
 * spoiled it.
 */
import { isPinnedKey } from '../../admin/pinned-key.js';
import { archiveKeyOf } from '../../history/note-body.js';
import { alertCodes } from '../alerts/alert.js';
import { isCount, isList, isObject, isTextUpTo, type Json } from '../json-shapes.js';
import { isKnownSchedule } from '../known-schedule.js';
import {
  isAcknowledgement,
  isAnnouncedPurge,
  isStandingLoss,
  mostAcknowledgements,
  mostAnnouncements,
} from '../origin/loss-state.js';
import { hasNoteFacts, isSequence } from '../origin/sequence.js';
import { remember } from '../remember.js';
import type { CopyReport } from './backup-report.js';
import type { NightJournalState, PendingCopy, VerifiedCopy } from './journal-state.js';

/** More than any journal needs, in characters. */
const longest = 4 * 1024 * 1024;
/** No text in a journal is longer, in characters. */
const longestText = 4000;
/** More than ever wait for both places. */
const mostPending = 16;
/** How many verified copies per place are remembered: more than the longest default retention keeps. */
export const rememberedCopies = 400;

/** How many key holders are remembered, the last ones. */
export const rememberedPins = 20;

/** What could be read. */
export interface ParsedJournal {
  readonly state: NightJournalState;
  /** False when something was passed over. */
  readonly isWhole: boolean;
}

/** Null when it is no journal at all. */
export function parseJournal(text: string): ParsedJournal | null {
  return text.length > longest ? null : parsed(text).journal;
}

/** The service looks into an unchanged journal every minute. */
const parsed: (text: string) => { readonly journal: ParsedJournal | null } = remember(
  (text) => ({ journal: parse(text) }),
  2,
);

function parse(text: string): ParsedJournal | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isObject(value) || value['version'] !== 1) return null;
  const { practiceId, firstNight, verified } = value;
  if (!isText(practiceId) || !isNight(firstNight) || !isObject(verified)) return null;
  const reader = new Reader();
  const copies = (name: 'hq' | 'local'): readonly VerifiedCopy[] =>
    reader.list(verified[name], rememberedCopies, (each) => isVerifiedCopy(each, practiceId));
  const state: NightJournalState = {
    version: 1,
    practiceId,
    firstNight,
    machine: reader.one(value['machine'], isText) ?? '',
    pending: reader.list(value['pending'], mostPending, (each) => isPendingCopy(each, practiceId)),
    verified: { hq: copies('hq'), local: copies('local') },
    failed: reader.record(value['failed'], destinations, isFailed),
    alerts: reader.record(value['alerts'], Object.keys(alertCodes), isText),
    ...reader.optional(value, 'lost', (each) => isRecordOf(each, destinations, isLost)),
    ...reader.optional(value, 'lastAttempt', isAttempt),
    ...reader.optional(value, 'watched', isNight),
    ...reader.optional(value, 'dateOwed', isTime),
    ...reader.optional(value, 'settings', isSettings),
    ...reader.optional(
      value,
      'damage',
      (each) => isObject(each) && isNight(each['night']) && isText(each['message']),
    ),
    ...reader.optional(value, 'incomplete', (each) => isRecordOf(each, destinations, isText)),
    ...reader.optional(value, 'rehearsal', isRehearsal),
    ...reader.optional(value, 'pins', (each) => isList(each, rememberedPins, isPinnedKey)),
    ...reader.optional(value, 'keyUnproven', isText),
    ...reader.optional(value, 'remindedOff', isNight),
    ...reader.optional(value, 'unrecordedOff', (each) => each === true),
    ...reader.optional(value, 'sequences', (each) => isRecordOf(each, destinations, isSequence)),
    ...reader.optional(value, 'loss', isStandingLoss),
    ...reader.optional(value, 'acknowledged', (each) =>
      isList(each, mostAcknowledgements, isAcknowledgement),
    ),
    ...reader.optional(value, 'schedule', isKnownSchedule),
    ...reader.optional(value, 'announced', (each) => isList(each, mostAnnouncements, isAnnouncedPurge)),
  };
  return { state, isWhole: reader.isWhole };
}

const destinations = ['hq', 'local'] as const;

/** Takes what has the right shape, and notes whether anything had not. */
class Reader {
  isWhole = true;

  one<T>(value: unknown, fits: (value: unknown) => value is T): T | undefined {
    if (value !== undefined && !fits(value)) this.isWhole = false;
    return fits(value) ? value : undefined;
  }

  list<T>(value: unknown, most: number, fits: (value: unknown) => value is T): readonly T[] {
    const all: readonly unknown[] = Array.isArray(value) ? value : [];
    const good = all.filter(fits).slice(0, most);
    if (!Array.isArray(value) || good.length < Math.min(all.length, most)) this.isWhole = false;
    return good;
  }

  record<T>(
    value: unknown,
    names: readonly string[],
    fits: (value: unknown) => value is T,
  ): Readonly<Record<string, T>> {
    if (!isObject(value)) {
      this.isWhole = false;
      return {};
    }
    const good = Object.entries(value).filter((entry): entry is [string, T] => {
      const isGood = names.includes(entry[0]) && fits(entry[1]);
      if (!isGood) this.isWhole = false;
      return isGood;
    });
    return Object.fromEntries(good);
  }

  /** A part of the state that may be absent. */
  optional<Name extends keyof NightJournalState>(
    from: Json,
    name: Name,
    fits: (value: unknown) => boolean,
  ): Pick<NightJournalState, Name> | undefined {
    const value = from[name];
    if (value === undefined) return undefined;
    if (fits(value)) return { [name]: value } as unknown as Pick<NightJournalState, Name>;
    this.isWhole = false;
    return undefined;
  }
}

/** Whether a value is a copy of this practice that waits in the spool, and names no file outside of it. */
export function isPendingCopy(value: unknown, practiceId: string): value is PendingCopy {
  if (!isObject(value)) return false;
  const { destination, file, copy, spoiled, byHand } = value;
  return (
    (destination === 'hq' || destination === 'local') &&
    isCopy(copy, practiceId) &&
    file === `${copy.archiveId}.tar.age` &&
    (spoiled === undefined ||
      (isObject(spoiled) && isCount(spoiled['nights']) && isNight(spoiled['night']))) &&
    isOptionalFlag(byHand)
  );
}

function isCopy(value: unknown, practiceId: string): value is CopyReport {
  if (!isObject(value)) return false;
  const { archiveId, key, night, scope, bytes, sha256, tables, rows, plainBytes, leftOut } = value;
  return (
    typeof archiveId === 'string' &&
    /^[0-9a-f]{32}$/.test(archiveId) &&
    isNight(night) &&
    key === archiveKeyOf({ practiceId, night, archiveId }) &&
    (scope === 'critical' || scope === 'full') &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    [bytes, tables, rows, plainBytes].every(isCount) &&
    Array.isArray(leftOut) &&
    leftOut.every(isObject)
  );
}

function isVerifiedCopy(value: unknown, practiceId: string): value is VerifiedCopy {
  if (!isObject(value)) return false;
  const { key, night, verifiedAt, store, byHand } = value;
  return (
    isText(key) &&
    key.startsWith(`${practiceId}/`) &&
    isNight(night) &&
    isTime(verifiedAt) &&
    (store === undefined || isText(store)) &&
    isOptionalFlag(byHand) &&
    hasNoteFacts(value)
  );
}

function isFailed(value: unknown): value is NonNullable<NightJournalState['failed']['hq']> {
  return isObject(value) && isCount(value['count']) && isNight(value['night']) && isText(value['code']);
}

function isLost(value: unknown): boolean {
  return isObject(value) && isNight(value['night']) && isNight(value['since']) && isText(value['code']);
}

function isAttempt(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { night, count, startedAt, endedAt, settled } = value;
  return (
    isNight(night) &&
    isCount(count) &&
    (startedAt === undefined || isTime(startedAt)) &&
    isTime(endedAt) &&
    (settled === undefined ||
      (Array.isArray(settled) && settled.every((each) => destinations.includes(each))))
  );
}

function isSettings(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { status, networkPath } = value;
  const isStatus = status === 'disabled' || status === 'disabled-by-hq' || status === 'enabled';
  return isStatus && isText(networkPath);
}

function isRehearsal(value: unknown): boolean {
  return (
    isObject(value) && isNight(value['night']) && (value['failure'] === undefined || isText(value['failure']))
  );
}

function isRecordOf(value: unknown, names: readonly string[], fits: (value: unknown) => boolean): boolean {
  return isObject(value) && Object.entries(value).every(([name, each]) => names.includes(name) && fits(each));
}

function isText(value: unknown): value is string {
  return isTextUpTo(value, longestText);
}

function isOptionalFlag(value: unknown): boolean {
  return value === undefined || typeof value === 'boolean';
}

function isNight(value: unknown): value is string {
  return typeof value === 'string' && value.length === 10 && isDate(value);
}

const isDate: (text: string) => boolean = remember((text) => {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const day = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}, 1000);

function isTime(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 40 && !Number.isNaN(Date.parse(value));
}
