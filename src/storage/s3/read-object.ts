import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { BackupError } from '../../errors.js';
import type { GetOptions } from '../adapter.js';
import { type AnsweredRange, answeredRange, limited } from '../answered-range.js';
import { resolveRange } from '../transfer.js';
import { invalidAnswer } from './answers.js';
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
 * @param askForSize - called if the answer does not tell the size; undefined when the object is gone
 */
export async function* readObject(
  bucket: Bucket,
  key: string,
  options: GetOptions,
  ask: Ask,
  askForSize: () => Promise<number | undefined>,
): AsyncGenerator<Uint8Array> {
  const { range, signal } = options;
  bucket.pathOf(key);
  if (range !== undefined) resolveRange(range, Number.MAX_SAFE_INTEGER);
  const answer = await bucket.typed(async () => {
    try {
      return await ask(headerOf(range), signal === undefined ? {} : { abortSignal: signal });
    } catch (error) {
      if ((error as { name?: unknown }).name !== 'InvalidRange') throw error;
      return null;
    }
  }, signal);
  if (answer === null) {
    // At or beyond the end. Exactly at the end the range is empty, which is allowed.
    resolveRange(range, (await askForSize()) ?? 0);
    return;
  }
  const body = answer.Body as (AsyncIterable<Uint8Array> & { destroy?: () => void }) | undefined;
  try {
    if (answer.LastModified === undefined && answer.ETag === undefined) {
      throw invalidAnswer(bucket.description, 'neither date nor etag of an object');
    }
    assertPlain(answer.ContentEncoding, bucket.description);
    const given = await rangeIn(answer, range !== undefined, askForSize);
    if (given === undefined) throw invalidAnswer(bucket.description, 'an invalid range');
    const { start, end } = resolveRange(range, given.size);
    // HTTP has no empty range: one byte is requested to learn the size, and not passed on.
    if (start === end || body === undefined) return;
    yield* limited(body, { start, end }, given, { description: bucket.description, key, signal });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw s3Failure(error, bucket.description, signal);
  } finally {
    body?.destroy?.();
  }
}

// A chunked body has no length, and a partial one without a range may be anything: then the store is asked
// for the size of the object.
async function rangeIn(
  { ContentRange, ContentLength, $metadata }: GetObjectCommandOutput,
  wasAskedForRange: boolean,
  askForSize: () => Promise<number | undefined>,
): Promise<AnsweredRange | undefined> {
  if (ContentRange !== undefined) return answeredRange(ContentRange, ContentLength);
  if ($metadata.httpStatusCode === 206) return undefined;
  if (ContentLength !== undefined && !wasAskedForRange) return answeredRange(undefined, ContentLength);
  const size = await askForSize();
  return ContentLength === undefined || ContentLength === size ? answeredRange(undefined, size) : undefined;
}

/** Objects are never stored compressed, so a compressed body has other bytes. */
function assertPlain(encoding: string | undefined, description: string): void {
  const coded = (encoding ?? '').split(',').map((each) => each.trim().toLowerCase());
  if (coded.every((each) => ['', 'identity', 'aws-chunked'].includes(each))) return;
  throw new BackupError('storage-transient', `An object of the ${description} was compressed on the way.`, {
    details: { reason: 'content-encoding' },
  });
}

function headerOf(range: GetOptions['range']): string | undefined {
  if (range === undefined) return undefined;
  const { offset, length } = range;
  if (length === undefined) return `bytes=${offset}-`;
  return `bytes=${offset}-${offset + Math.max(1, length) - 1}`;
}
