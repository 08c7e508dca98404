import { askPassword } from '../../src/cli/password.js';

/** The password to recover with: given, typed, or without a terminal the right one. */
export async function askForPassword(given: string | undefined, right: string): Promise<string | Uint8Array> {
  if (given !== undefined) return given;
  if (process.stdin.isTTY !== true) return right;
  process.stdout.write(`\n(The administrator of this invented practice types: ${right})\n`);
  const line = { stdin: process.stdin, stderr: process.stderr, signal: new AbortController().signal };
  const typed = await askPassword(line, "The administrator's password: ");
  return typed.length === 0 ? right : typed;
}
