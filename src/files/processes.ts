import { readFileSync } from 'node:fs';

import { systemCodeOf } from './failures.js';

/** Whether a process of this machine is alive. A zombie counts as dead. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !isDefunct(pid);
  } catch (error) {
    // EPERM: it lives, but belongs to somebody else.
    return systemCodeOf(error) !== 'ESRCH';
  }
}

// In a container often nothing reaps orphaned processes.
function isDefunct(pid: number): boolean {
  try {
    return /\) [ZX] /u.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}
