/** What the nights use of `node:fs`, on the simulated disks. */
import { onDisk } from '../disk.js';

export async function* createReadStream(path: string): AsyncGenerator<Uint8Array> {
  const content = await onDisk(path, false, (disk, inside) => disk.stat(inside).bytes);
  if (content.length > 0) yield content;
}

export * from 'node:fs';
