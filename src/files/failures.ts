import { BackupError, type BackupErrorCode, isBackupError } from '../errors.js';

const codes: Readonly<Record<string, readonly [BackupErrorCode, string]>> = {
  ENOSPC: ['storage-full', 'is full'],
  EDQUOT: ['storage-full', 'has no quota left'],
  EFBIG: ['storage-permanent', 'cannot hold a file of this size'],
  EACCES: ['destination-missing', 'does not let this user write or read'],
  EPERM: ['destination-missing', 'does not let this user write or read'],
  EROFS: ['destination-missing', 'can only be read'],
  ENOTDIR: ['destination-missing', 'is not a folder'],
  EEXIST: ['storage-permanent', 'has a folder or file in the way'],
  EISDIR: ['storage-permanent', 'has a folder where the copy should be'],
  ENAMETOOLONG: ['storage-permanent', 'cannot hold a name of this length'],
};

/**
 * The typed error for what a file system threw. What is not known to be permanent counts as transient: a
 * share that went away shows as EIO, ENOTCONN, ESTALE, UNKNOWN and many more.
 */
export function fileSystemFailure(thrown: unknown, description: string): unknown {
  if (isBackupError(thrown) || !(thrown instanceof Error) || !('code' in thrown)) return thrown;
  const systemCode = String(thrown.code);
  // Errors of the runtime (ERR_…) and aborts are no failures of the store.
  if (thrown.name === 'AbortError' || systemCode.startsWith('ERR_')) return thrown;
  const [code, sentence] =
    codes[systemCode] ?? (['storage-transient', 'does not answer as it should'] as const);
  return new BackupError(code, `The ${description} ${sentence} (${systemCode}).`, {
    cause: thrown,
    details: { systemCode },
  });
}

/** The code of the operating system, such as `ENOENT`; undefined for anything else. */
export function systemCodeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
}
