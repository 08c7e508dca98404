import { assertArgument } from '../arguments.js';
import { isBackupError } from '../errors.js';
import { replaceFile } from '../files/replace-file.js';
import { listBackups } from '../history/list-backups.js';
import { readFacts } from '../nightly/origin/facts-file.js';
import type { EvidenceOfNight, EvidencePlan } from '../nightly/run/evidence-plan.js';
import type { EvidenceRehearsal, EvidenceStore, EvidenceVersions } from './facts.js';
import { type KeptEvidence, readEvidence } from './read-evidence.js';
import { renderEvidence } from './render-evidence.js';

/** Options of {@link createEvidencePage}. */
export interface EvidencePageOptions {
  /** The file that every night replaces. Its folder must exist; everybody may read the file. */
  readonly path: string;
  /** Returns the last rehearsal of a restore; called every night. @defaultValue not known */
  readonly rehearsal?: (() => Promise<EvidenceRehearsal | undefined>) | undefined;
  /** Versions of the software, and the SHA-256 of its SBOM. @defaultValue not known */
  readonly versions?: EvidenceVersions | undefined;
}

/**
 * Writes the page of {@link renderEvidence} at the end of every night, as the `evidence` of a plan: from the
 * reports in the spool and the listings of the stores. The page says which stores could not be listed. It is
 * replaced in one step.
 *
 * @example
 * ```ts
 * const evidence = createEvidencePage({ path: `${spool}/evidence.html` });
 * await runSupplementalBackup({ ...plan, evidence });
 * ```
 */
export function createEvidencePage(options: EvidencePageOptions): EvidencePlan {
  assertArgument('options', options, 'object', { path: 'text', rehearsal: 'function?', versions: 'object?' });
  const { path, rehearsal, versions } = options;
  return {
    async write(night, { signal }) {
      const { report, asOf, retention } = night;
      const { reports, nights } = await kept(night, signal);
      const page = renderEvidence({
        practiceId: report.practiceId,
        asOf,
        reports: [report, ...reports],
        nights,
        ...(await listed(night, signal)),
        retention,
        rehearsal: await rehearsal?.(),
        versions,
      });
      signal.throwIfAborted();
      // Readable by all: it holds no patient data.
      await replaceFile(path, page, 0o644);
    },
  };
}

/** The reports in the spool; none on the first night. */
async function kept({ spool }: EvidenceOfNight, signal: AbortSignal): Promise<KeptEvidence> {
  try {
    return await readEvidence(spool, { signal });
  } catch (error) {
    if (!isBackupError(error, 'storage-not-found')) throw error;
    return { reports: [], nights: await readFacts(spool) };
  }
}

async function listed(
  { report: { practiceId }, stores: given, trustedKeys }: EvidenceOfNight,
  signal: AbortSignal,
): Promise<{ readonly stores: readonly EvidenceStore[]; readonly unlisted: readonly string[] }> {
  const stores: EvidenceStore[] = [];
  const unlisted: string[] = [];
  for (const { place, storage } of given) {
    try {
      const backups = await listBackups(storage, { practiceId, trustedKeys, signal });
      stores.push({ place, description: storage.description, backups });
    } catch (error) {
      signal.throwIfAborted();
      if (!isBackupError(error)) throw error;
      unlisted.push(place);
    }
  }
  return { stores, unlisted };
}
