import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What one run of a command cost. */
export interface Cost {
  readonly wallSeconds: number;
  /** Of the command's processes and of the server, together. */
  readonly cpuSeconds: number;
  readonly serverCpuSeconds: number;
  /** Of the largest single process of the command, not of the server. */
  readonly peakRssMb: number;
}

// Linux counts processor time in hundredths of a second, whatever the kernel's clock is.
const ticksPerSecond = 100;
const sampleMs = 20;

/**
 * Runs a shell command to its end and says what it cost.
 *
 * Time is taken from the kernel: processor time of all descendants from this process's own counters of
 * children, the server's from its counters, the peak of memory from each process's high-water mark, looked at
 * while it lives.
 *
 * @param serverPid - the database server; undefined when it is not on this machine
 * @throws Error when the command fails, with the end of what it wrote to stderr
 */
export async function measureCommand(command: string, serverPid: number | undefined): Promise<Cost> {
  const server = serverPid === undefined ? 0 : cpuOf(serverPid).own;
  const children = cpuOf('self').children;
  const start = performance.now();
  const child = spawn('bash', ['-c', `set -eo pipefail; ${command}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const peaks = new Map<number, number>();
  const sampler = setInterval(() => {
    if (child.pid !== undefined) notePeaks(child.pid, peaks);
  }, sampleMs);
  try {
    await ended(child, command);
  } finally {
    clearInterval(sampler);
  }
  const wallSeconds = (performance.now() - start) / 1000;
  const serverCpuSeconds = serverPid === undefined ? 0 : cpuOf(serverPid).own - server;
  return {
    wallSeconds,
    cpuSeconds: cpuOf('self').children - children + serverCpuSeconds,
    serverCpuSeconds,
    peakRssMb: Math.max(0, ...peaks.values()) / 1024,
  };
}

function ended(child: ChildProcess, command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let stderr = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr = (stderr + text).slice(-2000);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${command}\nended with ${code ?? signal}:\n${stderr}`));
    });
  });
}

/** Processor seconds: of the process itself, and of all its children that have ended. */
function cpuOf(pid: number | 'self'): { readonly own: number; readonly children: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const seconds = (user: number, system: number): number =>
    (Number(fields[user]) + Number(fields[system])) / ticksPerSecond;
  return { own: seconds(11, 12), children: seconds(13, 14) };
}

function notePeaks(pid: number, peaks: Map<number, number>): void {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const peak = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    peaks.set(pid, Math.max(peak, peaks.get(pid) ?? 0));
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    for (const child of children.split(' ').filter(Boolean)) notePeaks(Number(child), peaks);
  } catch {
    // It has just ended.
  }
}

/** Size of a file, or of all files of a folder, in megabytes of a million bytes. */
export function sizeMb(path: string): number {
  const size = (at: string): number => {
    const stat = statSync(at);
    return stat.isDirectory()
      ? readdirSync(at).reduce((sum, name) => sum + size(join(at, name)), 0)
      : stat.size;
  };
  return size(path) / 1e6;
}

/** The middle value; of two middle ones the mean. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
