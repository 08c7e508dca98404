import { explainEligibility } from '../../eligibility/is-eligible.js';
import { allAlerts } from '../alerts/alert.js';
import { sinkWithTimeout } from '../alerts/sink-with-timeout.js';
import { standingTroubles } from '../alerts/troubles.js';
import { silentLogger } from '../log/logger.js';
import { dueOn } from '../next-run.js';
import { settingsWithTimeout } from '../settings/settings-with-timeout.js';
import type { NightSchedule } from '../window.js';
import type { BackupEvent } from './events.js';
import type { NightJournalState } from './journal-state.js';
import { eligibilityByOldSettings, type KnownSettings, knownPractice } from './known-practice.js';
import { localStoreAt } from './local-store.js';
import { historyOf, readJournal } from './night-journal.js';
import { configuredDestinations, type NightPlan } from './night-plan.js';
import { openOffice } from './office.js';
import { delivered, sendAlerts } from './send-alerts.js';
import type { NightTools } from './tools.js';

/** The facts to judge a past night by. */
export interface Watch {
  readonly plan: NightPlan;
  /** Date of the night, whose window is over. */
  readonly night: string;
  /** Of the present moment. */
  readonly tonight: string;
  readonly schedule: NightSchedule;
  readonly tools: NightTools;
  readonly signal: AbortSignal;
  readonly emit: (event: BackupEvent) => void;
}

/**
 * Judges a night without a run: nothing was due, or the computer was off or asleep. Copies that are too old
 * are reported then as well, and sinks that expect a nightly signal get one, a bad one if a copy was due.
 */
export async function watchNight(watch: Watch): Promise<void> {
  const { plan, night, schedule, tools, signal, emit } = watch;
  const { practiceId, logger = silentLogger } = plan;
  // Nearly every night had its run: checking that needs no guard, and writes nothing.
  const known = await readJournal(plan.spool, practiceId);
  if (known !== null && isKnown(known, watch)) return;
  const settings = await settingsNow(watch);
  const { journal, guard } = await openOffice(plan, watch.tonight);
  try {
    const { firstNight } = journal.state;
    if (isKnown(journal.state, watch) || night < firstNight) return;
    const practice = knownPractice(plan, settings ?? journal.state.settings);
    const places = configuredDestinations(plan);
    const isUnread = plan.settings !== undefined && settings === undefined;
    const eligibility = isUnread ? eligibilityByOldSettings(practice, places) : explainEligibility(practice);
    const wanted = places.filter((each) => eligibility[each]?.eligible !== false);
    const at = { night, now: tools.clock.now(), localStore: storeBy(practice, watch) };
    const due = dueOn(night, schedule, historyOf(journal.state, at), wanted);
    // Where it is not known whether copies are wanted, none is too old.
    const eligible = places.filter((each) => eligibility[each]?.eligible === true);
    const destinations = eligible.map((destination) => {
      const lastVerified = journal.newestVerified(destination, night)?.night;
      return { destination, ...(lastVerified === undefined ? {} : { lastVerified }) };
    });
    const stale = standingTroubles({ practiceId, night, firstNight, destinations }, plan.alertThresholds);
    logger.info('A night passed without a run.', { night, due: due.join() });
    if (plan.alerts !== undefined) {
      const sink = sinkWithTimeout(plan.alerts, { clock: tools.clock, signal });
      // Nothing was tried, so nothing is known to be over.
      await sendAlerts(stale, allAlerts, { sink, journal, logger, emit });
      const summary =
        due.length === 0
          ? `Supplemental backup of practice ${practiceId}, night of ${night}: nothing was to be done.`
          : `Supplemental backup of practice ${practiceId}, night of ${night}: NO RUN COULD BE STARTED. The computer was off or asleep.`;
      const outcome = { practiceId, night, ok: due.length === 0, summary };
      await delivered(() => sink.nightEnded?.(outcome), 'night ended', logger);
    }
    await journal.update(() => ({ watched: night }));
  } finally {
    await guard.release();
  }
}

/** A computer that was off for long does not know whether backups were switched on or off meanwhile. */
async function settingsNow({ plan, tools, signal }: Watch): Promise<KnownSettings | undefined> {
  if (plan.settings === undefined) return undefined;
  try {
    const { networkPath, status } = await settingsWithTimeout(plan.settings, tools.clock).read({ signal });
    return { networkPath, status };
  } catch {
    signal.throwIfAborted();
    // The next run reports settings that cannot be read.
    return undefined;
  }
}

/** Where local copies go: a new place has none yet. Undefined where it cannot be opened, which the next run tells. */
function storeBy({ networkPath }: NightPlan['practice'], { plan, tools }: Watch): string | undefined {
  try {
    return localStoreAt(plan, networkPath, tools);
  } catch {
    return undefined;
  }
}

/**
 * Whether there was a run on the night or later, or the night was reported. A night in the future was known
 * under a wrong clock.
 */
function isKnown(
  { lastAttempt, watched }: NightJournalState,
  { night, tonight }: Pick<Watch, 'night' | 'tonight'>,
): boolean {
  return [lastAttempt?.night, watched].some(
    (known) => known !== undefined && known >= night && known <= tonight,
  );
}
