import {
  checkContentId,
  parseTarHeader,
  type TarEntry,
  tarBlockBytes,
  tarPadding,
} from '../../archive/tar.js';
import { BackupError } from '../../errors.js';

/**
 * A tar as it passes by, if it holds plain files under plain names and nothing else: no links, no devices, no
 * way out of the folder that it is unpacked in.
 *
 * @throws BackupError `archive-damaged` before anything else of it comes out
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
      // Some programs go on behind the end.
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
