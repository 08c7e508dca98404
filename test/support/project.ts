import { readdirSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The project's folder, seen from the compiled tests. */
export const projectRoot: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** All source files of the library, relative to `src`, with forward slashes. */
export function sourceFiles(): readonly string[] {
  return readdirSync(join(projectRoot, 'src'), { recursive: true })
    .map((file) => String(file).split(sep).join('/'))
    .filter((file) => file.endsWith('.ts'))
    .sort();
}

/** For a program of the tests that is started: the switches by which it remembers the scrypt of the others. */
export const rememberScrypt: readonly string[] = [
  '--import',
  pathToFileURL(join(projectRoot, 'test', 'remember-scrypt.mjs')).href,
];
