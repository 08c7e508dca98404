import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { BackupError } from '../../errors.js';
import type { GetOptions } from '../adapter.js';
import { resolveRange } from '../transfer.js';
import type { Bucket } from './bucket.js';
import { s3Failure } from './failures.js';

type Ask = (
  range: string | undefined,
  options: { abortSignal?: AbortSignal },
) => Promise<GetObjectCommandOutput>;

/**
 * Reads an object or a range of it.
 *
 * @param ask - sends the request, with the `Range` header to use
 */
export async function* readObject(
  bucket: Bucket,
  key: string,
  options: GetOptions,
  ask: Ask,
): AsyncGenerator<Uint8Array> {
  const { range, signal } = options;
  bucket.pathOf(key);
  if (range !== undefined) resolveRange(range, Number.MAX_SAFE_INTEGER);
  // HTTP knows no empty range: one byte is asked for, for the size of the object, and not given on.
  const isEmpty = range?.length === 0;
  const answer = await bucket.typed(async () => {
    try {
      return await ask(headerOf(range), signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      if ((error as { name?: unknown }).name !== 'InvalidRange') throw error;
      return null;
    }
  }, signal);
  if (answer === null) {
    // At or beyond the end. Exactly at the end there is nothing to read, and that is no mistake.
    const { ContentLength } = await bucket.typed(() => askForSize(ask, signal), signal);
    resolveRange(range, ContentLength ?? 0);
    return;
  }
  const size = totalOf(answer);
  const body = answer.Body as (AsyncIterable<Uint8Array> & { destroy?: () => void }) | undefined;
  try {
    const { start, end } = resolveRange(range, size);
    if (isEmpty || body === undefined) return;
    let left = end - start;
    for await (const chunk of body) {
      signal?.throwIfAborted();
      left -= chunk.length;
      yield chunk;
    }
    if (left !== 0) {
      throw new BackupError(
        'storage-transient',
        `The ${bucket.description} broke off while ${key} was read.`,
        {
          details: { key },
        },
      );
    }
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw s3Failure(error, bucket.description, signal);
  } finally {
    body?.destroy?.();
  }
}

async function askForSize(
  ask: Ask,
  signal: AbortSignal | undefined,
): Promise<{ ContentLength?: number | undefined }> {
  const answer = await ask(undefined, signal === undefined ? {} : { abortSignal: signal });
  (answer.Body as { destroy?: () => void } | undefined)?.destroy?.();
  return answer;
}

function headerOf(range: GetOptions['range']): string | undefined {
  if (range === undefined) return undefined;
  const { offset, length } = range;
  if (length === undefined) return `bytes=${offset}-`;
  return `bytes=${offset}-${offset + Math.max(1, length) - 1}`;
}

function totalOf(answer: GetObjectCommandOutput): number {
  const total = /\/([0-9]+)$/u.exec(answer.ContentRange ?? '')?.[1];
  return total === undefined ? (answer.ContentLength ?? 0) : Number(total);
}
