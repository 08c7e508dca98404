/** Which troubles stand after a run: a pure decision, so that each is raised once and cleared once. */
import type { Destination } from '../../eligibility/is-eligible.js';
import { type BackupErrorCode, errorExplanations } from '../../errors.js';
import { escapeControls } from '../../escape-controls.js';
import { nightsBetween } from '../nights.js';
import type { Alert, AlertCode } from './alert.js';
import type { DestinationStanding, Standing } from './standing.js';
import { type AlertThresholds, thresholdsOf } from './thresholds.js';

/** Mostly transient, so nobody is called on the first night. */
const passing: ReadonlySet<string> = new Set<BackupErrorCode>([
  'already-running',
  'database-connection-lost',
  'database-query-interrupted',
  'database-unreachable',
  'lock-not-granted',
  'schema-changed',
  'storage-transient',
  'window-closed',
]);

/** They concern reading the database or its keys, and so all destinations. */
const common: ReadonlySet<string> = new Set<BackupErrorCode>([
  'database-connection-lost',
  'database-query-failed',
  'database-query-interrupted',
  'database-unreachable',
  'dump-incomplete',
  'lock-not-granted',
  'privilege-missing',
  'schema-changed',
]);

/** The troubles that stand, each code at most once. */
export function standingTroubles(
  standing: Standing,
  given: AlertThresholds | 'strict' = {},
): readonly Alert[] {
  const thresholds = thresholdsOf(given);
  const alerts = new Map<AlertCode, Alert>();
  const add = (alert: Alert): void => {
    if (!alerts.has(alert.code)) alerts.set(alert.code, { ...alert, message: escapeControls(alert.message) });
  };
  for (const place of standing.destinations) {
    const { failure, incomplete, lost, unseen } = place;
    for (const alert of [
      failure === undefined ? null : failing(standing, place, failure, thresholds),
      incomplete === undefined ? null : notWhole(standing, incomplete),
      unseen === undefined ? null : notShown(standing, unseen),
      lost === undefined ? null : givenUp(standing, place, lost),
      staleness(standing, place, thresholds),
      unchecked(standing, place, thresholds),
    ]) {
      if (alert !== null) add(alert);
    }
  }
  if (standing.damage !== undefined && !alerts.has('copy-incomplete')) {
    add({
      code: 'table-damaged',
      cause: 'table-damaged',
      severity: 'high',
      practiceId: standing.practiceId,
      message: `${standing.damage} A server may repair such a table and lose rows, which later copies then lack. No older copy is removed for a month.`,
    });
  }
  if (standing.looksLikeLoss !== undefined) {
    add({
      code: 'looks-like-loss',
      cause: 'unexpected',
      severity: 'high',
      practiceId: standing.practiceId,
      message: `The database seems to have lost data. ${firstOf(standing.looksLikeLoss)} Tonight’s copy was made, and no older copy is removed until this is acknowledged. If the change was intended, acknowledge it. If not, stop working and call support.`,
    });
  }
  if (standing.history !== undefined) {
    const { sentences, count, places } = standing.history;
    add({
      code: 'history-broken',
      cause: 'verification-failed',
      severity: 'high',
      practiceId: standing.practiceId,
      message: `Older supplemental backups ${places.map((place) => inWords[place]).join(' and ')} were changed, or somebody else made one. ${firstOf(sentences, count)} Find out who can write there. When it is explained, acknowledge it.`,
    });
  }
  if (standing.keyUnproven !== undefined) {
    add({
      code: 'key-unproven',
      cause: 'settings-invalid',
      severity: 'high',
      practiceId: standing.practiceId,
      message: standing.keyUnproven,
    });
  }
  if (standing.newKits !== undefined && standing.newKits.length > 0) add(newKit(standing, standing.newKits));
  for (const alert of openingTroubles(standing, thresholds)) add(alert);
  if (standing.unrecordedOff === true) {
    add({
      code: 'switched-off-unrecorded',
      cause: 'settings-invalid',
      severity: 'high',
      practiceId: standing.practiceId,
      message:
        'Supplemental backups were switched off, and the audit trail of the practice does not say by whom. Earlier copies are not affected. If nobody in the office did it, switch them on again, and have the database checked.',
    });
  }
  if (standing.rehearsalFailed !== undefined) {
    add({
      code: 'rehearsal-failed',
      cause: 'restore-failed',
      severity: 'high',
      practiceId: standing.practiceId,
      message: `A rehearsed restore of the backup failed. ${standing.rehearsalFailed}`,
    });
  }
  return [...alerts.values()];
}

function openingTroubles(
  { practiceId, night, firstNight, openings }: Standing,
  { notOpenedNights = 60 }: AlertThresholds,
): readonly Alert[] {
  if (openings === undefined) return [];
  const { foreign, others, lastNight } = openings;
  const alerts: Alert[] = [];
  if (foreign.length > 0) {
    const message = firstOf(foreign);
    alerts.push({ code: 'recipient-not-ours', cause: 'wrong-key', severity: 'high', practiceId, message });
  }
  if (others.length > 0) {
    const message = firstOf(others);
    alerts.push({
      code: 'opening-failed',
      cause: 'verification-failed',
      severity: 'high',
      practiceId,
      message,
    });
  }
  const age = nightsBetween(lastNight ?? firstNight, night);
  if (age >= notOpenedNights) {
    const since =
      lastNight === undefined
        ? 'No administrator has ever opened a supplemental backup'
        : `An administrator last opened a supplemental backup on ${lastNight}`;
    alerts.push({
      code: 'not-opened-lately',
      cause: 'stale',
      severity: 'medium',
      practiceId,
      message: `${since}, ${age} nights ago. A login with a test, or "supplemental-backup prove", shows whether today's password opens them.`,
    });
  }
  return alerts;
}

/**
 * Alerts that stay if they were raised before: nothing shows that the trouble is over, though the failure of
 * this time may be too recent to raise one.
 */
export function notYetOver({
  destinations,
  openings,
}: Pick<Standing, 'destinations' | 'openings'>): ReadonlySet<AlertCode> {
  const codes = new Set<AlertCode>();
  if (openings === undefined) {
    for (const code of ['not-opened-lately', 'opening-failed', 'recipient-not-ours'] as const)
      codes.add(code);
  }
  for (const { destination, failure: trouble, unchecked: nights } of destinations) {
    if (nights !== undefined) codes.add('copies-unchecked');
    if (trouble === undefined) continue;
    if (trouble.lateCopyArrived !== true) codes.add(`${destination}-copy-failed`);
    // Nothing was read, so the administrator is not known either.
    if (!common.has(trouble.code)) continue;
    for (const code of ['admin-password-missing', 'backup-failed', 'no-usable-admin'] as const)
      codes.add(code);
  }
  return codes;
}

function newKit({ practiceId }: Standing, kits: NonNullable<Standing['newKits']>): Alert {
  const told = kits.map(
    ({ id, owner, createdAt }) => `Kit ${id} of ${createdAt.slice(0, 10)}, kept by ${owner}.`,
  );
  return {
    code: 'recovery-kit-new',
    cause: 'settings-invalid',
    severity: 'medium',
    practiceId,
    message: `Copies also open with a new recovery kit. ${firstOf(told)} If the office did not make it, somebody else added it to read the copies: revoke it with "supplemental-backup kit revoke", and find out who can write where kits are stored.`,
  };
}

function firstOf(sentences: readonly string[], count: number = sentences.length): string {
  const shown = sentences.slice(0, 5);
  const more = count - shown.length;
  return more > 0 ? `${shown.join(' ')} And ${more} more.` : shown.join(' ');
}

function notWhole({ practiceId }: Standing, told: string): Alert {
  return {
    code: 'copy-incomplete',
    cause: 'table-damaged',
    severity: 'high',
    practiceId,
    message: `The newest supplemental backup is incomplete. ${told} All other tables are in it, and no older copy is removed for a month. Have support repair the table, or restore it from an older copy.`,
  };
}

function notShown({ practiceId }: Standing, told: string): Alert {
  return {
    code: 'copy-incomplete',
    cause: 'dump-incomplete',
    severity: 'medium',
    practiceId,
    message: `The newest supplemental backup has all rows, but lacks other objects. ${told}`,
  };
}

function givenUp(
  { practiceId }: Standing,
  { destination }: DestinationStanding,
  { night, code }: NonNullable<DestinationStanding['lost']>,
): Alert {
  return {
    code: `${destination}-copy-lost`,
    cause: code,
    severity: 'medium',
    practiceId,
    destination,
    message: `The supplemental backup of ${night} ${inWords[destination]} was dropped: on several nights its store did not return what was sent. Copies of other nights are not affected. Have the store checked.`,
  };
}

function failing(
  { practiceId }: Standing,
  { destination }: DestinationStanding,
  trouble: NonNullable<DestinationStanding['failure']>,
  { passingNights = 3 }: AlertThresholds,
): Alert | null {
  // A damaged table has an alert of its own.
  if (trouble.code === 'table-damaged') return null;
  const { code, message, nights } = trouble;
  if (code === 'no-usable-admin') {
    return {
      code: trouble.passwordMissing === true ? 'admin-password-missing' : 'no-usable-admin',
      cause: code,
      severity: 'high',
      practiceId,
      message: `${message} ${errorExplanations[code].action}`,
    };
  }
  if (passing.has(code) && nights < passingNights) return null;
  const since = nights > 1 ? ` It has failed ${nights} nights in a row.` : '';
  if (common.has(code)) {
    return {
      code: 'backup-failed',
      cause: code,
      severity: 'high',
      practiceId,
      message: `The supplemental backup could not be made. ${message}${since}`,
    };
  }
  return {
    code: `${destination}-copy-failed`,
    cause: code,
    severity: destination === 'hq' ? 'medium' : 'high',
    practiceId,
    destination,
    message: `The supplemental backup ${inWords[destination]} could not be made. ${message}${since}`,
  };
}

function staleness(
  { practiceId, night, firstNight }: Standing,
  { destination, lastVerified, mayBeOff }: DestinationStanding,
  { hqStaleNights = 7, localStaleNights = 31 }: AlertThresholds,
): Alert | null {
  if (mayBeOff === true) return null;
  const age = nightsBetween(lastVerified ?? firstNight, night);
  if (age < (destination === 'hq' ? hqStaleNights : localStaleNights)) return null;
  const newest =
    lastVerified === undefined
      ? `There has never been a supplemental backup ${inWords[destination]}`
      : `The newest supplemental backup ${inWords[destination]} is of ${lastVerified}`;
  return {
    code: `${destination}-copy-stale`,
    cause: 'stale',
    severity: 'high',
    practiceId,
    destination,
    message: `${newest}, ${age} nights ago. The report of the last night says why. If that does not help, call support.`,
  };
}

function unchecked(
  { practiceId }: Standing,
  { destination, failure, unchecked: nights }: DestinationStanding,
  { passingNights = 3 }: AlertThresholds,
): Alert | null {
  // A place that takes no copy either has an alert for that.
  if (nights === undefined || nights.count < passingNights || failure !== undefined) return null;
  return {
    code: 'copies-unchecked',
    cause: nights.code,
    severity: 'medium',
    practiceId,
    destination,
    message: `The older copies ${inWords[destination]} could not be checked, or the notes of new ones not be stored, for ${nights.count} nights in a row (${nights.code}). New copies are made all the same, but nobody would notice if older ones were changed. Have the place, the rights there and the key that signs the notes checked.`,
  };
}

const inWords: Readonly<Record<Destination, string>> = {
  hq: 'at headquarters',
  local: 'on the network path of the practice',
};
