import { acquireGuard, type Guard } from './guard.js';
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
    if (journal.wasDamaged || journal.isNew) await findAgain(plan, spool, journal);
    return { spool, guard, journal };
  } catch (error) {
    await guard.release();
    throw error;
  }
}

/**
 * Takes up copies that waited to be sent when the journal was damaged or lost. Both are written at once: the next
 * process must find a complete journal, and the next night tells what happened.
 */
async function findAgain(
  { practiceId, logger }: PlanOfOffice,
  spool: Spool,
  journal: NightJournal,
): Promise<void> {
  const known = journal.state.pending;
  const found = (await spool.readTickets(practiceId)).filter(
    ({ file }) => !known.some((each) => each.file === file),
  );
  if (!journal.wasDamaged && found.length === 0) return;
  const pending = [...known, ...found].sort((a, b) => (a.copy.night < b.copy.night ? -1 : 1));
  await journal.update(() => ({ pending, untoldLoss: journal.wasDamaged ? 'damaged' : 'gone' }));
  if (found.length === 0) return;
  const nights = found.map(({ copy }) => copy.night).join(', ');
  logger?.warning('Sealed copies that wait to be sent were found again.', { nights });
}
