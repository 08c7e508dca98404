// Asks HQ once, in a process that is slow to load its HTTP client, and tells what came of it. Where the
// question is lost without a word, as by Node.js 20, nothing is told: the process ends with code 13.
import { setTimeout as delay } from 'node:timers/promises';
import { isBackupError } from '../../src/errors.js';
import { createHttpStorage } from '../../src/storage/http/index.js';

const { compile } = WebAssembly;
const slowly = async (bytes: BufferSource): Promise<WebAssembly.Module> => {
  const module = await compile(bytes);
  await delay(300);
  return module;
};
Object.assign(WebAssembly, { compile: slowly });

const office = createHttpStorage({ url: `http://127.0.0.1:${process.argv[2]}/`, allowLoopbackHttp: true });
await delay(600);
try {
  await office.stat('a');
} catch (error) {
  console.log(isBackupError(error) ? error.code : String(error));
}
