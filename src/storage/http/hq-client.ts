import { collectBytes } from '../../bytes.js';
import { BackupError, type BackupErrorCode, errorExplanations, isBackupError } from '../../errors.js';
import { fromJson } from '../../shapes.js';
import { storageFailureOfConnection, storageFailureOfStatus } from '../http-failures.js';
import {
  type HandOverOp,
  type HandOverReplies,
  handOverVersion,
  type MessageOf,
  parseReply,
} from './messages.js';
import { Silence } from './silence.js';

/** The office's connection to HQ. */
export interface HqConnection {
  readonly url: string;
  /** Authorises the office; called before every message, so that a token may be renewed. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly fetch: typeof fetch;
  /** Whether plain HTTP to this machine is allowed. */
  readonly allowLoopbackHttp: boolean;
  /** For messages: names HQ without a secret. */
  readonly description: string;
}

/** Longest that HQ may take for one reply, in milliseconds. */
const answerTimeout = 120_000;

/** Longest reply, in bytes: a page of 500 objects is far below. */
const largestReply = 16 * 1024 * 1024;

/** Sends HQ a message. @throws BackupError with the code that HQ gave, or for a broken connection */
export async function ask<Op extends HandOverOp>(
  line: HqConnection,
  message: MessageOf<Op>,
  signal: AbortSignal | undefined,
): Promise<HandOverReplies[Op]> {
  signal?.throwIfAborted();
  const body = JSON.stringify({ version: handOverVersion, ...message });
  const headers = { ...(await authorise(line, signal)), 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body };
  const text = await exchange(line, line.url, init, answerTimeout, signal, async (response) => {
    if (response.ok) return textOf(line, response);
    await response.body?.cancel().catch(() => undefined);
    const failure = storageFailureOfStatus(response.status, line.description);
    if (failure.code === 'storage-transient') throw failure;
    // This is the status of HQ's endpoint: even 404 says nothing about an object.
    throw new BackupError(
      'storage-permanent',
      `The ${line.description} refused the request (${response.status}).`,
      { details: { status: response.status } },
    );
  });
  const reply = readReply(line, message.op, text);
  if (reply.ok) return reply.reply;
  const code: BackupErrorCode = isCode(reply.error) ? reply.error : 'storage-permanent';
  const key = 'key' in message ? String(message.key) : '';
  throw new BackupError(code, `The ${line.description} refused "${message.op}" for ${key}.`, {
    details: { key, op: message.op, reason: reply.reason },
  });
}

/** A failed renewal of the token is transient: the service that issues it may be restarting. */
async function authorise(
  line: HqConnection,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, string>>> {
  const silence = new Silence(answerTimeout, signal);
  const broken = new Promise<never>((_, reject) => {
    silence.signal.addEventListener('abort', () => reject(silence.signal.reason as Error), { once: true });
  });
  try {
    return await silence.during(() => Promise.race([line.headers(), broken]));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof BackupError) throw error;
    // Nothing of the original error is included: it may hold the token.
    throw new BackupError(
      'storage-transient',
      `The headers that authorise this office at the ${line.description} could not be obtained.`,
      { details: { reason: 'authorisation' } },
    );
  }
}

async function textOf(line: HqConnection, { body }: Response): Promise<string> {
  if (body === null) return '';
  let bytes: Uint8Array;
  try {
    bytes = await collectBytes(body, largestReply);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BackupError('storage-permanent', `The ${line.description} sent too long a reply.`, {
      details: { reason: `more than ${largestReply} bytes` },
    });
  }
  return new TextDecoder().decode(bytes);
}

function readReply<Op extends HandOverOp>(
  line: HqConnection,
  op: Op,
  text: string,
): ReturnType<typeof parseReply<Op>> {
  const value = fromJson(text);
  try {
    return parseReply(op, value);
  } catch (error) {
    // Nothing of the text is included: it may hold signatures, or anything.
    const problem = isBackupError(error) ? String(error.details['problem']) : '';
    const reason = value === undefined ? 'it is not JSON' : problem;
    throw new BackupError(
      'storage-permanent',
      `The ${line.description} sent an invalid reply to "${op}" (${reason}).`,
      { details: { op, reason } },
    );
  }
}

/** Whether a URL may be used. The office's credentials and signatures must not be sent unencrypted. */
export function isSafe(url: URL, allowLoopbackHttp: boolean): boolean {
  return (
    url.protocol === 'https:' || (allowLoopbackHttp && url.protocol === 'http:' && isLoopback(url.hostname))
  );
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.[0-9]{1,3}){3}$/u.test(hostname);
}

/**
 * Sends a request. A connection that fails or breaks is `storage-transient`, and so is a redirect: what was
 * signed for one place must not go to another, and `fetch` would keep a copy of the body to send it there.
 */
export async function reach(
  line: HqConnection,
  url: string,
  init: RequestInit,
  signal: AbortSignal | undefined,
): Promise<Response> {
  if (!isSafe(new URL(url), line.allowLoopbackHttp)) {
    throw new BackupError('storage-permanent', `The ${line.description} signed a URL that is not https.`);
  }
  try {
    return await line.fetch(url, { ...init, redirect: 'error', ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw storageFailureOfConnection(error, line.description);
  }
}

/**
 * Sends a request and takes its answer, in a bounded time: the `fetch` of Node.js 20 can silently lose its
 * first connection, if that breaks before its parser is loaded.
 *
 * @param milliseconds - how long it may take with the whole of its answer
 */
export async function exchange<Result>(
  line: HqConnection,
  url: string,
  init: RequestInit,
  milliseconds: number,
  signal: AbortSignal | undefined,
  take: (response: Response) => Promise<Result>,
): Promise<Result> {
  const silence = new Silence(milliseconds, signal);
  try {
    return await silence.during(async () => take(await reach(line, url, init, silence.signal)));
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof BackupError) throw error;
    throw storageFailureOfConnection(error, line.description);
  }
}

// Only the codes of a store are accepted from HQ.
function isCode(code: string): code is BackupErrorCode {
  const isOfStores =
    code.startsWith('storage-') || code === 'destination-missing' || code === 'verification-failed';
  return isOfStores && Object.hasOwn(errorExplanations, code);
}
