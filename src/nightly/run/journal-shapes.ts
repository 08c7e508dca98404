/** The shapes of the entries of a journal. */
import { isPinnedKey } from '../../admin/pinned-key.js';
import { archiveKeyOf } from '../../history/note-body.js';
import {
  count,
  flag,
  listOf,
  moment,
  objectOf,
  oneOf,
  optional,
  type Shape,
  sha256,
  someOf,
  text,
  textUpTo,
  where,
} from '../../shapes.js';
import { alertCodes } from '../alerts/alert.js';
import { isKnownSchedule } from '../known-schedule.js';
import {
  isAcknowledgement,
  isAnnouncedPurge,
  isStandingLoss,
  mostAcknowledgements,
  mostAnnouncements,
} from '../origin/loss-state.js';
import { isSequence } from '../origin/sequence.js';
import type {
  FailedNights,
  LostCopy,
  NightJournalState,
  PendingCopy,
  VerifiedCopy,
} from './journal-state.js';
import { areKnownKits } from './known-kits.js';
import { failureCode, isCopyReport, night } from './report-shape.js';

/** How many key holders are remembered, the latest ones. */
export const rememberedPins = 20;

/** The longest text in a journal, in characters. */
const words = textUpTo(4000);

const destination = oneOf('hq', 'local');
const scope = oneOf('critical', 'full');

/** A copy of this practice that waits in the spool, and names no file outside of it. */
export function pendingCopyOf(practiceId: string): Shape<PendingCopy> {
  const copy = where(
    isCopyReport,
    ({ key, night, archiveId }) => key === archiveKeyOf({ practiceId, night, archiveId }),
  );
  return where(
    objectOf<PendingCopy>({
      destination,
      copy,
      file: text,
      spoiled: optional(objectOf({ nights: count, night })),
      byHand: optional(flag),
    }),
    ({ file, copy }) => file === `${copy.archiveId}.tar.age`,
  );
}

/** An archive of this practice that was verified. */
export function verifiedCopyOf(practiceId: string): Shape<VerifiedCopy> {
  return objectOf<VerifiedCopy>({
    key: where(words, (key) => key.startsWith(`${practiceId}/`)),
    night,
    verifiedAt: moment,
    store: optional(words),
    byHand: optional(flag),
    bytes: optional(count),
    sha256: optional(sha256),
    scope: optional(scope),
    recipient: optional(textUpTo(4004)),
    number: optional(count),
    note: optional(sha256),
    state: optional(oneOf('going', 'gone', 'spoiled')),
    seen: optional(textUpTo(300)),
    noteSeen: optional(textUpTo(12)),
    readAt: optional(textUpTo(10)),
    unread: optional(objectOf({ nights: count, night })),
    missing: optional(night),
  });
}

/** Nights in a row on which something failed at one destination. */
export const failedNights: Shape<FailedNights> = objectOf<FailedNights>({ count, night, code: failureCode });

/** The cause of an alert. */
export const cause: Shape<string> = words;
export const alertNames: readonly (keyof typeof alertCodes)[] = Object.values(alertCodes);

/** The required members of a journal. */
export const journalHead: Shape<Pick<NightJournalState, 'firstNight' | 'practiceId' | 'version'>> = objectOf({
  version: oneOf(1),
  practiceId: words,
  firstNight: night,
});

/** Names of the entries that may be absent. */
type MayBeAbsent = {
  [Name in keyof NightJournalState]-?: undefined extends NightJournalState[Name] ? Name : never;
}[keyof NightJournalState];

type Entry<Name extends MayBeAbsent> = NonNullable<NightJournalState[Name]>;

/** The entries that may be absent. */
export const journalEntries: { readonly [Name in MayBeAbsent]: Shape<NightJournalState[Name]> } = {
  untoldLoss: oneOf('damaged', 'gone'),
  firstNightBefore: night,
  lost: someOf(['hq', 'local'], objectOf<LostCopy>({ night, since: night, code: failureCode })),
  unchecked: someOf(['hq', 'local'], failedNights),
  lastAttempt: objectOf<Entry<'lastAttempt'>>({
    night,
    count,
    startedAt: optional(moment),
    endedAt: moment,
    settled: optional(listOf(destination, 2)),
  }),
  watched: night,
  dateOwed: moment,
  datedAhead: moment,
  dateLacking: objectOf<Entry<'dateLacking'>>({
    written: moment,
    found: optional(moment),
    isAcknowledged: optional(flag),
  }),
  headsKept: objectOf<Entry<'headsKept'>>({ at: moment, isSeen: optional(flag) }),
  settings: objectOf({ status: oneOf('disabled', 'disabled-by-hq', 'enabled'), networkPath: words }),
  damage: objectOf({ night, message: words }),
  incomplete: someOf(['hq', 'local'], words),
  unseen: someOf(['hq', 'local'], words),
  rehearsal: objectOf<Entry<'rehearsal'>>({ night, failure: optional(words) }),
  pins: listOf(isPinnedKey, rememberedPins),
  kits: areKnownKits,
  keyUnproven: words,
  remindedOff: night,
  unrecordedOff: oneOf(true),
  sequences: someOf(['hq', 'local'], isSequence),
  loss: isStandingLoss,
  acknowledged: listOf(isAcknowledgement, mostAcknowledgements),
  announced: listOf(isAnnouncedPurge, mostAnnouncements),
  schedule: isKnownSchedule,
};
