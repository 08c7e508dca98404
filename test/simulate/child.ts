import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** What a simulation in a process of its own came to. */
export interface Simulated {
  readonly isGood: boolean;
  readonly output: string;
}

/** Simulates in a process of its own, whose time and files are not those of this machine. */
export async function simulateInChild(words: readonly string[]): Promise<Simulated> {
  const lines: string[] = [];
  const isGood = await startSimulation(words, (line) => lines.push(line));
  return { isGood, output: `${lines.join('\n')}\n` };
}

/**
 * Tells several stories in one process, which learns the code but once.
 *
 * @param stories - each `SEED:DAYS`, or `SEED:DAYS:log` where all that happens is told
 */
export async function tellInChild(stories: readonly string[]): Promise<readonly string[]> {
  const lines: string[] = [];
  await startSimulation(stories, (line) => lines.push(line), 'tell-stories.js');
  return lines;
}

/** The same, told line by line. @returns whether every promise was kept */
export function startSimulation(
  words: readonly string[],
  onLine: (line: string) => void,
  program: string = 'main.js',
): Promise<boolean> {
  const register = new URL('./register.js', import.meta.url).href;
  const main = fileURLToPath(new URL(`./${program}`, import.meta.url));
  // Each process has a core, and makes much that is soon forgotten.
  const memory = ['--single-threaded-gc', '--max-semi-space-size=32'];
  const child = spawn(process.execPath, [...memory, '--import', register, main, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = (): boolean => child.kill();
  process.once('SIGTERM', stop);
  child.once('close', () => process.off('SIGTERM', stop));
  createInterface({ input: child.stdout }).on('line', onLine);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0));
  });
}
