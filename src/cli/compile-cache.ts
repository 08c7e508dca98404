import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { CommandLine } from './command.js';

// Node.js has it since 22.8; the types are those of the oldest that is supported.
const { enableCompileCache } = module as { readonly enableCompileCache?: (folder?: string) => unknown };

/**
 * Lets Node.js keep what it has compiled, so that the next start is quicker. It is kept where only this user writes, never in
 * the folder for temporary files: what lies there is run. Where it cannot be kept all goes on without it, and nothing is
 * said: Node.js throws nothing here, and obeys `NODE_DISABLE_COMPILE_CACHE`.
 */
export function keepCompiled(env: CommandLine['env']): void {
  enableCompileCache?.(
    env['NODE_COMPILE_CACHE'] ?? join(cacheFolder(env), 'supplemental-backup', 'compiled'),
  );
}

function cacheFolder(env: CommandLine['env']): string {
  const windows = env['LOCALAPPDATA'];
  if (process.platform === 'win32' && windows !== undefined) return windows;
  return env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
}
