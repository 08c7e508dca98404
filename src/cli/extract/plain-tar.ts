import {
  checkContentId,
  parseTarHeader,
  type TarEntry,
  tarBlockBytes,
  tarPadding,
} from '../../archive/tar.js';
import { BackupError } from '../../errors.js';

/**
 * Passes a tar through that holds only plain files under plain names: no links, no devices, no path that
 * leads out of the folder where it is unpacked.
 *
 * @throws BackupError `archive-damaged` before the offending entry is passed on
 */
export async function* plainTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const header = new Uint8Array(tarBlockBytes);
  let filled = 0;
  let content = 0;
  let isEnd = false;
  let first: TarEntry | null = null;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      if (content > 0) {
        const passed = Math.min(content, chunk.length - at);
        content -= passed;
        at += passed;
        continue;
      }
      const taken = Math.min(tarBlockBytes - filled, chunk.length - at);
      header.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < tarBlockBytes) continue;
      filled = 0;
      const entry = await parseTarHeader(header);
      // Some programs read on behind the end marker.
      if (entry !== null && isEnd)
        throw new BackupError('archive-damaged', 'The archive goes on after its end.');
      if (entry === null) isEnd = true;
      else {
        first ??= entry;
        checkContentId(entry.contentId, first.contentId);
        content = entry.size + tarPadding(entry.size);
      }
    }
    yield chunk;
  }
}
