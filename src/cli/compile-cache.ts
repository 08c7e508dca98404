import { mkdirSync } from 'node:fs';
import module from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CommandLine } from './command.js';

// Node.js has it since 22.8; the types are those of the oldest that is supported.
const { enableCompileCache } = module as { readonly enableCompileCache?: (folder?: string) => unknown };

/**
 * Lets Node.js keep what it has compiled, so that the next start is quicker. It is kept where only this user
 * writes, never in the folder for temporary files: what lies there is run. Where it cannot be kept all goes
 * on without it, and nothing is said: Node.js throws nothing here, and obeys `NODE_DISABLE_COMPILE_CACHE` and
 * `NODE_COMPILE_CACHE` by itself.
 */
export function keepCompiled(env: CommandLine['env']): void {
  if (enableCompileCache === undefined || env['NODE_COMPILE_CACHE'] !== undefined) return;
  const folder = join(cacheFolder(env), 'supplemental-backup', 'compiled');
  if (canMake(folder)) enableCompileCache(folder);
}

// One level at a time: asked for several at once, Node.js tries for ever where a folder that is there takes
// no other, as under `/proc`.
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
