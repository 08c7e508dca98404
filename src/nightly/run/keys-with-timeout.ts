import type { EnrollmentStore } from '../../admin/enrollment.js';
import { createFileKits, type KitStore } from '../../admin/kits/kit-store.js';
import { createFileEnrollments } from '../../admin/stores/file-enrollments.js';
import { BackupError } from '../../errors.js';
import type { Clock } from '../service/clock.js';
import { withTimeout } from '../service/timeout.js';
import type { NightPlan } from './night-plan.js';
import type { Spool } from './spool.js';

/** How long reading or storing the keys of an administrator may take, in milliseconds. */
const timeout = 15_000;

/** The store of enrolments for a night, with a timeout. */
export function keysWithTimeout(
  { keys }: Pick<NightPlan, 'keys'>,
  spool: Pick<Spool, 'pathOf'>,
  clock: Clock,
): EnrollmentStore {
  const store = keys?.store ?? createFileEnrollments({ path: spool.pathOf('keys.json') });
  const wait = <Result>(
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> => withTimeout(work, { clock, milliseconds: timeout, signal, tooLong });
  return {
    load: (userNum, call) => wait(call?.signal, (signal) => store.load(userNum, { signal })),
    save: (enrollment, call) => wait(call?.signal, (signal) => store.save(enrollment, { signal })),
    ...(store.discardUnreadable === undefined
      ? {}
      : {
          discardUnreadable: (userNum, call) =>
            wait(call?.signal, async (signal) => store.discardUnreadable!(userNum, { signal })),
        }),
  };
}

/** The store of recovery kits for a night, with a timeout. */
export function kitsWithTimeout(
  { keys }: Pick<NightPlan, 'keys'>,
  spool: Pick<Spool, 'pathOf'>,
  clock: Clock,
): Pick<KitStore, 'load'> {
  const store = keys?.kits ?? createFileKits({ path: spool.pathOf('kits.json') });
  return {
    load: (call) =>
      withTimeout((signal) => store.load({ signal }), {
        clock,
        milliseconds: timeout,
        signal: call?.signal,
        tooLong,
      }),
  };
}

function tooLong(): BackupError {
  return new BackupError(
    'database-unreachable',
    `The keys of the administrators could not be read or stored within ${timeout / 1000} seconds; they may be locked.`,
  );
}
