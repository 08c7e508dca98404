import { stat } from 'node:fs/promises';
import { BackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import { isStoreUrl } from '../store-url.js';

/**
 * Whether `--out` names a folder, in which the copy gets a generated name.
 *
 * @throws BackupError `destination-missing`: a missing folder may be a share that is not mounted, so it is not
 * created
 */
export async function meansFolder(out: string): Promise<boolean> {
  if (isStoreUrl(out)) return URL.canParse(out) && new URL(out).pathname.endsWith('/');
  const endsAsFolder = out.endsWith('/') || (out.endsWith('\\') && process.platform === 'win32');
  try {
    return (await stat(out)).isDirectory();
  } catch (error) {
    if (!endsAsFolder) return false;
    if (systemCodeOf(error) !== 'ENOENT') throw fileSystemFailure(error, `folder ${out}`);
    throw new BackupError('destination-missing', `There is no folder ${out}.`, { cause: error });
  }
}
