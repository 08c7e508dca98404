/** The shape of a stored report. */
import { isOpenedPlace } from '../../admin/opening.js';
import { isConsistency, isDumpWarning, isLeftOut } from '../../archive/descriptions.js';
import { isIneligibilityReason } from '../../eligibility/is-eligible.js';
import { isErrorCode } from '../../error-advice.js';
import type { BackupErrorCode } from '../../errors.js';
import type { SequenceHead } from '../../history/note-body.js';
import {
  amount,
  count,
  either,
  flag,
  listOf,
  moment,
  objectOf,
  oneOf,
  optional,
  type Shape,
  sha256,
  text,
  textLike,
  textUpTo,
  where,
} from '../../shapes.js';
import { isNight } from '../nights.js';
import type { BackupReport, CopyReport, DestinationReport, ReportedChange } from './backup-report.js';

type Present<Of, Name extends keyof Of> = NonNullable<Of[Name]>;

/** A night, as an ISO date. */
export const night: Shape<string> = where(textUpTo(10), isNight);

/** Why something failed. */
export const failureCode: Shape<BackupErrorCode | 'unexpected'> = either(isErrorCode, oneOf('unexpected'));

/** Whether a value describes one archive. */
export const isCopyReport: Shape<CopyReport> = objectOf<CopyReport>({
  archiveId: textLike(/^[0-9a-f]{32}$/),
  key: text,
  night,
  scope: oneOf('critical', 'full'),
  bytes: count,
  sha256,
  recipient: optional(textUpTo(4000)),
  tables: count,
  rows: count,
  plainBytes: count,
  leftOut: listOf(isLeftOut),
  verifiedAt: optional(moment),
});

const destination = objectOf<DestinationReport>({
  destination: oneOf('hq', 'local'),
  outcome: oneOf('failed', 'not-due', 'not-eligible', 'verified', 'waiting'),
  store: optional(text),
  copy: optional(isCopyReport),
  caughtUp: listOf(isCopyReport),
  removed: listOf(text),
  error: optional(
    objectOf<Present<DestinationReport, 'error'>>({
      code: failureCode,
      message: text,
    }),
  ),
  ineligible: optional(listOf(isIneligibilityReason)),
  lastVerifiedAt: optional(text),
  head: optional(objectOf<SequenceHead>({ number: count, hash: sha256 })),
  readSince: optional(night),
  unproven: optional(listOf(text)),
  troubles: optional(listOf(text)),
});

const change = objectOf<ReportedChange>({
  what: oneOf('key-holder', 'network-path', 'recipient', 'status'),
  before: text,
  after: text,
});

/** Whether a value is a report of a night. */
export const isBackupReport: Shape<BackupReport> = objectOf<BackupReport>({
  reportVersion: oneOf(1),
  practiceId: text,
  night: text,
  startedAt: text,
  finishedAt: text,
  outcome: oneOf('complete', 'failed', 'nothing-due', 'partial'),
  database: optional(objectOf<Present<BackupReport, 'database'>>({ name: text, server: text })),
  keyHolder: optional(
    objectOf<Present<BackupReport, 'keyHolder'>>({
      userNum: text,
      userName: text,
      unlock: oneOf('enrolled', 'none', 'stored-hash'),
    }),
  ),
  recoveryKits: optional(
    listOf(
      objectOf<Present<BackupReport, 'recoveryKits'>[number]>({ id: text, owner: text, createdAt: text }),
    ),
  ),
  opening: optional(
    objectOf<Present<BackupReport, 'opening'>>({
      userNum: text,
      userName: text,
      lastOpenedAt: text,
      places: listOf(isOpenedPlace),
    }),
  ),
  openingFindings: optional(listOf(text)),
  consistency: optional(isConsistency),
  lockSeconds: optional(amount),
  readSeconds: optional(amount),
  destinations: listOf(destination, 2),
  changes: optional(listOf(change)),
  unchangedSince: optional(night),
  signedWith: optional(text),
  looksLikeLoss: optional(listOf(text)),
  warnings: listOf(isDumpWarning),
  rehearsal: optional(objectOf<Present<BackupReport, 'rehearsal'>>({ ok: flag, summary: text })),
});
