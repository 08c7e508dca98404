import { assertArgument } from '../arguments.js';
import { BackupError, type BackupErrorCode } from '../errors.js';

/**
 * The typed failure for an HTTP status that is not a success. Transient (`storage-transient`) are 408, 409,
 * 425, 429 and 500 and above.
 *
 * @param description - of the store, for the sentence; it must hold no secret
 * @example
 * ```ts
 * const response = new Response(null, { status: 503 });
 * const failure = storageFailureOfStatus(response.status, 'blobs at files.example');
 * console.log(failure.code, failure.message);
 * ```
 */
export function storageFailureOfStatus(status: number, description: string): BackupError {
  assertArgument('status', status, 'number');
  assertArgument('description', description, 'text');
  const [code, sentence] = verdictOf(status);
  return new BackupError(code, `The ${description} ${sentence} (${status}).`, { details: { status } });
}

/**
 * The typed failure, `storage-transient`, for a connection that could not be made or broke. Only the system's
 * error code of what `fetch` threw is included: messages and URLs may hold signatures and tokens.
 *
 * @param description - of the store, for the sentence; it must hold no secret
 * @example
 * ```ts
 * await fetch(hqUrl).catch((error: unknown) => {
 *   console.log(storageFailureOfConnection(error, 'blobs at files.example').code);
 * });
 * ```
 */
export function storageFailureOfConnection(error: unknown, description: string): BackupError {
  assertArgument('description', description, 'text');
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  const hasCode = cause instanceof Error && 'code' in cause && typeof cause.code === 'string';
  const reason = hasCode ? String(cause.code) : 'no answer';
  return new BackupError('storage-transient', `The connection to the ${description} broke (${reason}).`, {
    details: { reason },
  });
}

function verdictOf(status: number): readonly [BackupErrorCode, string] {
  if (status === 401 || status === 403)
    return ['storage-permanent', 'rejects the credentials or denies access'];
  if (status === 404 || status === 410) return ['storage-not-found', 'has no such object'];
  if (status === 412) return ['storage-exists', 'already has this object'];
  if (status === 413 || status === 507) return ['storage-full', 'has no room for it'];
  if (status === 408 || status === 409 || status === 425 || status === 429)
    return ['storage-transient', 'asks to try again later'];
  // 501, not implemented, is permanent.
  if (status >= 500 && status !== 501) return ['storage-transient', 'has a temporary fault'];
  return ['storage-permanent', 'refused the request'];
}
