import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { concatBytes, iterateBytes } from '../../bytes.js';
import { BackupError } from '../../errors.js';

// Between us and a store may stand a portal, a proxy or a page of maintenance, and each answers 200. The
// client takes what it cannot find in an answer for "none", and so would tell of a bucket without copies. So
// an answer is believed only when it is one: of the element that the command asks for, whole, and of a size
// that can be.

/** The element that answers a command begins and ends with. */
const elements: Readonly<Record<string, string>> = {
  ListObjectsV2Command: 'ListBucketResult',
  ListObjectVersionsCommand: 'ListVersionsResult',
  ListPartsCommand: 'ListPartsResult',
  ListMultipartUploadsCommand: 'ListMultipartUploadsResult',
  CreateMultipartUploadCommand: 'InitiateMultipartUploadResult',
  CompleteMultipartUploadCommand: 'CompleteMultipartUploadResult',
  UploadPartCopyCommand: 'CopyPartResult',
};
/** These begin to answer before they know how it ends, and may say 200 and then an error. */
const mayFailLate = new Set(['CompleteMultipartUploadCommand', 'UploadPartCopyCommand']);

/** A page of a thousand keys of 1,024 bytes, each byte written as an entity, and room to spare. In bytes. */
const largestAnswer = 16 * 1024 * 1024;
const largestError = 256 * 1024;
/**
 * Longest that the body of such an answer may take, in milliseconds. A completion of a large upload takes
 * minutes.
 */
const answerTimeout = 120_000;
const completionTimeout = 15 * 60_000;

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  body?: unknown;
}

/** Lets a client believe no answer that is none. */
export function believeOnlyAnswers(client: S3Client, description: string): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const answer = result.response as Answer;
      await hold(answer, String(context['commandName']), description);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'believeOnlyAnswers' },
  );
}

async function hold(answer: Answer, command: string, description: string): Promise<void> {
  const { statusCode, headers } = answer;
  const isPage = /^\s*text\/html/iu.test(headers['content-type'] ?? '');
  const element = elements[command];
  if (statusCode >= 300) {
    // That an object is not there is for the store to say, and it speaks XML.
    if (statusCode === 404 && isPage) {
      drop(answer.body);
      throw unbelievable(description, 'a page with status 404');
    }
    answer.body = await collected(answer.body, largestError, answerTimeout, description);
    return;
  }
  if (element === undefined) {
    if (!isPage || headers['etag'] !== undefined) return;
    drop(answer.body);
    throw unbelievable(description, 'a page');
  }
  const timeout = mayFailLate.has(command) ? completionTimeout : answerTimeout;
  const bytes = await collected(answer.body, largestAnswer, timeout, description);
  const text = new TextDecoder().decode(bytes);
  if (!isElement(text, element) && !(mayFailLate.has(command) && isElement(text, 'Error'))) {
    throw unbelievable(description, text.trim() === '' ? 'nothing' : `no whole ${element}`);
  }
  answer.body = Readable.from([bytes]);
}

// Only the declaration may stand before the element: no store has a document type, which is where entities
// that blow up a parser are declared.
function isElement(text: string, name: string): boolean {
  const begins = new RegExp(`^\\s*(?:<\\?xml[^>]{0,200}\\?>\\s*)?<${name}[\\s/>]`, 'u').test(
    text.slice(0, 1024),
  );
  return (
    begins && (text.trimEnd().endsWith(`</${name}>`) || /^[^<]*(?:<\?[^>]*>)?\s*<[^<]*\/>\s*$/u.test(text))
  );
}

async function collected(
  body: unknown,
  limit: number,
  timeout: number,
  description: string,
): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let total = 0;
  const late = setTimeout(
    () => drop(body, unbelievable(description, 'more slowly than anybody waits')),
    timeout,
  );
  try {
    for await (const chunk of iterateBytes(body as AsyncIterable<Uint8Array>)) {
      total += chunk.length;
      if (total > limit) {
        drop(body);
        throw unbelievable(description, `more than ${limit} bytes`);
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(late);
  }
  return concatBytes(chunks);
}

function drop(body: unknown, reason?: Error): void {
  (body as { destroy?: (reason?: Error) => void } | undefined)?.destroy?.(reason);
}

/** The failure for what no store says. Whatever stands in between may be gone in a moment. */
export function unbelievable(description: string, what: string): BackupError {
  return new BackupError(
    'storage-transient',
    `What answers for the ${description} is no store: it says ${what}. ` +
      'Look whether a proxy, a login page or maintenance stands in between.',
    { details: { reason: 'no-answer-of-a-store' } },
  );
}
