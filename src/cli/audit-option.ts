import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AuditLog } from '../audit.js';
import { createFileAudit } from '../nightly/log/file-audit.js';
import type { Arguments, CommandLine } from './command.js';

const variable = 'SUPPLEMENTAL_BACKUP_AUDIT';

/**
 * Where it is recorded who opened an archive: `--audit`, the environment, or a file in the user's state
 * folder. An empty name in the environment means that the host records it in its own way.
 */
export function openAudit(
  given: Pick<Arguments, 'text'>,
  line: Pick<CommandLine, 'env' | 'stderr'>,
): AuditLog | undefined {
  const path = given.text('audit') ?? line.env[variable] ?? usualPath(line.env);
  if (path === '') return undefined;
  return createFileAudit({ path, onLost: (message) => line.stderr.write(`${message}\n`) });
}

function usualPath(env: CommandLine['env']): string {
  const windows = env['LOCALAPPDATA'];
  const folder =
    process.platform === 'win32' && windows !== undefined
      ? windows
      : (env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'));
  return join(folder, 'supplemental-backup', 'audit.jsonl');
}
