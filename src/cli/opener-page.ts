import { readFile } from 'node:fs/promises';

/** The page that opens an archive in a browser, as the build made it. The single executable has it inside. */
export async function readOpenerPage(): Promise<Uint8Array> {
  return readFile(new URL('../../opener.html', import.meta.url));
}
