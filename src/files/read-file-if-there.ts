import { readFile } from 'node:fs/promises';
import { systemCodeOf } from './failures.js';
import { retryWhileBusy } from './retry-while-busy.js';

/** The text of a file; null when there is none. One that somebody holds is waited for. */
export async function readFileIfThere(path: string): Promise<string | null> {
  try {
    return await retryWhileBusy(() => readFile(path, 'utf8'));
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
