import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The program of the process that works on a share. In the single executable it is a word that the executable
 * takes. Null in a bundle, which does not hold it: the program of that name would be somebody else's, and a
 * bundle of CommonJS does not even know where it stands.
 */
export const program: string | null = findProgram();

function findProgram(): string | null {
  const url: string | undefined = import.meta.url;
  if (url === undefined) return null;
  const path = fileURLToPath(new URL('./share-process.js', url));
  return existsSync(path) ? path : null;
}
