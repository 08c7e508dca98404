import { BackupError, type BackupErrorCode, isBackupError } from '../../errors.js';

type Verdict = readonly [BackupErrorCode, string];

const transient = (sentence: string): Verdict => ['storage-transient', sentence];
const refused = (sentence: string): Verdict => ['storage-permanent', sentence];

// By the name of the error in the answer, which is more precise than the status.
const byName: Readonly<Record<string, Verdict>> = {
  NoSuchBucket: ['destination-missing', 'has no such bucket'],
  NoSuchKey: ['storage-not-found', 'has no such object'],
  NotFound: ['storage-not-found', 'has no such object'],
  NoSuchVersion: ['storage-not-found', 'has no such object'],
  PreconditionFailed: ['storage-exists', 'already has this object'],
  ConditionalRequestConflict: transient('is storing another object of this name at this moment'),
  QuotaExceeded: ['storage-full', 'has no quota left'],
  BadDigest: transient('received other bytes than were sent'),
  IncompleteBody: transient('received fewer bytes than were sent'),
  RequestTimeout: transient('waited too long for the bytes'),
  SlowDown: transient('asks for fewer requests'),
  OperationAborted: transient('has another operation in progress'),
  NotImplemented: refused('does not support the request'),
  RequestTimeTooSkewed: refused('says that the clock of this machine is wrong'),
  AccessDenied: refused('denies access'),
  InvalidAccessKeyId: refused('does not know the access key'),
  SignatureDoesNotMatch: refused('does not accept the secret key'),
  ExpiredToken: refused('says that the credentials have expired'),
  CredentialsProviderError: refused('needs credentials'),
  RegionMissing: refused('needs a region, for example in AWS_REGION'),
};

function byStatus(status: number | undefined): Verdict {
  if (status === undefined) return transient('could not be reached, or the connection broke');
  if (status === 404) return ['storage-not-found', 'has no such object'];
  if (status === 412) return ['storage-exists', 'already has this object'];
  if (status === 409) return transient('has another operation in progress');
  if (status === 507) return ['storage-full', 'is full'];
  // A store that moved answers with 301 or 308. These come from a portal that wants a login.
  if (status === 302 || status === 303 || status === 307)
    return transient('answers with a redirect, as a login page does');
  if (status === 408 || status === 429 || status >= 500) return transient('has a temporary fault');
  return refused('refused the request');
}

// Mistakes in the configuration, thrown by the client before anything is sent.
const mistakes = new Set(['TypeError', 'RangeError', 'SyntaxError']);

/**
 * The typed error for what the client of the store threw. Nothing of its message or its request is included:
 * they hold access keys and signatures.
 */
export function s3Failure(thrown: unknown, description: string, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (isBackupError(thrown) || !(thrown instanceof Error)) return thrown;
  const status = statusOf(thrown);
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
  if (status === undefined && code === undefined && mistakes.has(thrown.name)) return thrown;
  const name = nameOf(thrown, code);
  // An error with status 200 to 299 means that the answer could not be read to its end.
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
  // Without a name it would count as a network fault and be retried.
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
