// Stores an object in a folder, tells when half of it is written, and waits to be killed.
import { createFileSystemStorage } from '../../src/storage/file-system/file-system.js';

const [path, key] = process.argv.slice(2) as [string, string];
const half = new Uint8Array(2_000_000);
await createFileSystemStorage({ path }).put(key, {
  size: half.length * 2,
  async *open() {
    yield half;
    console.log('half');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    yield half;
  },
});
