import { randomBytes } from 'node:crypto';
import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import type { DumpWarning } from '../../model/parts.js';
import { defaultRetention, planRetention, type RetentionPolicy, sixYears } from '../../nightly/retention.js';
import { type Pruning, prune } from '../../nightly/run/prune.js';
import type { CommandLine } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { timeZoneHere } from '../wording/local-time.js';
import type { NamedPlace } from './named-place.js';

const periods = ['daily', 'weekly', 'monthly', 'yearly'] as const;
const shape =
  'default, six-years, or four spans such as 3d,6m,1y,3y: of the newest of each day, week, month and year';

/**
 * What `--keep` says: how long the newest copy of each day, week, month and year is kept.
 *
 * @throws UsageError
 */
export function readKeepOption(text: string | undefined): RetentionPolicy | null {
  if (text === undefined) return null;
  if (text === 'default') return defaultRetention;
  if (text === 'six-years') return sixYears;
  const spans = text.split(',').map((span) => span.trim().replace(/^P/i, '').toUpperCase());
  if (spans.length !== periods.length || !spans.every((span) => /^[1-9]\d{0,3}[DWMY]$/.test(span))) {
    throw new UsageError(`--keep is ${shape}; not "${text}".`);
  }
  const policy = Object.fromEntries(periods.map((period, index) => [period, `P${spans[index]}`]));
  planRetention([], { now: new Date(), timeZone: 'UTC', policy });
  return policy;
}

/** What was removed, and what could not be. */
export interface Kept {
  readonly removed: readonly string[];
  readonly warnings: readonly DumpWarning[];
  /** It was stopped before it had checked all copies. */
  readonly isStopped: boolean;
}

/**
 * Removes older copies that the policy does not keep, by the rule of the nights: never the copy that was just
 * read back, never the last one that a current administrator can open, and only archives of this practice.
 */
export async function keepOnly(
  policy: RetentionPolicy,
  {
    place,
    copy,
    admins,
  }: {
    readonly place: NamedPlace;
    readonly copy: Pruning['readBack'];
    readonly admins: readonly AdminCandidate[];
  },
  { signal, now = () => new Date() }: Pick<CommandLine, 'now' | 'signal'>,
): Promise<Kept> {
  const { store, practiceId, night } = place;
  const removed: string[] = [];
  const verifiedAt = now().toISOString();
  const pruned = prune({
    store,
    practiceId,
    night,
    policy,
    admins,
    signal,
    timeZone: timeZoneHere(),
    now: now(),
    readBack: copy,
    verified: [{ key: copy.key, night, verifiedAt }],
    machine: randomBytes(16).toString('hex'),
    onGoing: async () => undefined,
    onRemoved: async (key) => {
      removed.push(key);
    },
  });
  try {
    return { removed, warnings: await pruned, isStopped: false };
  } catch (error) {
    if (!signal.aborted) throw error;
    const message =
      'Stopped. The new copy is complete and was read back. Some older copies were not checked; the next backup does that.';
    return { removed, warnings: [{ code: 'interrupted', message }], isStopped: true };
  }
}
