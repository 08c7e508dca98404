import { readFileSync } from 'node:fs';

/**
 * How much memory this process has had at most, in bytes. On Linux `maxRSS` also counts what the process that
 * started it had; VmHWM begins with the program.
 */
export function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  return Number(/^VmHWM:\s+([0-9]+) kB$/mu.exec(readFileSync('/proc/self/status', 'utf8'))![1]) * 1024;
}
