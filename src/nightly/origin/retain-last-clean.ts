import type { Destination } from '../../eligibility/is-eligible.js';
import { noteKeyOf } from '../../history/note-body.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { codeOf } from '../run/failure.js';
import type { NightContext } from '../run/night-context.js';

/** How many days the last clean copy is locked, from each night with signs of loss. */
const retainedDays = 60;

/**
 * While data seems to be lost, the store itself keeps the last clean copy, if it can, so that nobody can
 * delete it.
 */
export async function retainLastClean(
  destination: Destination,
  store: StorageAdapter,
  { journal, now, signal, warn }: Pick<NightContext, 'journal' | 'now' | 'signal' | 'warn'>,
): Promise<void> {
  const key = journal.state.loss?.lastClean[destination];
  if (key === undefined || store.retainUntil === undefined) return;
  const until = new Date(now().getTime() + retainedDays * 24 * 60 * 60 * 1000);
  try {
    await store.retainUntil(key, until, { signal });
    await store.retainUntil(noteKeyOf(key)!, until, { signal });
  } catch (error) {
    signal.throwIfAborted();
    const message = `The last copy from before the signs of loss could not be locked in ${store.description} (${codeOf(error)}). It is still there, and this service does not remove it.`;
    warn({ code: 'last-clean-not-locked', message });
  }
}
