import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a simulation in a process of its own came to. */
export interface Simulated {
  readonly isGood: boolean;
  readonly output: string;
}

/** Simulates in a process of its own, whose time and files are not those of this machine. */
export function simulateInChild(words: readonly string[]): Promise<Simulated> {
  const beside = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--import', new URL('./register.js', import.meta.url).href, beside('./main.js'), ...words],
      { maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => resolve({ isGood: error === null, output: `${stdout}${stderr}` }),
    );
  });
}
