// What some tests need of the system they run on. Each says what is missing here, as the reason of a skipped
// test, or false where it is there. They try it: systems differ, and so do the folders of one.
import {
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Missing = string | false;

/** Opens a file and lets nobody else open, rename or remove it. Only Windows knows that. */
export const exclusively: number = 0x1000_0000;

/** Links that lead to another file or folder. */
export const noLinks: Missing = missing('needs symbolic links', (folder) => {
  symlinkSync(folder, join(folder, 'link'));
  return lstatSync(join(folder, 'link')).isSymbolicLink();
});

/** Files that only some may read or write, as Unix has it. */
export const noModes: Missing = missing('needs permissions of files', (folder) => {
  writeFileSync(join(folder, 'file'), '', { mode: 0o600 });
  return (statSync(join(folder, 'file')).mode & 0o777) === 0o600;
});

/** A list of the processes that a process has started. */
export const noProcessList: Missing = missing('needs a list of processes in /proc', () =>
  readFileSync('/proc/self/stat', 'utf8').startsWith(`${process.pid} `),
);

/** Files that whoever has them open keeps from all others. */
export const noFileLocks: Missing = missing('needs files that one program keeps from others', (folder) => {
  const path = join(folder, 'file');
  const file = openSync(path, 'w');
  closeSync(file);
  const held = openSync(path, exclusively);
  try {
    renameSync(path, `${path}.2`);
    return false;
  } catch {
    return true;
  } finally {
    closeSync(held);
  }
});

/** Signals that a program hears. Elsewhere whoever is sent one ends at once, so it cannot be tried. */
export const noSignals: Missing = process.platform === 'win32' && 'needs signals that a program hears';

function missing(reason: string, isThere: (folder: string) => boolean): Missing {
  const folder = mkdtempSync(join(tmpdir(), 'sb-needs-'));
  try {
    return !isThere(folder) && reason;
  } catch {
    return reason;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
