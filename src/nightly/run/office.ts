import { acquireGuard, type Guard } from './guard.js';
import type { PendingCopy } from './journal-state.js';
import { NightJournal } from './night-journal.js';
import type { NightPlan } from './night-plan.js';
import { Spool } from './spool.js';

/** Space that must stay free on the disk of the spool, in bytes. */
const defaultReserve: number = 1024 ** 3;

/** The spool of a practice with its journal, held by one run. */
export interface Office {
  readonly spool: Spool;
  readonly journal: NightJournal;
  readonly guard: Guard;
  /** Copies that waited to be sent when the journal was damaged or lost. */
  readonly foundAgain: readonly PendingCopy[];
}

/** The part of a plan that it needs. */
export type PlanOfOffice = Pick<NightPlan, 'logger' | 'practiceId' | 'spool' | 'spoolReserveBytes'>;

/**
 * Opens the spool folder and its journal for one run.
 *
 * @throws BackupError `already-running`, `settings-invalid`, `storage-full` and others of the disk
 */
export async function openOffice(plan: PlanOfOffice, night: string): Promise<Office> {
  const spool = new Spool(plan.spool, plan.spoolReserveBytes ?? defaultReserve);
  await spool.prepare();
  const guard = await acquireGuard(spool.folder);
  try {
    const journal = await NightJournal.open(spool, { practiceId: plan.practiceId, night });
    // At once, so that the next process finds a complete journal.
    const foundAgain = journal.wasDamaged || journal.isNew ? await findAgain(plan, spool, journal) : [];
    return { spool, guard, journal, foundAgain };
  } catch (error) {
    await guard.release();
    throw error;
  }
}

async function findAgain(
  { practiceId, logger }: PlanOfOffice,
  spool: Spool,
  journal: NightJournal,
): Promise<readonly PendingCopy[]> {
  const known = journal.state.pending;
  const found = (await spool.readTickets(practiceId)).filter(
    ({ file }) => !known.some((each) => each.file === file),
  );
  if (found.length === 0) return [];
  const pending = [...known, ...found].sort((a, b) => (a.copy.night < b.copy.night ? -1 : 1));
  await journal.update(() => ({ pending }));
  const nights = found.map(({ copy }) => copy.night).join(', ');
  logger?.warning('Sealed copies that wait to be sent were found again.', { nights });
  return found;
}
