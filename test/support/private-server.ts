import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { commonArguments, fillDataDirectory, findProgram, type PrivateKind } from './server-kinds.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

/** A server process of our own, in a temporary directory, on a free loopback port. */
export interface PrivateServer {
  readonly address: DatabaseAddress & { readonly password?: string };
  readonly socketPath: string;
  /** Holds `data`, `tmp`, `server.log`; removed at the end. */
  readonly directory: string;
  /** Process number of the running server; undefined while it is down. */
  pid(): number | undefined;
  /** Ends the server as a power cut does. The data directory stays for {@link PrivateServer.restart}. */
  kill9(): Promise<void>;
  /** Shuts down in good order if it runs, and starts on the same port, optionally with other arguments. */
  restart(args?: readonly string[]): Promise<void>;
  /** Ends the server and removes the directory. */
  stop(): Promise<void>;
}

/** A New York practice. Written out, so that it works on machines without time zone files. */
const practiceTimeZone = 'EST5EDT,M3.2.0,M11.1.0';
const startSeconds = 60;

export async function startPrivateServer(kind: PrivateKind, args: readonly string[]): Promise<PrivateServer> {
  const program = findProgram(kind);
  const directory = mkdtempSync(join(tmpdir(), `sb-${kind}-`));
  const watchdog = startWatchdog(directory);
  try {
    mkdirSync(join(directory, 'tmp'));
    await fillDataDirectory(program, join(directory, 'data'));
    const launch = (port: number, extra: readonly string[]): Promise<ServerProcess> =>
      launchServer(
        program.binary,
        [...commonArguments(directory, port), ...program.args, ...extra],
        program.environment,
        directory,
        watchdog,
      );
    let port = await freePort();
    let running: ServerProcess | undefined;
    for (let attempt = 1; running === undefined; attempt += 1) {
      try {
        running = await launch(port, args);
      } catch (error) {
        // A free port can be taken before the server has it.
        if (attempt === 3 || !/bind on/i.test(String(error))) throw error;
        port = await freePort();
      }
    }
    const address = { host: '127.0.0.1', port, user: 'root' };
    const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
      await running?.end(signal);
      running = undefined;
    };
    return {
      address,
      socketPath: join(directory, 'mysql.sock'),
      directory,
      pid: () => running?.pid,
      kill9: () => end('SIGKILL'),
      async restart(otherArgs = args) {
        await end('SIGTERM');
        running = await launch(port, otherArgs);
      },
      async stop() {
        await end('SIGKILL');
        await watchdog.release();
      },
    };
  } catch (error) {
    await watchdog.release();
    throw error;
  }
}

interface ServerProcess {
  readonly pid: number;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

async function launchServer(
  binary: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  directory: string,
  watchdog: Watchdog,
): Promise<ServerProcess> {
  const child: ChildProcess = spawn(binary, args, {
    stdio: 'ignore',
    // Its own session: Ctrl-C must not end it under a test that still wants to clean up.
    detached: true,
    env: { ...process.env, TZ: practiceTimeZone, ...environment },
  });
  let over: string | undefined;
  const exited = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      over = error.message;
      resolve();
    });
    child.once('exit', (code, signal) => {
      over = `exit ${code ?? signal}`;
      if (child.pid !== undefined) watchdog.forget(child.pid);
      resolve();
    });
  });
  if (child.pid !== undefined) watchdog.watch(child.pid);
  child.unref();
  const log = join(directory, 'server.log');
  const deadline = Date.now() + startSeconds * 1000;
  for (;;) {
    if (over !== undefined || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the private server did not start (${over ?? 'too slow'}):\n${tail(log)}`);
    }
    try {
      // By its socket: on the port somebody else's server could answer.
      const socketPath = join(directory, 'mysql.sock');
      const connection = await openConnection({ user: 'root', socketPath, connectTimeout: 2000 });
      await connection.close();
      break;
    } catch {
      await delay(50);
    }
  }
  return {
    pid: child.pid!,
    async end(signal) {
      if (over === undefined) {
        child.ref();
        child.kill(signal);
      }
      await exited;
    },
  };
}

function tail(log: string): string {
  try {
    return readFileSync(log, 'utf8').split('\n').slice(-25).join('\n');
  } catch {
    return '(no log)';
  }
}

/** A loopback port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const place = probe.address();
      probe.close(() =>
        typeof place === 'object' && place !== null ? resolve(place.port) : reject(new Error('no port')),
      );
    });
  });
}
