import { type ChildProcess, fork } from 'node:child_process';
import { BackupError } from '../../../errors.js';
import type { StoredObject, TransferProgress } from '../../adapter.js';
import { type Asked, type Reply, type Request, type Result, unpack } from './messages.js';
import { program } from './program.js';

// A share whose server has stopped answers no system call, and such a call cannot be cancelled: its thread
// blocks until the share is back. A process has four such threads for all its files, and cannot even end
// while one of them is blocked. So a separate process works on the share, and is abandoned when it falls
// silent.

/** How often its silence is checked, in milliseconds. */
const lookEvery = 1000;
/** A heartbeat says that the folder answers. Without progress it is trusted for so many times the silence. */
const mostBeats = 20;
/** How long an aborted operation may clean up, in milliseconds. */
const cleanupTime = 1000;
/** Longest that a process may take to start, on a busy machine, in milliseconds. */
const startTimeout = 60_000;
/** Without work it ends after this time, in milliseconds. */
const idleTimeout = 10_000;

/** Callbacks of a running operation. */
export interface Listener {
  readonly onItems?: (items: readonly (StoredObject | Uint8Array)[]) => void;
  readonly onOpened?: () => void;
  readonly onTaken?: () => void;
  readonly onProgress?: (progress: TransferProgress) => void;
}

interface Task {
  readonly listener: Listener;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  /** After so many checks without a sign of life it is abandoned. */
  readonly mostLooks: number;
  readonly describe: () => string;
  looksWithoutSign: number;
  looksWithoutProgress: number;
  /** False while the other process waits for this one. */
  isWaiting: boolean;
}

/** An operation that runs in the other process. */
export interface UnderWay {
  readonly done: Promise<Result>;
  send(message: { readonly chunk: Uint8Array | null } | { readonly taken: true }): void;
  /** Says whether this process waits for the other one, or the other way round. */
  waits(isWaiting: boolean): void;
  /** Aborts it; resolves when it has ended, or did not end in time. */
  stop(): Promise<void>;
}

const helpers = new Map<string, Helper>();
let nextId = 1;

/** The process that works in a folder, one for each folder in use; null where its program is missing. */
export function helperFor(base: string): Helper | null {
  const there = helpers.get(base);
  if (there !== undefined) return there;
  if (program === null) return null;
  const made = new Helper(program, () => {
    if (helpers.get(base) === made) helpers.delete(base);
  });
  helpers.set(base, made);
  return made;
}

/** Ends the process of a folder, if there is one and it has nothing to do. */
export async function endIdleHelper(base: string): Promise<void> {
  await helpers.get(base)?.endIfIdle();
}

/** A process that works in one folder. */
export class Helper {
  /** Whether it could be started; otherwise the work is done in this process. */
  readonly runs: Promise<boolean>;
  /** It was abandoned: further work starts another one. */
  isOver = false;
  readonly #child: ChildProcess;
  readonly #forget: () => void;
  readonly #tasks = new Map<number, Task>();
  readonly #looking: NodeJS.Timeout;
  #idle: NodeJS.Timeout | undefined;

  constructor(path: string, forget: () => void) {
    this.#forget = forget;
    this.#child = fork(path, [], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    });
    this.runs = new Promise((resolve) => {
      const late = setTimeout(() => {
        resolve(false);
        this.#giveUp();
      }, startTimeout);
      this.#child.on('message', (reply: Reply) => {
        if ('ready' in reply) {
          clearTimeout(late);
          resolve(true);
        } else this.#hear(reply);
      });
      for (const event of ['error', 'exit'] as const) {
        this.#child.on(event, () => {
          clearTimeout(late);
          resolve(false);
        });
      }
    });
    for (const event of ['error', 'exit'] as const) this.#child.on(event, () => this.#giveUp());
    this.#looking = setInterval(() => this.#look(), lookEvery).unref();
    // While a caller waits for its start, the program must not end for lack of work.
    void this.runs.then(() => {
      if (this.#tasks.size === 0) this.#rest();
    });
  }

  /** Begins a piece of work. @param silence - longest without a sign of life, in milliseconds */
  begin(asked: Omit<Asked, 'id'>, listener: Listener, silence: number, describe: () => string): UnderWay {
    const id = nextId;
    nextId += 1;
    clearTimeout(this.#idle);
    this.#child.ref();
    this.#child.channel?.ref();
    const done = new Promise<Result>((resolve, reject) => {
      this.#tasks.set(id, {
        listener,
        resolve,
        reject,
        mostLooks: Math.max(1, Math.ceil(silence / lookEvery)),
        describe,
        looksWithoutSign: 0,
        looksWithoutProgress: 0,
        isWaiting: true,
      });
    });
    done.catch(() => undefined);
    this.#say({ id, ...asked });
    return {
      done,
      send: (message) => this.#say({ id, ...message }),
      waits: (isWaiting) => {
        const task = this.#tasks.get(id);
        if (task !== undefined)
          Object.assign(task, { isWaiting, looksWithoutSign: 0, looksWithoutProgress: 0 });
      },
      stop: async () => {
        if (!this.#tasks.has(id)) return;
        this.#say({ id, stop: true });
        let late: NodeJS.Timeout | undefined;
        const ended = done.then(
          () => true,
          () => true,
        );
        const over = new Promise<boolean>((resolve) => {
          late = setTimeout(() => resolve(false), cleanupTime);
        });
        const hasEnded = await Promise.race([ended, over]);
        clearTimeout(late);
        if (hasEnded) return;
        // It may hang, so the next operation gets another process.
        this.#forget();
        this.#end(id);
        if (this.#tasks.size === 0) this.#giveUp();
      },
    };
  }

  /** Ends it unless somebody is at work with it; resolves when it has ended. */
  async endIfIdle(): Promise<void> {
    if (this.#tasks.size > 0 || this.isOver) return;
    const ended = new Promise<void>((resolve) => {
      // Do not wait for one that hangs in a system call.
      const late = setTimeout(resolve, cleanupTime);
      this.#child.once('exit', () => {
        clearTimeout(late);
        resolve();
      });
    });
    this.#giveUp();
    await ended;
  }

  #say(message: Request): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #hear(reply: Exclude<Reply, { readonly ready: true }>): void {
    if ('beat' in reply) {
      for (const task of this.#tasks.values()) task.looksWithoutSign = 0;
      return;
    }
    const task = this.#tasks.get(reply.id);
    if (task === undefined) return;
    task.looksWithoutSign = 0;
    task.looksWithoutProgress = 0;
    if ('items' in reply) task.listener.onItems?.(reply.items);
    else if ('opened' in reply) task.listener.onOpened?.();
    else if ('taken' in reply) task.listener.onTaken?.();
    else if ('progress' in reply) task.listener.onProgress?.(reply.progress);
    else {
      this.#end(reply.id);
      if ('failure' in reply) task.reject(unpack(reply.failure));
      else task.resolve(reply.result);
    }
  }

  // Counts checks and not time: a computer that slept has missed no sign of life.
  #look(): void {
    for (const task of this.#tasks.values()) {
      if (!task.isWaiting) continue;
      task.looksWithoutSign += 1;
      task.looksWithoutProgress += 1;
      if (task.looksWithoutSign <= task.mostLooks && task.looksWithoutProgress <= task.mostLooks * mostBeats)
        continue;
      this.#giveUp();
      return;
    }
  }

  #end(id: number): void {
    this.#tasks.delete(id);
    if (this.#tasks.size === 0) this.#rest();
  }

  /** An idle one keeps no process from ending, and ends after a while. */
  #rest(): void {
    if (this.isOver) return;
    this.#child.unref();
    this.#child.channel?.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#giveUp(), idleTimeout).unref();
  }

  #giveUp(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#forget();
    clearInterval(this.#looking);
    clearTimeout(this.#idle);
    for (const task of this.#tasks.values()) {
      task.reject(
        new BackupError('storage-transient', `The ${task.describe()} does not answer.`, {
          details: { reason: 'silent' },
        }),
      );
    }
    this.#tasks.clear();
    // A hanging system call may survive even this, so do not wait for it.
    this.#child.kill('SIGKILL');
    if (this.#child.connected) this.#child.disconnect();
    this.#child.unref();
  }
}
