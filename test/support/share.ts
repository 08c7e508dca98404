import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from './private-server.js';
import { startWatchdog } from './watchdog.js';

/** A real SMB share on loopback, mounted as a folder, without a cache between. */
export interface Share {
  /** The share, as this machine sees it. */
  readonly path: string;
  /** The same folder, as the server sees it. */
  readonly served: string;
  /** Ends the server in the middle of whatever it does. */
  kill(): Promise<void>;
  /** Starts the server again, on the same files. */
  revive(): Promise<void>;
  /** Lets every call into the mount hang, as when the way to the server is gone and nobody says so. */
  hang(): void;
  /** Ends the hanging. */
  goOn(): void;
  /** Unmounts, ends what still runs and removes the files. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
const programs = ['smbd', 'pdbedit', 'rclone', 'fusermount3'];

/** Why there can be no share here, or undefined when there can be one. */
export function whyNoShare(): string | undefined {
  const folders = `${process.env['PATH'] ?? ''}${delimiter}/usr/sbin`.split(delimiter);
  const missing = programs.filter((name) => !folders.some((folder) => existsSync(join(folder, name))));
  if (missing.length > 0) {
    return `missing: ${missing.join(', ')}: apt-get install --no-install-recommends samba rclone fuse3`;
  }
  if (process.getuid?.() !== 0) return 'a private SMB server needs root';
  return existsSync('/dev/fuse') ? undefined : '/dev/fuse is missing';
}

/**
 * Starts a server with one empty share, and mounts it.
 *
 * @param disk - an empty folder for the files of the share. @defaultValue one of its own
 */
export async function startShare(disk?: string): Promise<Share> {
  const missing = whyNoShare();
  if (missing !== undefined) throw new Error(missing);
  const directory = mkdtempSync(join(tmpdir(), 'sb-share-'));
  const watchdog = startWatchdog(directory);
  const path = join(directory, 'mounted');
  // A folder in the share, because the mount leaves a stray entry at the root of a share.
  const root = disk ?? join(directory, 'served');
  const served = join(root, 'backup');
  mkdirSync(served, { recursive: true });
  mkdirSync(path);
  const port = await freePort();
  const configuration = join(directory, 'smb.conf');
  writeFileSync(configuration, configurationOf(directory, root, port));
  const children: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]): ChildProcess => {
    const child = spawn(program, [...args], { stdio: 'ignore', detached: true });
    const { pid } = child;
    if (pid !== undefined) {
      watchdog.watch(pid);
      child.once('exit', () => watchdog.forget(pid));
    }
    child.once('error', () => undefined);
    child.unref();
    children.push(child);
    return child;
  };
  let server: ChildProcess | undefined;
  let mount: ChildProcess | undefined;
  let mountAnew = async (): Promise<void> => undefined;
  const stop = async (): Promise<void> => {
    await run('fusermount3', ['-u', '-z', path]).catch(() => undefined);
    for (const child of children) await end(child);
    await watchdog.release();
  };
  const serve = async (): Promise<void> => {
    // Each connection has a process of its own; as a group they end together.
    server = start('smbd', ['--foreground', '--no-process-group', '-s', configuration]);
    await until('the SMB server', () => answers(port));
  };
  const mounted = async (): Promise<void> => {
    await mkdir(join(served, 'probe'));
    await until('the mount', async () => (await readdir(path)).includes('probe'));
    await run('rmdir', [join(served, 'probe')]);
  };
  try {
    await addUser(configuration);
    await serve();
    const { stdout } = await run('rclone', ['obscure', password]);
    const remote = `:smb,host=127.0.0.1,port=${port},user=root,pass='${stdout.trim()}':share/backup`;
    const uncached = ['--vfs-cache-mode', 'off', '--dir-cache-time', '0s'];
    // Without the cutoff, rclone 1.60 now and then crashes over the small files it copies by itself.
    const plain = ['--config', '/dev/null', '--streaming-upload-cutoff', '0'];
    // As usual it would ask a dead server ten times, two seconds apart, one call of ours after the other, and
    // still do so when the server is back: what a share says of a dead server at once is what is tested here.
    const frank = ['--low-level-retries', '1'];
    mountAnew = async () => {
      await run('fusermount3', ['-u', '-z', path]).catch(() => undefined);
      mount = start('rclone', ['mount', remote, path, ...uncached, ...plain, ...frank]);
      await mounted();
    };
    await mountAnew();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    path,
    served,
    kill: async () => {
      if (server !== undefined) await end(server);
    },
    revive: async () => {
      await serve();
      // The mount may not have survived the death of its server.
      await (mount?.exitCode === null ? mounted() : mountAnew());
    },
    hang() {
      mount?.kill('SIGSTOP');
      // A signal takes a moment to stop every thread, and one that runs may still answer.
      while (mount?.pid !== undefined && mount.exitCode === null && !isStopped(mount.pid));
    },
    goOn: () => void mount?.kill('SIGCONT'),
    stop,
  };
}

function isStopped(pid: number): boolean {
  return readdirSync(`/proc/${pid}/task`).every((thread) => {
    const told = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return told.slice(told.lastIndexOf(')') + 2, told.lastIndexOf(')') + 3) === 'T';
  });
}

const password = 'of-the-test-share';

function configurationOf(directory: string, root: string, port: number): string {
  return `[global]
server role = standalone server
smb ports = ${port}
interfaces = 127.0.0.1/8
bind interfaces only = yes
private dir = ${directory}
lock directory = ${directory}
state directory = ${directory}
cache directory = ${directory}
pid directory = ${directory}
ncalrpc dir = ${directory}/ncalrpc
log file = ${directory}/log
passdb backend = tdbsam:${directory}/passdb.tdb
load printers = no
disable spoolss = yes
[share]
path = ${root}
read only = no
`;
}

function addUser(configuration: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile('pdbedit', ['-a', '-t', '-u', 'root', '-s', configuration], (error) =>
      error === null ? resolve() : reject(error),
    );
    child.stdin?.end(`${password}\n${password}\n`);
  });
}

// The whole group: the child leads one of its own.
function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return resolve();
    child.ref();
    child.once('exit', () => resolve());
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      child.kill('SIGKILL');
    }
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function until(what: string, isReady: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (await isReady().catch(() => false)) return;
    await delay(50);
  }
  throw new Error(`${what} did not start`);
}
