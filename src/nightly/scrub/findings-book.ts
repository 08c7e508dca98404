import type { Destination } from '../../eligibility/is-eligible.js';
import { isBackupError } from '../../errors.js';
import { allAlerts } from '../alerts/alert.js';
import { sinkWithTimeout } from '../alerts/sink-with-timeout.js';
import { standingTroubles } from '../alerts/troubles.js';
import type { Logger } from '../log/logger.js';
import {
  countAt,
  historyStanding,
  mostAccepted,
  mostTroubles,
  type SequenceState,
  type StrangeFinding,
  subjectOf,
  subjectOfLoss,
  upTo,
} from '../origin/sequence.js';
import type { BackupEvent } from '../run/events.js';
import type { NightJournalState, VerifiedCopy } from '../run/journal-state.js';
import type { NightPlan } from '../run/night-plan.js';
import { openOffice } from '../run/office.js';
import { sendAlerts } from '../run/send-alerts.js';
import type { Clock } from '../service/clock.js';
import { describeFinding, type ReadCopy, unreadOn } from './read-finding.js';

/** A copy that was read, and where. */
export interface Finding extends ReadCopy {
  readonly destination: Destination;
}

/** How often to try to open the spool while a run holds it, and the pause in between, in milliseconds. */
const mostTries = 30;
const betweenTries = 60_000;

export interface BookTools {
  readonly plan: NightPlan;
  readonly night: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly emit: (event: BackupEvent) => void;
  /** After so many bytes the progress is recorded, so that a killed run continues there. */
  readonly keepEvery: number;
}

/**
 * Writes into the journal what was read. The spool is held only for that moment, so that hours of reading do
 * not stop a run.
 */
export class FindingsBook {
  readonly #around: BookTools;
  #findings: Finding[] = [];
  #bytes = 0;
  #keeping: Promise<unknown> = Promise.resolve();

  constructor(around: BookTools) {
    this.#around = around;
  }

  async add(finding: Finding): Promise<void> {
    this.#findings.push(finding);
    this.#bytes += finding.copy.bytes;
    if (finding.found === 'whole' && this.#bytes < this.#around.keepEvery) return;
    await this.#keep();
  }

  /** Records everything that is not recorded yet, also if it has to wait for another run. */
  async close(): Promise<void> {
    const { clock, signal, logger } = this.#around;
    for (let i = 0; i < mostTries && !(await this.#keep()); i += 1) {
      if (signal.aborted) break;
      await clock.sleep(betweenTries, signal);
    }
    if (this.#findings.length === 0) return;
    logger.warning('What was read of older copies could not be recorded. It is read again.', {
      copies: this.#findings.length,
    });
  }

  /** @returns false while another run holds the spool */
  async #keep(): Promise<boolean> {
    const next = this.#keeping.then(() => this.#write());
    this.#keeping = next.catch(() => undefined);
    return next;
  }

  async #write(): Promise<boolean> {
    const { plan, night } = this.#around;
    // The other place may add to it meanwhile.
    const findings = [...this.#findings];
    if (findings.length === 0) return true;
    try {
      const { journal, guard } = await openOffice(plan, night);
      try {
        await journal.update((state) => withFindings(state, findings, night));
        this.#findings = this.#findings.slice(findings.length);
        this.#bytes = 0;
        const isWrong = findings.some(({ found }) => found === 'spoiled' || found === 'note-changed');
        if (isWrong) await this.#alert(journal);
      } finally {
        await guard.release();
      }
      return true;
    } catch (error) {
      if (isBackupError(error, 'already-running')) return false;
      throw error;
    }
  }

  /** At once, because the next report is a day away. */
  async #alert(journal: Parameters<typeof sendAlerts>[2]['journal']): Promise<void> {
    const { plan, night, clock, logger, emit } = this.#around;
    const { firstNight, sequences } = journal.state;
    if (plan.alerts === undefined) return;
    const facts = {
      practiceId: plan.practiceId,
      night,
      firstNight,
      destinations: [],
      ...historyStanding(sequences),
    };
    const standing = standingTroubles(facts, plan.alertThresholds).filter(
      ({ code }) => code === 'history-broken',
    );
    const sink = sinkWithTimeout(plan.alerts, { clock });
    await sendAlerts(standing, allAlerts, { sink, journal, logger, emit });
  }
}

function withFindings(
  { verified, sequences }: NightJournalState,
  findings: readonly Finding[],
  night: string,
): Partial<NightJournalState> {
  const changed = { verified: { ...verified }, sequences: { ...sequences } };
  for (const destination of ['hq', 'local'] as const) {
    const here = findings.filter((each) => each.destination === destination);
    const sequence = changed.sequences[destination];
    if (here.length === 0 || sequence === undefined) continue;
    const byKey = new Map(here.map((each) => [each.copy.key, each]));
    changed.verified[destination] = verified[destination].map((copy) => {
      const finding = byKey.get(copy.key);
      return finding === undefined || copy.state !== undefined ? copy : readCopy(copy, finding, night);
    });
    changed.sequences[destination] = withTroubles(sequence, here);
  }
  return changed;
}

function readCopy(before: VerifiedCopy, { found }: Finding, night: string): VerifiedCopy {
  const { unread: _, ...copy } = before;
  switch (found) {
    case 'whole':
      return { ...copy, readAt: night };
    case 'note-changed':
      // So that every night checks it, until it is acknowledged.
      return { ...copy, readAt: night, noteSeen: 'changed' };
    case 'spoiled':
      return { ...copy, state: 'spoiled' };
    case 'unread':
      return unreadOn(night, before);
  }
}

function withTroubles(sequence: SequenceState, findings: readonly Finding[]): SequenceState {
  const { credit = 0, troubles = [], about = [], lost = [], untold = [], told = [], strange = [] } = sequence;
  const read = findings.filter(({ found }) => found !== 'unread');
  const bytes = read.reduce((sum, { copy }) => sum + copy.bytes, 0);
  const wrong = read.filter(({ found }) => found !== 'whole');
  const spoiled = wrong.filter(({ found }) => found === 'spoiled').map(({ copy }) => copy.key);
  const left = { ...sequence, credit: Math.max(0, credit - bytes) };
  if (wrong.length === 0) return left;
  const subjects = wrong.map(({ copy, found }) =>
    found === 'spoiled' ? subjectOfLoss(copy.key) : subjectOf(copy.key),
  );
  const sentences = wrong.map((each) => describeFinding(each.copy.key, each.found)!);
  const isChanged = wrong.flatMap(({ copy: { key, store }, found }): readonly StrangeFinding[] => {
    if (found !== 'note-changed' || store === undefined) return [];
    return [{ store, name: key, subject: subjectOf(key), sentence: describeFinding(key, found)! }];
  });
  return {
    ...left,
    // The newest first: the list is short, and earlier ones were reported.
    troubles: [...sentences, ...troubles].slice(0, mostTroubles),
    found: countAt(sequence) + wrong.length,
    about: [...wrong.map(({ copy }) => copy.key), ...about].slice(0, mostAccepted),
    untold: upTo(mostAccepted, [...subjects.filter((each) => !told.includes(each)), ...untold]),
    lost: [...spoiled, ...lost].slice(0, mostAccepted),
    strange: [...isChanged, ...strange].slice(0, mostTroubles),
    ...(spoiled.length === 0 ? {} : { isBroken: true }),
  };
}
