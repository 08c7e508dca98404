import type { ManifestEntry } from '../model/parts.js';

/** Some of the parts of an archive. */
export interface Sample {
  /** Entries of rows, in the order in which they stand. */
  readonly entries: readonly ManifestEntry[];
  /** Bytes of rows in the whole archive, as they are stored. */
  readonly rowBytes: number;
}

/** How much is taken. */
export interface SampleSize {
  /** Of the bytes of all rows: 0 to 1. */
  readonly share: number;
  /** No more than this, in bytes. */
  readonly mostBytes: number;
}

/**
 * Chooses some of the rows of an archive. Each part is as likely as any other, whatever its size, so that
 * every table has its turn in time, and a small one no later than a large one.
 *
 * @param random - a number of 0 to 1, 1 excluded
 */
export function chooseSample(
  entries: readonly ManifestEntry[],
  { share, mostBytes }: SampleSize,
  random: () => number,
): Sample {
  const left = entries.filter(({ rows }) => rows !== undefined);
  const rowBytes = left.reduce((sum, { size }) => sum + size, 0);
  const wanted = Math.min(share * rowBytes, mostBytes);
  const taken: ManifestEntry[] = [];
  let bytes = 0;
  for (let end = left.length; end > 0 && bytes < wanted; end--) {
    const at = Math.floor(random() * end);
    const entry = left[at]!;
    left[at] = left[end - 1]!;
    // Never a part larger than the bound: it would hold up a login.
    if (bytes + entry.size > mostBytes) continue;
    taken.push(entry);
    bytes += entry.size;
  }
  return { entries: taken.sort((a, b) => a.offset - b.offset), rowBytes };
}
