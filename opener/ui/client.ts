import type { Opened, Problem, Progress, Questions, Said } from '../data/protocol.js';

/** Text of the worker's program; the build puts it here. */
declare const workerProgram: string;

/** A failure of the worker. */
export class Refused extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.kind);
    this.problem = problem;
  }
}

export interface AskOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Asks the worker. */
export interface Client {
  ask<Name extends keyof Questions>(
    question: Name,
    given: Parameters<Questions[Name]>,
    options?: AskOptions,
  ): Promise<ReturnType<Questions[Name]>>;
}

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Starts the worker from the text in this page; nothing is fetched. */
export function startClient(onDamaged: (damaged: Opened | 'looking') => void): Client {
  const address = URL.createObjectURL(new Blob([workerProgram], { type: 'text/javascript' }));
  const worker = new Worker(address);
  const waiting = new Map<number, Waiting>();
  let last = 0;
  worker.onmessage = ({ data }: MessageEvent<Said>) => {
    if ('damaged' in data) {
      onDamaged(data.damaged);
      return;
    }
    const asked = waiting.get(data.id);
    if (asked === undefined) return;
    if ('progress' in data) {
      asked.onProgress?.(data.progress);
      return;
    }
    waiting.delete(data.id);
    if ('problem' in data) asked.reject(new Refused(data.problem));
    else asked.resolve(data.answer as never);
  };
  worker.onerror = (event) => {
    for (const { reject } of waiting.values())
      reject(new Refused({ kind: 'unexpected', detail: event.message }));
    waiting.clear();
  };
  return {
    ask(question, given, { signal, onProgress } = {}) {
      const id = ++last;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject, onProgress });
        signal?.addEventListener('abort', () => {
          worker.postMessage({ id, dropped: true });
          waiting.delete(id);
          reject(new Refused({ kind: 'stopped' }));
        });
        worker.postMessage({ id, question, given });
      });
    },
  };
}
