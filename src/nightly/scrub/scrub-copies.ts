import { assertArgument, assertOptions } from '../../arguments.js';
import { type Destination, explainEligibility } from '../../eligibility/is-eligible.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { loggerWithDiagnosis } from '../log/logger-with-diagnosis.js';
import { nightOf } from '../nights.js';
import type { BackupEvent } from '../run/events.js';
import { codeOf } from '../run/failure.js';
import type { NightJournalState } from '../run/journal-state.js';
import { knownPractice } from '../run/known-practice.js';
import { readJournal } from '../run/night-journal.js';
import { checkPlan, configuredDestinations, type NightPlan, scrubNightsOf } from '../run/night-plan.js';
import { machineTools, type NightTools } from '../run/tools.js';
import { withPlanRetries } from '../run/with-plan-retries.js';
import { deadlineOn, systemClock } from '../service/clock.js';
import { dueCopies, type ProvableCopy, provableAt, readSince } from './due-copies.js';
import { FindingsBook } from './findings-book.js';
import { describeFinding, type ReadCopy } from './read-finding.js';
import { longestSilence, scrubPlace } from './scrub-place.js';
import type { ScrubbedPlace, ScrubReport } from './scrub-report.js';

/** Options of {@link scrubCopies}. */
export interface ScrubOptions {
  /** When the reading must be over; the rest is read on the next night. @defaultValue `scrubMinutes` of the plan */
  readonly deadline?: Date | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called with what is read and what is found. */
  readonly onEvent?: ((event: BackupEvent) => void) | undefined;
}

/** What only the service and tests set. */
export interface ScrubTools extends NightTools {
  /** See {@link scrubPlace}. */
  readonly silence?: number;
  /** After so many bytes the progress is recorded. */
  readonly keepEvery?: number;
}

const defaultMinutes = 30;
const defaultKeepEvery = 64 * 1024 * 1024;

/**
 * Reads the copies whose turn it is and compares every byte with what was written, so that each is read
 * within four weeks. `startNightly` does this after each night's work; this function is for a host with its
 * own scheduler, after its run of the night. Findings are in the next report. A changed copy raises an alert
 * at once, and from then on no copy is removed until it is acknowledged.
 *
 * @param plan - as of the nights
 * @returns what was read; what a place did not give is read on the next night
 * @throws TypeError when the plan lacks something
 * @throws BackupError `settings-invalid`, `storage-full` and others of the spool's disk
 * @example
 * ```ts
 * await runSupplementalBackup(plan, { scheduled: true });
 * const { places } = await scrubCopies(plan);
 * ```
 */
export async function scrubCopies(plan: NightPlan, options: ScrubOptions = {}): Promise<ScrubReport> {
  checkPlan(plan);
  assertOptions(options);
  assertArgument('options.deadline', options.deadline, 'date?');
  const tools = machineTools(plan.now === undefined ? systemClock : { ...systemClock, now: plan.now });
  return scrubWith(plan, options, tools);
}

/** The same with given tools. */
export async function scrubWith(
  plan: NightPlan,
  options: ScrubOptions,
  tools: ScrubTools,
): Promise<ScrubReport> {
  const { clock, silence = longestSilence, keepEvery = defaultKeepEvery } = tools;
  options.signal?.throwIfAborted();
  const logger = loggerWithDiagnosis(plan.logger);
  const emit = (event: BackupEvent): void => options.onEvent?.(event);
  const night = nightOf(clock.now(), plan.timeZone);
  const places = placesIn(plan, await readJournal(plan.spool, plan.practiceId), night, tools);
  if (places.length === 0) return { night, places: [] };
  const minutes = plan.scrubMinutes ?? defaultMinutes;
  const end = options.deadline ?? new Date(clock.now().getTime() + minutes * 60_000);
  const deadline = deadlineOn(clock, end);
  const signal = AbortSignal.any([
    deadline.signal,
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  const book = new FindingsBook({ plan, night, clock, logger, signal, emit, keepEvery });
  try {
    const read = await Promise.all(
      places.map(async ({ destination, store: given, due }) => {
        const all: ReadCopy[] = [];
        const onRead = async (each: ReadCopy): Promise<void> => {
          all.push(each);
          const message = describeFinding(each.copy.key, each.found);
          if (message !== null) logger.warning(message, { destination, code: 'older-copy-wrong' });
          await book.add({ ...each, destination });
          if (message !== null) emit({ kind: 'warning', warning: { code: 'older-copy-wrong', message } });
        };
        let stopped: ScrubbedPlace['stopped'];
        try {
          const store = withPlanRetries(given, destination, { plan, emit, logger, tools });
          stopped = await scrubPlace(due, { store, signal, silence, onRead });
        } catch (error) {
          // A failure of the spool's disk or of a listener; the other place is still read.
          stopped = codeOf(error);
        }
        return { destination, store: given.description, due, all, stopped };
      }),
    );
    await book.close();
    options.signal?.throwIfAborted();
    const after = await readJournal(plan.spool, plan.practiceId);
    const told = read.map((each) => placeOf(each, after));
    for (const place of told) {
      const { destination, copies, bytes, left, readSince: since, stopped } = place;
      emit({ kind: 'copies-read', place });
      logger.info('Older copies were read again.', { destination, copies, bytes, since });
      if (left === 0) continue;
      logger.warning('Older copies that were due could not be read; they are next.', {
        destination,
        left,
        code: stopped,
      });
    }
    return { night, places: told };
  } finally {
    deadline.clear();
  }
}

interface PlaceToRead {
  readonly destination: Destination;
  readonly store: StorageAdapter;
  readonly due: readonly ProvableCopy[];
}

/** The places where copies are due, by the journal. */
function placesIn(
  plan: NightPlan,
  state: NightJournalState | null,
  night: string,
  tools: NightTools,
): readonly PlaceToRead[] {
  if (state === null) return [];
  const practice = knownPractice(plan, state.settings);
  const eligibility = explainEligibility(practice);
  const path = practice.networkPath?.trim() ?? '';
  return configuredDestinations(plan).flatMap((destination) => {
    const sequence = state.sequences?.[destination];
    if (sequence === undefined || scrubNightsOf(plan, destination) === null) return [];
    if (!eligibility[destination].eligible) return [];
    const store = plan[destination]?.storage ?? openedPath(path, tools);
    if (store === null) return [];
    const copies = provableAt(state.verified[destination], store.description, sequence.accepted);
    const due = dueCopies(copies, sequence, night);
    return due.length === 0 ? [] : [{ destination, store, due }];
  });
}

/** Null where it cannot be opened, which the next night reports. */
function openedPath(path: string, tools: NightTools): StorageAdapter | null {
  try {
    return path === '' ? null : tools.openPath(path);
  } catch {
    return null;
  }
}

interface ReadPlace {
  readonly destination: Destination;
  readonly store: string;
  readonly due: readonly ProvableCopy[];
  readonly all: readonly ReadCopy[];
  readonly stopped: ScrubbedPlace['stopped'];
}

function placeOf(
  { destination, store, due, all, stopped }: ReadPlace,
  state: NightJournalState | null,
): ScrubbedPlace {
  const read = all.filter(({ found }) => found !== 'unread').map(({ copy }) => copy);
  const accepted = state?.sequences?.[destination]?.accepted;
  const since = readSince(provableAt(state?.verified[destination] ?? [], store, accepted));
  return {
    destination,
    copies: read.length,
    bytes: read.reduce((sum, { bytes }) => sum + bytes, 0),
    left: due.length - read.length,
    ...(since === undefined ? {} : { readSince: since }),
    ...(stopped === undefined ? {} : { stopped }),
    found: all.flatMap((each) => describeFinding(each.copy.key, each.found) ?? []),
  };
}
