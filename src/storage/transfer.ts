import type { PutOptions, TransferProgress } from './adapter.js';

/** Bytes between two reports of progress. */
const step = 1024 * 1024;

/** Reports progress of a `put` now and then, never backwards, and once at the end. */
export function progressOf(
  total: number,
  options: PutOptions | undefined,
): { advanceTo(transferredBytes: number): void } {
  const report: ((progress: TransferProgress) => void) | undefined = options?.onProgress;
  let reported = -step;
  return {
    advanceTo(transferredBytes) {
      if (report === undefined || transferredBytes <= reported) return;
      if (transferredBytes - reported < step && transferredBytes !== total) return;
      reported = transferredBytes;
      report({ transferredBytes, totalBytes: total });
    },
  };
}

/**
 * First byte and end (exclusive) of a wanted range.
 *
 * @throws RangeError when it is not inside of `size` bytes
 */
export function resolveRange(
  range: { readonly offset: number; readonly length?: number | undefined } | undefined,
  size: number,
): { readonly start: number; readonly end: number } {
  const start = range?.offset ?? 0;
  const end = range?.length === undefined ? size : start + range.length;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start || end > size) {
    throw new RangeError(`"range" is not inside of the ${size} bytes of the object`);
  }
  return { start, end };
}
