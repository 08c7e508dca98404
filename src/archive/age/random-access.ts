import type { RangeSource } from '../../bytes.js';
import type { Engine } from '../../engine/engine.js';
import { chunkBytes, openChunk, plaintextBytes, sealedChunkBytes } from './stream.js';

/**
 * The plaintext of a payload as ranges: only the chunks that a range touches are fetched and opened.
 *
 * Each chunk authenticates separately. Only the last chunk proves that the file is complete, so a reader of
 * an archive starts there.
 *
 * @param sealed - the whole file
 * @param payloadOffset - start of its first chunk
 * @throws BackupError `archive-damaged` when no payload has that size
 */
export function openPayloadRanges(
  sealed: RangeSource,
  payloadOffset: number,
  key: Uint8Array,
  engine: Engine,
): RangeSource {
  const sealedBytes = sealed.size - payloadOffset;
  const size = plaintextBytes(sealedBytes);
  const lastIndex = Math.ceil(sealedBytes / sealedChunkBytes) - 1;
  // Two neighbouring files may share a chunk, so the last opened one is kept.
  let kept: { readonly index: number; readonly plain: Uint8Array } | null = null;

  return {
    size,
    async read(offset, length, options) {
      if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
        throw new RangeError('the range is outside of the archive');
      }
      options?.signal?.throwIfAborted();
      const plain = new Uint8Array(length);
      if (length === 0) return plain;
      let first = Math.floor(offset / chunkBytes);
      const last = Math.floor((offset + length - 1) / chunkBytes);
      const place = (index: number, chunk: Uint8Array): void => {
        const from = Math.max(0, offset - index * chunkBytes);
        const to = Math.min(chunk.length, offset + length - index * chunkBytes);
        plain.set(chunk.subarray(from, to), index * chunkBytes + from - offset);
      };
      if (kept?.index === first) {
        place(first, kept.plain);
        first++;
      }
      if (first > last) return plain;
      const start = first * sealedChunkBytes;
      const end = Math.min((last + 1) * sealedChunkBytes, sealedBytes);
      const bytes = await sealed.read(payloadOffset + start, end - start, options);
      for (let index = first; index <= last; index++) {
        const at = (index - first) * sealedChunkBytes;
        const chunk = bytes.subarray(at, Math.min(at + sealedChunkBytes, bytes.length));
        const opened = openChunk(chunk, key, index, index === lastIndex, engine);
        place(index, opened);
        if (index === last) kept = { index, plain: opened };
      }
      return plain;
    },
  };
}
