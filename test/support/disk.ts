import { tmpdir } from 'node:os';

/**
 * A folder on the disk of this machine, for tests of what a disk does, and for what outlives a run. In a whole
 * run the folder of `tmpdir()` may be in memory.
 */
export function diskFolder(): string {
  return process.env['TEST_DISK'] ?? tmpdir();
}
