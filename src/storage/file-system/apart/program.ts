import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The program of the process that works on a share; in the single executable an argument of the executable.
 * Null in a bundle, which does not contain it: a program of that name would be another one, and a bundle of
 * CommonJS does not know its own path.
 */
export const program: string | null = findProgram();

function findProgram(): string | null {
  const url: string | undefined = import.meta.url;
  if (url === undefined) return null;
  const path = fileURLToPath(new URL('./share-process.js', url));
  return existsSync(path) ? path : null;
}
