import { acquireGuard, type Guard } from './guard.js';
import { NightJournal } from './night-journal.js';
import type { NightPlan } from './night-plan.js';
import { Spool } from './spool.js';
import type { NightTools } from './tools.js';

/** Space that must stay free on the disk of the spool, in bytes. */
const defaultReserve: number = 1024 ** 3;

/** The spool of a practice with its journal, for one run alone. */
export interface Office {
  readonly spool: Spool;
  readonly journal: NightJournal;
  readonly guard: Guard;
}

/**
 * Opens the spool folder and its journal for one run.
 *
 * @throws BackupError `already-running`, `settings-invalid`, `storage-full` and others of the disk
 */
export async function openOffice(plan: NightPlan, night: string, _tools: NightTools): Promise<Office> {
  const spool = new Spool(plan.spool, plan.spoolReserveBytes ?? defaultReserve);
  await spool.prepare();
  const guard = await acquireGuard(spool.folder);
  try {
    return { spool, guard, journal: await NightJournal.open(spool, { practiceId: plan.practiceId, night }) };
  } catch (error) {
    await guard.release();
    throw error;
  }
}
