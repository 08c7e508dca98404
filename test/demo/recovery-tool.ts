import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DatabaseAddress } from '../../src/index.js';

const program = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

/** The exit code that tells a wrong password from a damaged archive. */
export const wrongPasswordExit = 3;

/**
 * Recovers as support does: by the command line, in a process that knows nothing of the one that made the
 * copy.
 *
 * @returns its exit code
 */
export async function recover(
  archive: string,
  target: DatabaseAddress & { readonly database: string },
  password: string | Uint8Array,
): Promise<number | null> {
  const url = `mysql://${target.user}@${target.host}:${target.port}/${target.database}`;
  process.stdout.write(`   $ supplemental-backup restore ${archive} --target ${url} --password-fd 3\n`);
  const child = spawn(
    process.execPath,
    [program, 'restore', archive, '--target', url, '--password-fd', '3'],
    {
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    },
  );
  const passwordPipe = child.stdio[3] as NodeJS.WritableStream;
  // A tool that refuses before it asks closes its end first.
  passwordPipe.on('error', () => undefined);
  passwordPipe.end(password);
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text.replaceAll(/^(?=.)/gm, '   '));
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}
