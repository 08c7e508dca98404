import { assertArgument } from '../../arguments.js';
import type { LossFinding } from '../../history/loss/findings.js';
import type { AlertCode } from '../alerts/alert.js';
import { nightOf } from '../nights.js';
import type { NightJournalState } from '../run/journal-state.js';
import type { NightPlan } from '../run/night-plan.js';
import { openOffice } from '../run/office.js';
import { madeLast } from '../run/remembered-copies.js';
import { restartFacts } from './facts-file.js';
import {
  type Acknowledgement,
  type AnnouncedPurge,
  mostAcknowledgements,
  mostAnnouncements,
  mostFindings,
} from './loss-state.js';
import { isBrokenAnywhere, mostAccepted, type SequenceState, troublesOf } from './sequence.js';

/** Where the service of a practice has its journal. */
export type OfficeOfPractice = Pick<NightPlan, 'now' | 'practiceId' | 'spool' | 'timeZone'>;

/**
 * Records that a person has reviewed signs of loss, or copies that are missing, changed or signed with an
 * unknown key, and found nothing wrong. Retention then removes copies again, and later nights are compared
 * with this one.
 *
 * @param plan - the practice; no run may be at work
 * @param options - `user`: who says so, a name or number that the practice knows. It is kept with the time
 * @returns what was acknowledged; null when nothing stands
 * @throws BackupError `already-running`, `settings-invalid` and others of the disk
 * @example
 * ```ts
 * const seen = await acknowledgeFindings(plan, { user: 'Admin' });
 * console.log(seen?.findings ?? 'nothing stands');
 * ```
 */
export async function acknowledgeFindings(
  plan: OfficeOfPractice,
  options: { readonly user: string },
): Promise<Acknowledgement | null> {
  assertOffice(plan);
  assertArgument('options', options, 'object', { user: 'text' });
  const { user } = options;
  assertUser(user);
  const now = (plan.now ?? (() => new Date()))();
  const night = nightOf(now, plan.timeZone);
  const { journal, guard } = await openOffice(plan, night);
  try {
    const { loss, sequences } = journal.state;
    const findings = [...(loss?.findings ?? []), ...troublesOf(sequences)].slice(0, mostFindings);
    // A place may still be compared with what is lost, though no sentence stands any more.
    if (findings.length === 0 && !isBrokenAnywhere(sequences)) return null;
    const acknowledged: Acknowledgement = { at: now.toISOString(), user, findings };
    if (loss !== undefined) await restartFacts(plan.spool, night);
    const dateLacking = dateAccepted(journal.state);
    await journal.update(({ acknowledged: before = [], alerts, sequences: standing, headsKept }) => ({
      loss: undefined,
      ...(dateLacking === undefined ? {} : { dateLacking }),
      // A stopped replica that a person knows about must first be seen to follow again.
      ...(headsKept === undefined || loss === undefined ? {} : { headsKept: { at: headsKept.at } }),
      alerts: Object.fromEntries(
        Object.entries(alerts).map(([code, cause]) => [code, about.has(code) ? seenCause : cause]),
      ),
      acknowledged: [acknowledged, ...before].slice(0, mostAcknowledgements),
      ...(standing === undefined
        ? {}
        : {
            sequences: {
              ...(standing.hq === undefined ? {} : { hq: accepted(standing.hq) }),
              ...(standing.local === undefined ? {} : { local: accepted(standing.local) }),
            },
          }),
    }));
    return acknowledged;
  } finally {
    await guard.release();
  }
}

/** What was found lacking; and of a database that was turned back after it was read, whatever it has then. */
function dateAccepted({ dateLacking, loss, verified }: NightJournalState): NightJournalState['dateLacking'] {
  if (dateLacking !== undefined && dateLacking.isAcknowledged !== true)
    return { ...dateLacking, isAcknowledged: true };
  const written = madeLast(verified.local)?.verifiedAt;
  const isTurnedBack = loss?.about.includes('went-back' satisfies LossFinding['kind']) === true;
  return isTurnedBack && written !== undefined ? { written, isAcknowledged: true } : dateLacking;
}

/**
 * Announces that rows will be deleted, so that the night that finds it does not report a loss.
 *
 * @param purge - the tables, `*` for any, and the last night on which it may show
 * @throws TypeError, RangeError when something of it is none
 * @throws BackupError `already-running`, `settings-invalid` and others of the disk
 * @example
 * ```ts
 * await announcePurge(plan, { tables: ['commlog'], until: '2026-12-31', user: 'Admin' });
 * ```
 */
export async function announcePurge(
  plan: OfficeOfPractice,
  purge: { readonly tables: readonly string[]; readonly until: string; readonly user: string },
): Promise<void> {
  assertOffice(plan);
  assertArgument('purge', purge, 'object', { tables: 'array', until: 'text', user: 'text' });
  const { tables, until, user } = purge;
  assertUser(user);
  if (tables.length === 0 || tables.length > 1000)
    throw new RangeError('"tables" names no table, or too many');
  // What no server has as a name, no journal could keep.
  if (!tables.every((each: unknown) => typeof each === 'string' && each !== '' && each.length <= longestName))
    throw new RangeError('"tables" holds something that is no name of a table');
  if (!/^\d{4}-\d\d-\d\d$/.test(until)) throw new RangeError('"until" must be a date such as 2026-12-31');
  const now = (plan.now ?? (() => new Date()))();
  const night = nightOf(now, plan.timeZone);
  const { journal, guard } = await openOffice(plan, night);
  try {
    const announcement: AnnouncedPurge = { tables, until, user, at: now.toISOString() };
    await journal.update(({ announced = [] }) => ({
      announced: [announcement, ...announced.filter((each) => each.until >= night)].slice(
        0,
        mostAnnouncements,
      ),
    }));
  } finally {
    await guard.release();
  }
}

/** Of a table, in characters. See "Identifier Length Limits" in the manual of MySQL. */
const longestName = 64;

function assertOffice(plan: OfficeOfPractice): void {
  assertArgument('plan', plan, 'object', {
    practiceId: 'text',
    spool: 'text',
    timeZone: 'text',
    now: 'function?',
  });
}

function assertUser(user: string): void {
  if (user.trim() === '' || user.length > 200) throw new RangeError('"user" must be a name');
}

/** Alerts that an acknowledgement is about. */
const about: ReadonlySet<string> = new Set<AlertCode>(['history-broken', 'looks-like-loss']);

/** Their cause from then on: they stand until a night shows nothing more, and what it shows is raised anew. */
const seenCause = 'acknowledged';

/** What a person has acknowledged is not reported again. */
function accepted({ about = [], accepted: before = [], ...state }: SequenceState): SequenceState {
  const all = [...new Set([...about, ...before])].slice(0, mostAccepted);
  return {
    ...state,
    troubles: [],
    about: [],
    found: 0,
    untold: [],
    told: [],
    lasting: [],
    strange: [],
    elsewhere: undefined,
    isBroken: false,
    lost: [],
    accepted: all,
  };
}
