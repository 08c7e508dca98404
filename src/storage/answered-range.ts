import { BackupError } from '../errors.js';

/** Bytes of an object, `end` exclusive. */
export interface ByteSpan {
  readonly start: number;
  readonly end: number;
}

/** The range of an answer, and the size of the whole object. */
export interface AnsweredRange extends ByteSpan {
  /** Of the whole object. */
  readonly size: number;
}

/** A store may answer a range with the whole object; at most this much is skipped, in bytes. */
const mostPassedOver = 64 * 1024 * 1024;

/**
 * The range of an answer, by its `Content-Range` and length. Undefined if it is invalid or contradicts the
 * length.
 */
export function answeredRange(
  contentRange: string | null | undefined,
  length: number | undefined,
): AnsweredRange | undefined {
  if (contentRange === undefined || contentRange === null) {
    return isCount(length) ? { start: 0, end: length, size: length } : undefined;
  }
  const found = /^\s*bytes ([0-9]{1,16})-([0-9]{1,16})\/([0-9]{1,16})\s*$/u.exec(contentRange);
  if (found === null) return undefined;
  const [start = Number.NaN, last = Number.NaN, size] = found.slice(1).map(Number);
  const end = last + 1;
  const isPossible = isCount(start) && isCount(size) && start < end && end <= size;
  return isPossible && (length === undefined || length === end - start) ? { start, end, size } : undefined;
}

function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && value! >= 0;
}

/**
 * Gives the wanted bytes of a body and no others, whatever range it holds.
 *
 * @throws BackupError `storage-permanent` before the first byte when the wanted ones are not in it,
 *   `storage-transient` when it ends early or does not end where it said
 */
export async function* limited(
  body: AsyncIterable<Uint8Array>,
  wanted: ByteSpan,
  given: ByteSpan,
  told: { readonly description: string; readonly key: string; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array> {
  const { description, key, signal } = told;
  const isInside = given.start <= wanted.start && wanted.end <= given.end;
  if (!isInside || wanted.start - given.start > mostPassedOver) {
    throw new BackupError(
      'storage-permanent',
      `The ${description} returned other bytes of ${key} than requested.`,
      { details: { key, wanted: `${wanted.start}-${wanted.end}`, given: `${given.start}-${given.end}` } },
    );
  }
  let position = given.start;
  for await (const chunk of body) {
    signal?.throwIfAborted();
    const from = Math.max(0, wanted.start - position);
    const to = Math.min(chunk.length, wanted.end - position);
    position += chunk.length;
    if (position > given.end) throw brokeOff(description, key);
    if (from < to) yield from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
    // Do not wait for the rest of a whole object.
    if (position >= wanted.end && given.end > wanted.end) return;
  }
  if (position !== given.end) throw brokeOff(description, key);
}

function brokeOff(description: string, key: string): BackupError {
  return new BackupError('storage-transient', `The ${description} broke off while ${key} was read.`, {
    details: { key },
  });
}
