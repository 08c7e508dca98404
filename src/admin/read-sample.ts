import { parseEntryName } from '../archive/entry-names.js';
import type { ArchiveReader } from '../archive/index.js';
import { chooseSample, type SampleSize } from './choose-sample.js';

/** How much of a copy is read, and for how long. */
export interface ReadLimits extends SampleSize {
  /** After so many seconds the rest is left to the next time. @defaultValue 60 */
  readonly mostSeconds: number;
}

/**
 * Reads some of the rows of an open archive. Throws where they are not what was written; stops when time is
 * up.
 *
 * @returns bytes of rows that were read and equal, and of all rows
 * @throws BackupError `archive-damaged` and others of an archive; `storage-…`
 */
export async function readSample(
  archive: ArchiveReader,
  limits: ReadLimits,
  { signal }: { readonly signal?: AbortSignal | undefined },
): Promise<{ readonly readBytes: number; readonly rowBytes: number }> {
  const { entries, tables } = archive.manifest;
  const { entries: chosen, rowBytes } = chooseSample(entries, limits, random);
  const names = new Map(tables.map(({ index, name }) => [index, name]));
  const late = AbortSignal.timeout(limits.mostSeconds * 1000);
  const both = AbortSignal.any([late, ...(signal === undefined ? [] : [signal])]);
  let readBytes = 0;
  for (const { name, size } of chosen) {
    const kind = parseEntryName(name);
    if (kind.kind !== 'rows') continue;
    try {
      const rows = archive.readTable(names.get(kind.table)!, { parts: [kind.sequence], signal: both });
      for await (const _ of rows);
    } catch (error) {
      signal?.throwIfAborted();
      if (late.aborted) break;
      throw error;
    }
    readBytes += size;
  }
  return { readBytes, rowBytes };
}

function random(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}
