import type { ArchiveKeys } from '../../archive/index.js';
import { countTables, lossesOf } from '../../archive/salvage/losses.js';
import { surveyArchive } from '../../archive/salvage/survey.js';
import type { RangeSource } from '../../bytes.js';
import { BackupError, isBackupError } from '../../errors.js';

/** Adds the state of the tables to the error of a damaged archive. */
export async function withTables(
  error: BackupError,
  source: RangeSource,
  options: ArchiveKeys & { readonly signal?: AbortSignal | undefined },
): Promise<BackupError> {
  try {
    const survey = await surveyArchive(source, options);
    const { damaged, perhaps, whole } = countTables(survey.tables);
    const names = (tables: readonly { readonly name: string }[]): readonly string[] =>
      tables.map(({ name }) => name);
    // The first error says everything already.
    const isOfLabel = error.details['isLabelDamaged'] === true;
    return new BackupError(
      'archive-damaged',
      isOfLabel ? error.happened : (lossesOf(survey)?.headline ?? error.happened),
      {
        activity: 'read',
        cause: error,
        details: {
          ...error.details,
          absentTables: names(survey.absent),
          damagedTables: names([...damaged, ...perhaps]),
          wholeTables: names(whole),
        },
      },
    );
  } catch (surveyError) {
    options.signal?.throwIfAborted();
    // The survey could not open the archive either, so the first error is thrown.
    if (!isBackupError(surveyError)) throw surveyError;
    return error;
  }
}
