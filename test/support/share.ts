import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
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

/** Starts a server with one empty share, and mounts it. */
export async function startShare(): Promise<Share> {
  const missing = whyNoShare();
  if (missing !== undefined) throw new Error(missing);
  const directory = mkdtempSync(join(tmpdir(), 'sb-share-'));
  const watchdog = startWatchdog(directory);
  const path = join(directory, 'mounted');
  // A folder in the share, because the mount leaves a stray entry at the root of a share.
  const served = join(directory, 'served', 'backup');
  mkdirSync(served, { recursive: true });
  mkdirSync(path);
  const port = await freePort();
  const configuration = join(directory, 'smb.conf');
  writeFileSync(configuration, configurationOf(directory, port));
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
  const stop = async (): Promise<void> => {
    await run('fusermount3', ['-u', '-z', path]).catch(() => undefined);
    for (const child of children) await end(child);
    await watchdog.release();
  };
  try {
    await addUser(configuration);
    // Each connection has a process of its own; as a group they end together.
    server = start('smbd', ['--foreground', '--no-process-group', '-s', configuration]);
    await until('the SMB server', () => answers(port));
    const { stdout } = await run('rclone', ['obscure', password]);
    const remote = `:smb,host=127.0.0.1,port=${port},user=root,pass='${stdout.trim()}':share/backup`;
    // Without the cutoff, rclone 1.60 now and then crashes over the small files it copies by itself.
    const quiet = ['--config', '/dev/null', '--streaming-upload-cutoff', '0'];
    start('rclone', ['mount', remote, path, '--vfs-cache-mode', 'off', '--dir-cache-time', '0s', ...quiet]);
    await mkdir(join(served, 'probe'));
    await until('the mount', async () => (await readdir(path)).includes('probe'));
    await run('rmdir', [join(served, 'probe')]);
  } catch (error) {
    await stop();
    throw error;
  }
  const smbd = server;
  return { path, served, kill: () => end(smbd), stop };
}

const password = 'of-the-test-share';

function configurationOf(directory: string, port: number): string {
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
path = ${directory}/served
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
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline) {
    if (await isReady().catch(() => false)) return;
    await delay(50);
  }
  throw new Error(`${what} did not start`);
}
