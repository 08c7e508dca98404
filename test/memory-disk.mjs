// Tests write, sync and remove thousands of files, and most of their time is spent waiting for the disk. Where
// the machine has a file system in memory with room to spare, their temporary files are there.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isProcessAlive } from '../dist/src/files/processes.js';

const place = '/dev/shm';
/** Bytes that must be free there. A whole run needs a quarter of it. */
const room = 8 * 1024 ** 3;

/** An empty folder for the temporary files of one run; in memory, if possible. */
export function temporaryFolder() {
  const onDisk = mkdtempSync(join(tmpdir(), 'sb-tests-'));
  if (process.platform !== 'linux' || process.env.TMPDIR !== undefined) return onDisk;
  let inMemory;
  try {
    const { bavail, bsize } = statfsSync(place);
    if (Math.min(bavail * bsize, freemem()) < room) return onDisk;
    removeLeftovers();
    inMemory = mkdtempSync(join(place, `sb-tests-${process.pid}-`));
    // Some machines forbid programs there, and tests write some.
    const program = join(inMemory, 'program');
    writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    if (spawnSync(program).status !== 0) throw new Error('no programs here');
    rmSync(program);
    rmSync(onDisk, { recursive: true });
    return inMemory;
  } catch {
    if (inMemory !== undefined) rmSync(inMemory, { recursive: true, force: true });
    return onDisk;
  }
}

/** Of runs that were killed: they would hold their memory for ever. */
function removeLeftovers() {
  for (const name of readdirSync(place)) {
    const [, owner] = /^sb-tests-(\d+)-/.exec(name) ?? [];
    if (owner === undefined || isProcessAlive(Number(owner))) continue;
    try {
      rmSync(join(place, name), { recursive: true, force: true });
    } catch {
      // Another user's.
    }
  }
}
