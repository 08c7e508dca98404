import type { Destination } from '../../eligibility/is-eligible.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { provableAt, readSince, unprovenAt } from '../scrub/due-copies.js';
import type { DestinationReport } from './backup-report.js';
import type { NightContext } from './night-context.js';

/** The most unverified copies that a report names. */
const mostNamed = 20;

/** What a report says of the copies at a place, by the journal. */
export function copiesReported(
  { journal, night }: Pick<NightContext, 'journal' | 'night'>,
  destination: Destination,
  store: StorageAdapter | undefined,
): Pick<DestinationReport, 'lastVerifiedAt' | 'readSince' | 'troubles' | 'unproven'> {
  const lastVerifiedAt = journal.newestVerified(destination, night)?.verifiedAt;
  const { troubles = [], accepted } = journal.state.sequences?.[destination] ?? {};
  const copies = journal.state.verified[destination];
  const where = store?.description ?? '';
  const since = readSince(provableAt(copies, where, accepted));
  const unproven = unprovenAt(copies, where).slice(0, mostNamed);
  return {
    ...(lastVerifiedAt === undefined ? {} : { lastVerifiedAt }),
    ...(since === undefined ? {} : { readSince: since }),
    ...(unproven.length === 0 ? {} : { unproven }),
    ...(troubles.length === 0 ? {} : { troubles }),
  };
}
