import { BackupError, type BackupErrorCode, errorExplanations } from '../../errors.js';
import {
  type HandOverOp,
  type HandOverReplies,
  type HandOverReply,
  handOverVersion,
  type MessageOf,
} from './messages.js';

/** How the office speaks to HQ. */
export interface DeskLine {
  readonly url: string;
  /** Authorises the office; asked before every message, so that a token may be renewed. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly fetch: typeof fetch;
  /** For messages: names HQ without a secret. */
  readonly description: string;
}

/** Longest that HQ may take for one reply, in milliseconds. */
const patience = 120_000;

/** Asks HQ one thing. @throws BackupError with the code that HQ gave, or for a line that broke */
export async function ask<Op extends HandOverOp>(
  line: DeskLine,
  message: MessageOf<Op>,
  signal: AbortSignal | undefined,
): Promise<HandOverReplies[Op]> {
  signal?.throwIfAborted();
  const body = JSON.stringify({ version: handOverVersion, ...message });
  const headers = { ...(await line.headers()), 'content-type': 'application/json' };
  const limits = { method: 'POST', headers, body, redirect: 'error' } as const;
  const response = await reach(line, line.url, limits, patience, signal);
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined);
    throw statusFailure(line, response.status);
  }
  let reply: HandOverReply;
  try {
    reply = (await response.json()) as HandOverReply;
  } catch (error) {
    signal?.throwIfAborted();
    throw brokenLine(line, error);
  }
  if (reply.ok === true) return reply.reply as HandOverReplies[Op];
  const code: BackupErrorCode = isCode(reply.error) ? reply.error : 'storage-permanent';
  const key = 'key' in message ? String(message.key) : '';
  throw new BackupError(code, `The ${line.description} does not grant "${message.op}" of ${key}.`, {
    details: { key, op: message.op, reason: reply.reason },
  });
}

/** Sends a request. A connection that cannot be made or breaks is `storage-transient`. */
export async function reach(
  line: DeskLine,
  url: string,
  init: RequestInit,
  milliseconds: number,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const timeout = AbortSignal.timeout(milliseconds);
  try {
    return await line.fetch(url, {
      ...init,
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw brokenLine(line, error);
  }
}

/** The failure for a connection that broke. Takes over only the code of the system: a URL that is signed is a secret. */
export function brokenLine(line: DeskLine, error: unknown): BackupError {
  const cause = error instanceof Error ? (error.cause ?? error) : undefined;
  const reason =
    cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'no answer';
  return new BackupError(
    'storage-transient',
    `The connection to the ${line.description} broke (${reason}).`,
    {
      details: { reason },
    },
  );
}

/** The failure for an answer that is none of the protocol. */
export function statusFailure(line: DeskLine, status: number): BackupError {
  const details = { status };
  if (status === 401 || status === 403) {
    return new BackupError('storage-permanent', `The ${line.description} does not know this office.`, {
      details,
    });
  }
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    return new BackupError('storage-transient', `The ${line.description} has a passing fault (${status}).`, {
      details,
    });
  }
  return new BackupError('storage-permanent', `The ${line.description} refused the request (${status}).`, {
    details,
  });
}

function isCode(code: string): code is BackupErrorCode {
  return Object.hasOwn(errorExplanations, code);
}
