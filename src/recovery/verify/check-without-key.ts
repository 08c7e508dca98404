import { type ArchiveInspection, inspectArchive } from '../../archive/index.js';
import { tarBlockBytes } from '../../archive/tar.js';
import { assertOptions, assertSource } from '../../arguments.js';
import type { ByteSource, RangeSource } from '../../bytes.js';
import { BackupError } from '../../errors.js';

/**
 * Checks what can be checked of an archive without a key, for example by the keeper of a store: that it is an
 * archive, that its label parses, and that its size is possible for a complete archive. It does not show
 * whether the content was changed; that takes a key.
 *
 * @param source - the archive, of known size; only its first bytes are read
 * @throws BackupError `archive-damaged` when the file is truncated or incomplete, `archive-unsupported`,
 *   `archive-limit-exceeded`
 * @throws TypeError when the size of the source is unknown
 * @example
 * ```ts
 * const { label } = await checkWithoutKey(source);
 * console.log('looks whole:', label?.archiveId);
 * ```
 */
export async function checkWithoutKey(
  source: ByteSource | RangeSource,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ArchiveInspection> {
  assertSource('source', source);
  assertOptions(options);
  const inspection = await inspectArchive(source, options);
  if (inspection.label === null) {
    throw new BackupError('archive-unsupported', 'This age file has no label of a supplemental backup.');
  }
  const { contentBytes } = inspection;
  if (contentBytes === null) throw new TypeError('"source" must be of known size');
  if (!isSizeOfArchive(contentBytes)) {
    throw new BackupError('archive-damaged', 'The size of the file is impossible for a complete archive.', {
      details: { contentBytes },
    });
  }
  return inspection;
}

/**
 * Whether content can have this size: it is a tar, made of blocks, and a truncated file rarely has such a
 * size.
 */
export function isSizeOfArchive(contentBytes: number): boolean {
  return contentBytes > 0 && contentBytes % tarBlockBytes === 0;
}
