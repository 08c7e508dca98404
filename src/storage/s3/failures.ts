import { BackupError, type BackupErrorCode, isBackupError } from '../../errors.js';

type Verdict = readonly [BackupErrorCode, string];

const transient = (sentence: string): Verdict => ['storage-transient', sentence];
const refused = (sentence: string): Verdict => ['storage-permanent', sentence];

// By the name of the error in the answer, which says more than the status.
const byName: Readonly<Record<string, Verdict>> = {
  NoSuchBucket: ['destination-missing', 'has no such bucket'],
  NoSuchKey: ['storage-not-found', 'has no such object'],
  NotFound: ['storage-not-found', 'has no such object'],
  NoSuchVersion: ['storage-not-found', 'has no such object'],
  PreconditionFailed: ['storage-exists', 'already has this object'],
  ConditionalRequestConflict: transient('is just storing another object of this name'),
  QuotaExceeded: ['storage-full', 'has no quota left'],
  BadDigest: transient('received other bytes than were sent'),
  IncompleteBody: transient('received fewer bytes than were sent'),
  RequestTimeout: transient('waited too long for the bytes'),
  SlowDown: transient('asks for fewer requests'),
  OperationAborted: transient('has another operation in progress'),
  NotImplemented: refused('cannot do what is asked of it'),
  RequestTimeTooSkewed: refused('finds the clock of this machine wrong'),
  AccessDenied: refused('denies access'),
  InvalidAccessKeyId: refused('does not know the access key'),
  SignatureDoesNotMatch: refused('does not accept the secret key'),
  ExpiredToken: refused('finds the credentials expired'),
  CredentialsProviderError: refused('cannot be asked without credentials'),
  RegionMissing: refused('cannot be asked without a region, which may come in AWS_REGION'),
};

function byStatus(status: number | undefined): Verdict {
  // No answer at all: the line, a name that does not resolve, a timeout.
  if (status === undefined) return transient('could not be reached, or the connection broke');
  if (status === 404) return ['storage-not-found', 'has no such object'];
  if (status === 412) return ['storage-exists', 'already has this object'];
  if (status === 409) return transient('has another operation in progress');
  if (status === 507) return ['storage-full', 'is full'];
  // A store that moved says so with 301 or 308; this is a portal that wants somebody to log in.
  if (status === 302 || status === 303 || status === 307) return transient('is hidden by a redirect');
  if (status === 408 || status === 429 || status >= 500) return transient('has a passing fault');
  return refused('refused the request');
}

// Mistakes in the configuration, told by the client before anything is sent.
const mistakes = new Set(['TypeError', 'RangeError', 'SyntaxError']);

/**
 * The typed error for what the client of the store threw. Of its message and its request nothing is taken
 * over: they hold access keys and signatures.
 */
export function s3Failure(thrown: unknown, description: string, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (isBackupError(thrown) || !(thrown instanceof Error)) return thrown;
  const status = statusOf(thrown);
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  if (status === undefined && code === undefined && mistakes.has(thrown.name)) return thrown;
  const name = nameOf(thrown, code);
  // A status of 200 to 299 with an error: the answer itself could not be read to its end.
  const answered = status !== undefined && status >= 300 ? status : undefined;
  const [kind, sentence] = byName[name] ?? byStatus(answered);
  return new BackupError(
    kind,
    `The ${description} ${sentence} (${[name, answered].filter(Boolean).join(', ')}).`,
    {
      details: {
        reason: name,
        ...(answered !== undefined && { status: answered }),
        ...requestIdOf(thrown),
      },
    },
  );
}

function nameOf({ name, message }: Error, code: string | undefined): string {
  // The client has no name for it, and what has none is taken for a fault of the line and tried again.
  if (message === 'Region is missing') return 'RegionMissing';
  return byName[name] === undefined && code !== undefined ? code : name;
}

/** Whether the store said exactly this, such as `NoSuchUpload`. */
export function saidByStore(failure: unknown, reason: string): boolean {
  return isBackupError(failure) && failure.details['reason'] === reason;
}

interface Answered {
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function statusOf(error: Error): number | undefined {
  return (error as Answered).$metadata?.httpStatusCode;
}

// What the operator of the store asks for first.
function requestIdOf(error: Error): { readonly requestId?: string } {
  const requestId = (error as Answered).$metadata?.requestId;
  return requestId === undefined ? {} : { requestId };
}
