import { mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CommandLine } from './command.js';

// Since Node.js 22.8; the types are those of the oldest supported version.
const { enableCompileCache } = module as { readonly enableCompileCache?: (folder?: string) => unknown };

/**
 * Turns on the compile cache of Node.js, so that the next start is quicker. What is in the cache gets run, so
 * it lies where only this user can write, never in the temporary folder. Without a cache nothing else
 * changes: Node.js throws nothing here, and obeys `NODE_DISABLE_COMPILE_CACHE` and `NODE_COMPILE_CACHE`.
 */
export function keepCompiled(env: CommandLine['env']): void {
  if (enableCompileCache === undefined || env['NODE_COMPILE_CACHE'] !== undefined) return;
  const folder = join(cacheFolder(env), 'supplemental-backup', 'compiled');
  if (canMake(folder)) enableCompileCache(folder);
}

// One level at a time: a recursive mkdir of Node.js never returns where a folder cannot be made, as in
// `/proc`.
function canMake(folder: string): boolean {
  try {
    for (const each of [dirname(dirname(folder)), dirname(folder), folder]) {
      try {
        mkdirSync(each, { mode: 0o700 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
    return true;
  } catch {
    return false;
  }
}

function cacheFolder(env: CommandLine['env']): string {
  const windows = env['LOCALAPPDATA'];
  if (process.platform === 'win32' && windows !== undefined) return windows;
  return env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
}
