/** How openings are stored beside the keys, and read back. */
import { assertArgument, assertEach, assertOptions } from '../arguments.js';
import { isBackupError } from '../errors.js';
import type { Enrollment, EnrollmentStore } from './enrollment.js';
import { lastOpenedAt, type OpenedPlace, type Opening, type OpeningFinding } from './opening.js';
import { isEndorsedBy, isOpeningSignedBy } from './record-signature.js';
import type { AdminCandidate } from './resolve-last-admin.js';

/** When an administrator last opened the copies, and what was found. */
export interface AdminOpening {
  /** `userod.UserNum`, as decimal text. */
  readonly userNum: string;
  /** As it is shown at login. */
  readonly userName: string;
  /** When it was last tried; ISO 8601, UTC. */
  readonly at: string;
  /** When one of the copies was last opened; null unless the administrator's key signed it. */
  readonly lastOpenedAt: string | null;
  /** What was opened last, at each place. */
  readonly places: readonly OpenedPlace[];
  /** What was found when it was last tried. */
  readonly findings: readonly OpeningFinding[];
}

/**
 * When the administrators of today last opened the copies themselves, newest first. An opening counts only if
 * the administrator's key signed it; findings also count without.
 *
 * @param store - where their keys are kept
 * @param admins - those of today, see `readAdmins`; hidden ones do not count
 * @throws BackupError what the store throws
 * @example
 * ```ts
 * const [newest] = await readOpenings(enrollments, await readAdmins(connection));
 * console.log(newest?.userName, newest?.lastOpenedAt);
 * ```
 */
export async function readOpenings(
  store: EnrollmentStore,
  admins: readonly Pick<AdminCandidate, 'isHidden' | 'userName' | 'userNum'>[],
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<readonly AdminOpening[]> {
  assertArgument('store', store, 'object', { load: 'function' });
  assertEach('admins', admins, { userNum: 'text', userName: 'text', isHidden: 'boolean' });
  assertOptions(options);
  const openings: AdminOpening[] = [];
  for (const { userNum, userName } of admins.filter(({ isHidden }) => !isHidden)) {
    const record = await loadIfReadable(store, userNum, options.signal);
    const { opening } = record ?? {};
    if (record === null || opening === undefined) continue;
    const places = provenOpening(record)?.places ?? [];
    const { at, findings } = opening;
    openings.push({ userNum, userName, at, lastOpenedAt: lastOpenedAt({ places }), places, findings });
  }
  return openings.sort((a, b) => compare(b.lastOpenedAt ?? '', a.lastOpenedAt ?? ''));
}

/** The opening of a record, when a key of its holder signed it: the one of today, or one before it. */
export function provenOpening(record: Enrollment): Opening | null {
  const { opening, signer, endorsements = [], userNum } = record;
  if (opening === undefined || signer === undefined) return null;
  const earlier = endorsements.map((each) => each.signer).filter((each) => isEndorsedBy(record, each));
  return [signer, ...earlier].some((each) => isOpeningSignedBy(userNum, opening, each)) ? opening : null;
}

/** A record that cannot be read counts for nothing; the next login repairs it. */
async function loadIfReadable(
  store: EnrollmentStore,
  userNum: string,
  signal: AbortSignal | undefined,
): Promise<Enrollment | null> {
  try {
    return await store.load(userNum, { signal });
  } catch (error) {
    if (!isBackupError(error, 'settings-invalid')) throw error;
    return null;
  }
}

function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
