// Sends and reads back an object of the given size, and tells the peak of its own memory in kilobytes.
import { createHash } from 'node:crypto';
import type { ReplayableSource, StorageAdapter } from '../../src/storage/adapter.js';
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';
import { peakMemory } from '../support/peak-memory.js';

/** How to open the store; comes as JSON, because an adapter cannot travel between processes. */
export type LargeTransferStore =
  | { readonly kind: 's3'; readonly options: { readonly bucket: string; readonly connection: object } }
  | { readonly kind: 'http'; readonly url: string; readonly token: string }
  | { readonly kind: 'folder'; readonly path: string };

const chunkSize = 256 * 1024;

async function openStore(store: LargeTransferStore): Promise<StorageAdapter> {
  switch (store.kind) {
    case 's3': {
      const { createS3Storage } = await import('../../src/storage/s3/index.js');
      return createS3Storage(store.options);
    }
    case 'http': {
      const { createHttpStorage } = await import('../../src/storage/http/index.js');
      const headers = { authorization: `Bearer ${store.token}` };
      return createHttpStorage({ url: store.url, headers: () => headers, allowLoopbackHttp: true });
    }
    case 'folder':
      return createFileSystemStorage({ path: store.path });
  }
}

function largeSource(size: number): ReplayableSource {
  return {
    size,
    *open(start = 0, end = size) {
      for (let offset = start; offset < end; offset += chunkSize) {
        yield Buffer.alloc(Math.min(chunkSize, end - offset), offset / chunkSize);
      }
    },
  };
}

const { store, key, size } = JSON.parse(process.argv[2]!) as {
  readonly store: LargeTransferStore;
  readonly key: string;
  readonly size: number;
};
const sent = createHash('sha256');
// In one room: what this loop would leave behind is not the store's memory.
const room = Buffer.alloc(chunkSize);
for (let offset = 0; offset < size; offset += chunkSize) {
  sent.update(room.fill(offset / chunkSize).subarray(0, size - offset));
}
const storage = await openStore(store);
await storage.put(key, largeSource(size));
const read = createHash('sha256');
for await (const chunk of storage.get(key)) read.update(chunk);
console.log(
  JSON.stringify({
    same: sent.digest('hex') === read.digest('hex'),
    peakKilobytes: peakMemory() / 1024,
  }),
);
process.exit(0);
