import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { runCommandLine } from '../../src/cli/run-command-line.js';
import { projectRoot } from '../support/project.js';

/** How a run of the command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs `supplemental-backup` as a script would: no terminal, the password on descriptor 3 when one is given.
 */
export function runCli(
  argv: readonly string[],
  options: {
    readonly password?: string | Uint8Array;
    readonly env?: Readonly<Record<string, string | undefined>>;
    /** Ends it once it has said this to its user. */
    readonly until?: RegExp;
    /** Presses Ctrl-C when this has happened. */
    readonly interruptAfter?: Promise<void>;
  } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(projectRoot, 'dist/src/cli/main.js'), ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      // Not among the files of whoever runs the tests.
      env: { ...process.env, SUPPLEMENTAL_BACKUP_AUDIT: '', ...options.env },
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let isToldToEnd = false;
    child.stdout!.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => {
      stderr.push(chunk);
      if (!isToldToEnd && options.until?.test(Buffer.concat(stderr).toString()) === true) {
        // A second one would end it at once.
        isToldToEnd = true;
        child.kill();
      }
    });
    void options.interruptAfter?.then(() => child.kill('SIGINT'));
    const pipe = child.stdio[3] as NodeJS.WritableStream;
    pipe.on('error', () => undefined);
    pipe.end(options.password ?? '');
    child.once('error', reject);
    child.once('close', (code) => {
      const ended = {
        code,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      };
      assertAsPublished(argv, ended).then(() => resolve(ended), reject);
    });
  });
}

/**
 * The same within this process, where the words need no process of their own: much quicker, and the clock is
 * in the hands of the test. A password is on whatever descriptor is free: `3` in the words stands for it.
 */
export async function runHere(
  argv: readonly string[],
  options: {
    readonly password?: string | Uint8Array;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly now?: () => Date;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Ended> {
  const { password, ...others } = options;
  if (password !== undefined) {
    return withPassword(password, (descriptor) =>
      runHere(
        argv.map((word, i) => (argv[i - 1]?.endsWith('-fd') === true ? descriptor : word)),
        others,
      ),
    );
  }
  const written: Record<'stderr' | 'stdout', Buffer[]> = { stdout: [], stderr: [] };
  const collecting = (name: keyof typeof written): Writable =>
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        // What is written may be used again.
        written[name].push(Buffer.from(chunk));
        done();
      },
    });
  const textOf = (name: keyof typeof written): string => Buffer.concat(written[name]).toString();
  const code = await runCommandLine(argv, {
    stdin: Readable.from([]),
    stdout: collecting('stdout'),
    stderr: collecting('stderr'),
    env: { SUPPLEMENTAL_BACKUP_AUDIT: '', ...options.env },
    signal: options.signal ?? new AbortController().signal,
    ...(options.now === undefined ? {} : { now: options.now }),
  });
  const ended = { code, stdout: textOf('stdout'), stderr: textOf('stderr') };
  await assertAsPublished(argv, ended);
  return ended;
}

/** Every document that a test gets to see with `--json` is one that the published schema promises. */
async function assertAsPublished(argv: readonly string[], { code, stdout, stderr }: Ended): Promise<void> {
  // Where the data goes to stdout, the document does not.
  const said = argv.includes('-') ? stderr : stdout;
  if (!argv.includes('--json') || said === '' || code === null) return;
  const { faultsIn } = (await import(pathToFileURL(join(projectRoot, 'test/validate-json.mjs')).href)) as {
    faultsIn(command: string | undefined, document: unknown): string | null;
  };
  const command = argv.find((word) => !word.startsWith('-'));
  assert.equal(faultsIn(command, JSON.parse(said)), null, argv.join(' '));
}

/** Runs something with a descriptor that holds a password. */
export async function withPassword<Result>(
  password: string | Uint8Array,
  work: (descriptor: string) => Promise<Result>,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'sb-password-'));
  const file = join(folder, 'password');
  writeFileSync(file, password);
  const descriptor = openSync(file, 'r');
  try {
    return await work(String(descriptor));
  } finally {
    closeSync(descriptor);
    rmSync(folder, { recursive: true });
  }
}
