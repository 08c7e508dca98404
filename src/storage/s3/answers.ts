import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { concatBytes, iterateBytes } from '../../bytes.js';
import { BackupError } from '../../errors.js';

// A portal, a proxy or a maintenance page may answer with 200 in place of the store. The client reads missing
// elements as "none", and would report a bucket without copies. So an answer is accepted only if it is
// complete, has the element of the command, and a plausible size.

/** The root element of the answer to a command. */
const elements: Readonly<Record<string, string>> = {
  ListObjectsV2Command: 'ListBucketResult',
  ListObjectVersionsCommand: 'ListVersionsResult',
  ListPartsCommand: 'ListPartsResult',
  ListMultipartUploadsCommand: 'ListMultipartUploadsResult',
  CreateMultipartUploadCommand: 'InitiateMultipartUploadResult',
  CompleteMultipartUploadCommand: 'CompleteMultipartUploadResult',
  UploadPartCopyCommand: 'CopyPartResult',
};
/** These begin to answer before they know the outcome: 200 may be followed by an error. */
const mayFailLate = new Set(['CompleteMultipartUploadCommand', 'UploadPartCopyCommand']);

/** A page of a thousand keys of 1,024 bytes, each byte written as an entity, and room to spare. In bytes. */
const largestAnswer = 16 * 1024 * 1024;
const largestError = 256 * 1024;
/** Longest time for the body of an answer, in milliseconds. */
const answerTimeout = 120_000;
const completionTimeout = 15 * 60_000;

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  body?: unknown;
}

/** Makes a client refuse answers that are not from a store. */
export function refuseInvalidAnswers(client: S3Client, description: string): void {
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const answer = result.response as Answer;
      await checkAnswer(answer, String(context['commandName']), description);
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'refuseInvalidAnswers' },
  );
}

async function checkAnswer(answer: Answer, command: string, description: string): Promise<void> {
  const { statusCode, headers } = answer;
  const isPage = /^\s*text\/html/iu.test(headers['content-type'] ?? '');
  const element = elements[command];
  if (statusCode >= 300) {
    // Only the store may say that an object is missing, and it answers in XML.
    if (statusCode === 404 && isPage) {
      drop(answer.body);
      throw invalidAnswer(description, 'an HTML page with status 404');
    }
    answer.body = await collected(answer.body, largestError, answerTimeout, description);
    return;
  }
  if (element === undefined) {
    if (!isPage || headers['etag'] !== undefined) return;
    drop(answer.body);
    throw invalidAnswer(description, 'an HTML page');
  }
  const timeout = mayFailLate.has(command) ? completionTimeout : answerTimeout;
  const bytes = await collected(answer.body, largestAnswer, timeout, description);
  const text = new TextDecoder().decode(bytes);
  if (!isElement(text, element) && !(mayFailLate.has(command) && isElement(text, 'Error'))) {
    throw invalidAnswer(description, text.trim() === '' ? 'an empty answer' : `no complete ${element}`);
  }
  answer.body = Readable.from([bytes]);
}

// Only the XML declaration may stand before the element. Stores send no document type, which is where
// entities that exhaust a parser are declared.
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
  const late = setTimeout(() => drop(body, invalidAnswer(description, 'it is too slow')), timeout);
  try {
    for await (const chunk of iterateBytes(body as AsyncIterable<Uint8Array>)) {
      total += chunk.length;
      if (total > limit) {
        drop(body);
        throw invalidAnswer(description, `more than ${limit} bytes`);
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

/** The failure for an answer that is not from a store. Transient, as a proxy's fault may be. */
export function invalidAnswer(description: string, what: string): BackupError {
  return new BackupError(
    'storage-transient',
    `The answer for the ${description} is not from a store: ${what}. ` +
      'Check for a proxy, a login page or maintenance in between.',
    { details: { reason: 'no-answer-of-a-store' } },
  );
}
