import { describeFinding, type OpeningFindingCode } from '../../admin/opening.js';
import { type AdminOpening, readOpenings } from '../../admin/record-opening.js';
import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import type { OpeningStanding } from '../alerts/standing.js';
import { nightOf } from '../nights.js';
import type { BackupReport } from './backup-report.js';
import { codeOf } from './failure.js';
import type { NightContext } from './night-context.js';

/** What the current administrators found when they opened the copies. */
export interface KnownOpening {
  readonly standing: OpeningStanding;
  readonly facts: Pick<BackupReport, 'opening' | 'openingFindings'>;
}

/** Findings that a key is not the administrator's. */
const foreign: ReadonlySet<OpeningFindingCode> = new Set<OpeningFindingCode>([
  'recipient-not-ours',
  'record-not-ours',
]);

/** The stored openings; undefined when they cannot be read tonight, which does not fail the night. */
export async function readOpening(
  { plan, keys, signal, logger }: Pick<NightContext, 'keys' | 'logger' | 'plan' | 'signal'>,
  admins: readonly AdminCandidate[],
): Promise<KnownOpening | undefined> {
  try {
    return known(await readOpenings(keys, admins, { signal }), plan.timeZone);
  } catch (error) {
    logger.warning('Who opened the copies could not be read.', { code: codeOf(error) });
    return undefined;
  }
}

function known(openings: readonly AdminOpening[], timeZone: string): KnownOpening {
  const sentences = (isForeign: boolean): readonly string[] =>
    openings.flatMap(({ findings, userName }) =>
      findings
        .filter(({ code }) => foreign.has(code) === isForeign)
        .map((finding) => describeFinding(finding, userName)),
    );
  const standing = { foreign: sentences(true), others: sentences(false) };
  const openingFindings = [...standing.foreign, ...standing.others];
  const found = openingFindings.length === 0 ? {} : { openingFindings };
  const [newest] = openings;
  if (newest?.lastOpenedAt == null) return { standing, facts: found };
  const { userNum, userName, lastOpenedAt, places } = newest;
  const lastNight = nightOf(new Date(lastOpenedAt), timeZone);
  return {
    standing: { ...standing, lastNight },
    facts: { opening: { userNum, userName, lastOpenedAt, places }, ...found },
  };
}
