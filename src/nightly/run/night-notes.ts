/** What a run writes into the journal and the settings, beside what each place writes itself. */
import type { Destination } from '../../eligibility/is-eligible.js';
import { isBackupError } from '../../errors.js';
import type { DumpWarning } from '../../model/parts.js';
import { areKeptAfter, watchReplaced } from '../origin/watch-loss.js';
import type { SettingsStore } from '../settings/settings.js';
import { settingsWithTimeout } from '../settings/settings-with-timeout.js';
import type { DestinationRun } from './destination-run.js';
import { codeOf, happenedOf } from './failure.js';
import type { FailedNights } from './journal-state.js';
import { kitsOfNight } from './known-kits.js';
import type { NightContext } from './night-context.js';
import { untold } from './night-journal.js';
import { madeLast } from './remembered-copies.js';
import type { SealedNight } from './seal-copies.js';

/** Warns that the journal was damaged, or lost while copies waited to be sent. */
export function tellLostJournal({ journal, spool, warn }: NightContext): void {
  const { untoldLoss, pending } = journal.state;
  if (untoldLoss === undefined) return;
  const nights = pending.map(({ copy }) => copy.night).join(', ');
  const what =
    untoldLoss === 'damaged'
      ? 'damaged. What could be read of it is kept, and the old file is beside it.'
      : 'gone.';
  warn({
    code: 'journal-damaged',
    message: `The journal in ${spool.folder} was ${what} ${
      nights === ''
        ? 'No sealed copy was waiting to be sent.'
        : `Sealed copies that wait to be sent were found again: ${nights}.`
    }`,
  });
}

/** Records the attempt before the work, so that a run that crashes the process counts as well. */
export async function noteAttempt({ journal, night }: NightContext, at: Date): Promise<void> {
  const last = madeLast(journal.state.verified.local)?.verifiedAt;
  await journal.update(({ lastAttempt }) => ({
    ...(last !== undefined && new Date(last) > at ? { datedAhead: last } : {}),
    lastAttempt: {
      night,
      count: lastAttempt?.night === night ? lastAttempt.count + 1 : 1,
      startedAt: at.toISOString(),
      endedAt: at.toISOString(),
    },
  }));
}

/** Records the end of a run, and where no copy may go. */
export function noteAttemptEnd(
  { journal, now }: NightContext,
  destinationRuns: readonly DestinationRun[],
): void {
  const endedAt = now().toISOString();
  const settled = destinationRuns.flatMap(({ destination, eligibility }) =>
    eligibility?.eligible === false ? [destination] : [],
  );
  journal.note(({ lastAttempt }) =>
    lastAttempt === undefined ? {} : { lastAttempt: { ...lastAttempt, endedAt, settled } },
  );
}

/**
 * A copy without a damaged table, without rows of it, or without routines and events that the server cannot
 * show still counts as the newest one; older ones are whole.
 */
export async function noteDamage(
  context: NightContext,
  destination: Destination,
  warnings: readonly DumpWarning[],
): Promise<void> {
  const { journal, night } = context;
  const said = (...codes: readonly string[]): string =>
    warnings
      .filter(({ code }) => codes.includes(code))
      .map((warning) => warning.message)
      .join(' ');
  const message = said('table-damaged');
  const lists = said('routines-unseen', 'events-unseen');
  await journal.update(
    ({
      incomplete: { [destination]: _, ...incomplete } = {},
      unseen: { [destination]: __, ...unseen } = {},
    }) => ({
      unseen: lists === '' ? unseen : { ...unseen, [destination]: lists },
      ...(message === ''
        ? { incomplete }
        : { incomplete: { ...incomplete, [destination]: message }, damage: { night, message } }),
    }),
  );
}

/** Advances the date that people see, only when the copy was read back and is whole. */
export async function advanceDate(
  context: NightContext,
  { destination, verifiedAt }: DestinationRun,
  dateFound: Date | null | undefined,
): Promise<void> {
  const { plan, journal, now, tools, callerSignal, warn } = context;
  if (destination !== 'local' || plan.settings === undefined) return;
  const owed = journal.state.dateOwed;
  const date = verifiedAt ?? (owed === undefined ? undefined : new Date(owed));
  if (date === undefined) return;
  try {
    const settings = settingsWithTimeout(plan.settings, tools.clock);
    // Another computer of the practice may have recorded a newer one since.
    const found = dateFound ?? date;
    const isOvertaken = verifiedAt === undefined && found > date && found <= now();
    if (!isOvertaken) {
      await watchDate(context, settings, dateFound);
      // Without the signal of the window: the copy is stored, also when the window has closed.
      await settings.recordLocalCopy(date, { signal: callerSignal });
    }
    if (owed !== undefined) journal.note(() => ({ dateOwed: undefined }));
  } catch (error) {
    await journal.update(() => ({ dateOwed: date.toISOString() }));
    warn({
      code: 'date-not-recorded',
      message: `The local copy is verified, but its date could not be written to the settings (${codeOf(error)}).`,
    });
  }
}

/** Whether the date that this run found is still there. One that another computer wrote may be a little older. */
async function watchDate(
  context: NightContext,
  settings: Pick<SettingsStore, 'read'>,
  dateFound: Date | null | undefined,
): Promise<void> {
  // One that is still to come is of a computer whose clock was ahead: once it is right, it writes the true one.
  if (dateFound === undefined || dateFound === null || dateFound > context.now()) return;
  const written = dateFound.toISOString();
  const { datedAhead, headsKept } = context.journal.state;
  if (written === datedAhead) return;
  if (areKeptAfter(written, headsKept, await headsFoundNow(context))) return;
  const { lastLocalCopy } = await settings.read({ signal: context.callerSignal });
  await watchReplaced(context, { written, found: lastLocalCopy?.toISOString() ?? null });
}

/** When the newest notes of this service were kept, as the database has it now; undefined where it is not known. */
async function headsFoundNow({ journal, heads, notary }: NightContext): Promise<string | null | undefined> {
  // Settings may be in a database that no copy has.
  if (journal.state.headsKept?.isSeen !== true) return undefined;
  const own = (await notary())?.trustedKeys[0];
  return own === undefined ? undefined : heads.keptAt(own);
}

/** Records which places got no copy, and for how many nights in a row. */
export function noteFailures(
  { journal, night }: NightContext,
  destinationRuns: readonly DestinationRun[],
): void {
  journal.note(({ failed }) => {
    const next = { ...failed };
    for (const { destination, isDue, isVerified, hasArrived, error } of destinationRuns) {
      if (isVerified || !isDue) delete next[destination];
      else {
        // A copy that arrived late ends the series of nights without one.
        const last = hasArrived ? undefined : failed[destination];
        next[destination] = withNight(last, night, codeOf(error));
      }
    }
    return { failed: next };
  });
  const damaged = destinationRuns.find(({ error }) => isBackupError(error, 'table-damaged'));
  if (damaged === undefined) return;
  journal.note(() => ({ damage: { night, message: happenedOf(damaged.error) } }));
}

/** Records at which places the older copies could not be checked, and for how many nights in a row. */
export function noteUnchecked(
  { journal, night }: NightContext,
  destinationRuns: readonly DestinationRun[],
): void {
  journal.note(({ unchecked }) => {
    const next = { ...unchecked };
    for (const { destination, uncheckedBy, eligibility } of destinationRuns) {
      if (uncheckedBy === null || eligibility?.eligible === false) delete next[destination];
      else if (uncheckedBy !== undefined) {
        next[destination] = withNight(next[destination], night, uncheckedBy);
      }
    }
    return { unchecked: next };
  });
}

/** Counts a night once, however many runs it has. */
function withNight(last: FailedNights | undefined, night: string, code: FailedNights['code']): FailedNights {
  return { count: (last?.count ?? 0) + (last?.night === night ? 0 : 1), night, code };
}

/** The journal is written first: notes that only the database knows show that the journal was rolled back. */
export async function keepHeads(context: NightContext): Promise<void> {
  const { journal, heads, notary, signal } = context;
  if (signal.aborted) return;
  const own = (await notary())?.trustedKeys[0];
  if (own === undefined) return;
  const { headsKept } = journal.state;
  const found = await headsFoundNow(context);
  if (headsKept !== undefined && found !== undefined) {
    await watchReplaced(context, { written: headsKept.at, found });
  }
  await journal.update();
  await heads.keep(own);
}

/** A new kit is reported even while an earlier one still is. */
export async function noteKits({ journal, night }: NightContext, { kits }: SealedNight): Promise<void> {
  if (kits === undefined) return;
  const { known, hasNew } = kitsOfNight(journal.state.kits ?? [], kits, night);
  await journal.update(({ alerts }) => ({
    kits: known,
    alerts: hasNew ? { ...alerts, 'recovery-kit-new': untold } : alerts,
  }));
}
