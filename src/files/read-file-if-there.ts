import { readFile } from 'node:fs/promises';
import { systemCodeOf } from './failures.js';

/** The text of a file; null when there is none. */
export async function readFileIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null;
    throw error;
  }
}
