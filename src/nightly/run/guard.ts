import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { BackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import { closeAfter } from '../../files/fill-file.js';
import { isProcessAlive } from '../../files/processes.js';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { retryWhileBusy } from '../../files/retry-while-busy.js';
import { count, fromJson, objectOf, optional, text } from '../../shapes.js';

/** The right to be the only run of a practice. */
export interface Guard {
  /** Gives it back; never rejects. */
  release(): Promise<void>;
}

/** The content of a guard's file. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /**
   * Start time of the process, which distinguishes it from a later one with the same number. Absent where the
   * system does not say.
   */
  readonly processStart?: string;
  /** The boot id of the machine. */
  readonly boot?: string;
  readonly token: string;
}

const isHolder = objectOf<Holder>({
  pid: count,
  host: text,
  processStart: optional(text),
  boot: optional(text),
  token: text,
});

/**
 * How often a holder updates its file. Where nothing else can tell, it counts as dead without updates.
 * Milliseconds.
 */
const heartbeat = 30_000;
const heartbeatTimeout = 600_000;
/**
 * A guard is written at once; one that cannot be read after this time was left by a power cut. Milliseconds.
 */
const writingTimeout = 60_000;

/**
 * Makes sure that no two runs work in one spool folder, across processes. The guard of a dead process, or of
 * a machine that was switched off, is taken over.
 *
 * A guard is never removed while its holder may be alive: a process that finds an abandoned guard creates the
 * next one, which only one of several can, and only then removes those before it. If it then finds another
 * holder alive, it steps back.
 *
 * @param folder - the spool folder
 * @throws BackupError `already-running`, `storage-full` and others of the disk
 */
export async function acquireGuard(folder: string): Promise<Guard> {
  const holder: Holder = {
    pid: process.pid,
    host: hostname(),
    ...(await processFacts(process.pid)),
    token: randomBytes(16).toString('hex'),
  };
  for (let attempt = 0; attempt < 3; attempt++) {
    const before = await guardsIn(folder);
    await refuseWhereAlive(before);
    const path = join(folder, nameOfGuard(Math.max(-1, ...before.map(({ number }) => number)) + 1));
    if (!(await tryToHold(path, holder))) continue;
    try {
      const others = (await guardsIn(folder)).filter((other) => other.path !== path);
      await refuseWhereAlive(others);
      for (const other of others) await removeGuard(other.path);
    } catch (error) {
      await releaseGuard(path, holder.token);
      throw error;
    }
    return held(path, holder.token);
  }
  throw alreadyRunning('');
}

const firstName = 'running.lock';

/** `running.lock`, `running.lock.1`, `running.lock.2` … */
function nameOfGuard(number: number): string {
  return number === 0 ? firstName : `${firstName}.${number}`;
}

/** The file of a guard, its holder's or one left behind. */
interface GuardFile {
  readonly path: string;
  readonly number: number;
}

async function guardsIn(folder: string): Promise<readonly GuardFile[]> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    throw fileSystemFailure(error, `spool folder ${folder}`);
  }
  return names.flatMap((name) => {
    const [, number] = /^running\.lock(?:\.(\d{1,9}))?$/.exec(name) ?? [undefined, null];
    return number === null ? [] : [{ path: join(folder, name), number: Number(number ?? 0) }];
  });
}

async function refuseWhereAlive(guards: readonly GuardFile[]): Promise<void> {
  for (const { path } of guards) {
    const found = await readFileIfThere(path).catch((error: unknown) => {
      throw fileSystemFailure(error, `spool folder ${dirname(path)}`);
    });
    if (found !== null && !(await isLeftBehind(path, found))) throw alreadyRunning(found);
  }
}

/** @returns false when somebody holds it already */
async function tryToHold(path: string, holder: Holder): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw fileSystemFailure(error, `spool folder ${dirname(path)}`);
  }
  try {
    await closeAfter(file, async () => {
      await file.writeFile(JSON.stringify(holder));
      await file.sync();
    });
    return true;
  } catch (error) {
    // On a full disk an empty guard would block every run for a while.
    await releaseGuard(path, holder.token);
    throw fileSystemFailure(error, `spool folder ${dirname(path)}`);
  }
}

/** Guards that this process released but could not remove, because its disk failed just then. */
const released = new Set<string>();

/** @throws BackupError of the disk, also if another program has the file open for long */
async function removeGuard(path: string): Promise<void> {
  try {
    await retryWhileBusy(() => rm(path, { force: true }));
  } catch (error) {
    throw fileSystemFailure(error, `spool folder ${dirname(path)}`);
  }
}

/** Removes a guard of this process, or marks it as abandoned for the next run. Never rejects. */
async function releaseGuard(path: string, token: string): Promise<void> {
  try {
    await rm(path, { force: true });
  } catch {
    released.add(token);
  }
}

function held(path: string, token: string): Guard {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, heartbeat);
  beat.unref();
  return {
    async release() {
      clearInterval(beat);
      try {
        if ((await readFile(path, 'utf8')).includes(token)) await releaseGuard(path, token);
      } catch {
        // The next run, of this process or another, finds it abandoned.
        released.add(token);
      }
    },
  };
}

async function isLeftBehind(path: string, json: string): Promise<boolean> {
  const age = await ageOf(path);
  const holder = parseHolder(json);
  if (holder === null) return age > writingTimeout;
  if (released.has(holder.token)) return true;
  if (holder.host !== hostname()) return age > heartbeatTimeout;
  const mine = await processFacts(process.pid);
  if (holder.boot !== undefined && mine.boot !== undefined && holder.boot !== mine.boot) return true;
  if (!isProcessAlive(holder.pid)) return true;
  const theirs = await processFacts(holder.pid);
  if (holder.processStart !== undefined && theirs.processStart !== undefined) {
    return holder.processStart !== theirs.processStart;
  }
  // A process has that number now; only the updates of the file show whether it is still the same.
  return age > heartbeatTimeout;
}

// A guard dated in the future is as old: a living holder updates it by the present clock every half minute.
async function ageOf(path: string): Promise<number> {
  try {
    return Math.abs(Date.now() - (await stat(path)).mtimeMs);
  } catch {
    return 0;
  }
}

async function processFacts(pid: number): Promise<Pick<Holder, 'boot' | 'processStart'>> {
  if (process.platform !== 'linux') return {};
  try {
    const [processStat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The name of the program, in parentheses, may hold anything; the start time is the 20th field after it.
    const processStart = processStat.slice(processStat.lastIndexOf(')') + 2).split(' ')[19];
    return { boot: boot.trim(), ...(processStart === undefined ? {} : { processStart }) };
  } catch {
    return {};
  }
}

function parseHolder(json: string): Holder | null {
  const value = fromJson(json);
  return isHolder(value) ? value : null;
}

function alreadyRunning(json: string): BackupError {
  const holder = parseHolder(json);
  const who = holder === null ? '' : ` (process ${holder.pid} on ${holder.host})`;
  return new BackupError('already-running', `A backup of this practice is already running${who}.`, {
    details: { pid: holder?.pid, host: holder?.host },
  });
}
