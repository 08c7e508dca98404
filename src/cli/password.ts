import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { CommandLine } from './command.js';
import { Interrupted, UsageError } from './exit-codes.js';

// Longer than any password a person types or a vault hands out; a wrong descriptor must not fill the memory.
const longestPassword = 64 * 1024;

/**
 * Reads a password from an open file descriptor to its end; one line break at the end is not part of it.
 *
 * @param descriptor - as typed
 * @throws UsageError when it is not an open descriptor
 */
export async function readPasswordFromDescriptor(descriptor: string): Promise<Uint8Array> {
  if (!/^\d{1,4}$/.test(descriptor))
    throw new UsageError('--password-fd takes the number of an open descriptor.');
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const stream = createReadStream('', { fd: Number(descriptor), autoClose: false });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > longestPassword)
        throw new UsageError(
          `--password-fd ${descriptor} gave more than ${longestPassword} bytes, so it is not a password.`,
        );
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(
      `--password-fd ${descriptor} is not open for reading. npx passes on only 0: --password-fd 0 < FILE.`,
    );
  }
  const joined = Buffer.concat(chunks);
  for (const chunk of chunks) chunk.fill(0);
  let end = joined.length;
  if (joined[end - 1] === 0x0a) end -= joined[end - 2] === 0x0d ? 2 : 1;
  return new Uint8Array(joined.buffer, joined.byteOffset, Math.max(0, end));
}

/**
 * Asks for a password on the terminal. Nothing that is typed is shown, not even its length.
 *
 * @throws UsageError when there is no terminal to ask on
 */
export async function askPassword(
  line: Pick<CommandLine, 'signal' | 'stderr' | 'stdin'>,
  question: string,
): Promise<Uint8Array> {
  if (line.stdin.isTTY !== true) {
    throw new UsageError(
      'There is no terminal to ask for the password on. Give it with --password-fd 0 < FILE, or a key with --identity FILE.',
    );
  }
  // readline edits the line (backspace, paste, UTF-8) and puts the terminal into raw mode; what it would echo
  // goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: line.stdin, output: nowhere, terminal: true, historySize: 0 });
  // Only now: until readline has the terminal, the terminal itself echoes.
  line.stderr.write(question);
  try {
    return await new Promise<Uint8Array>((resolve, reject) => {
      const abort = (): void => reject(line.signal.reason);
      line.signal.addEventListener('abort', abort, { once: true });
      reader.once('SIGINT', () => reject(new Interrupted('Stopped.')));
      reader.once('close', () => reject(new Interrupted('Stopped.')));
      reader.once('line', (typed) => resolve(new TextEncoder().encode(typed)));
    });
  } finally {
    reader.close();
    line.stderr.write('\n');
  }
}
