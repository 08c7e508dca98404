// The program of the process that works on a share: see `helper.ts`. It ends with the process that started
// it.

import { lstat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { lookAtFolder } from '../../../files/look-at-folder.js';
import type { StorageAdapter, StoredObject } from '../../adapter.js';
import { FileSystemStorage } from '../file-system.js';
import type { FileSystemStorageOptions } from '../options.js';
import { type Asked, messagesUnderWay, pack, type Reply, type Request, type Result } from './messages.js';

/** How often the folder is probed, in milliseconds. */
const beatEvery = 1000;

class Work {
  readonly stop: AbortController = new AbortController();
  readonly #arrived: (Uint8Array | null)[] = [];
  #underWay = 0;
  #wake: (() => void) | undefined;

  arrive(chunk: Uint8Array | null): void {
    this.#arrived.push(chunk);
    this.#wake?.();
  }

  wasTaken(): void {
    this.#underWay -= 1;
    this.#wake?.();
  }

  end(): void {
    this.stop.abort(new Error('not wanted any more'));
    this.#wake?.();
  }

  async *arriving(onTaken: () => void): AsyncGenerator<Uint8Array> {
    for (;;) {
      await this.#until(() => this.#arrived.length > 0);
      const chunk = this.#arrived.shift();
      if (chunk === null || chunk === undefined) return;
      onTaken();
      yield chunk;
    }
  }

  async room(): Promise<void> {
    await this.#until(() => this.#underWay < messagesUnderWay);
    this.#underWay += 1;
  }

  async #until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      this.stop.signal.throwIfAborted();
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
    this.stop.signal.throwIfAborted();
  }
}

const work = new Map<number, Work>();
const stores = new Map<string, StorageAdapter>();
let base: string | undefined;

function say(reply: Reply): void {
  if (process.connected) process.send?.(reply, undefined, undefined, () => undefined);
}

function storeOf(options: FileSystemStorageOptions): StorageAdapter {
  const name = JSON.stringify(options);
  const store = stores.get(name) ?? new FileSystemStorage(options);
  stores.set(name, store);
  base ??= resolve(options.path);
  return store;
}

async function perform(request: Asked, own: Work): Promise<Result> {
  const { id, call, name } = request;
  const store = storeOf(request.options);
  const { signal } = own.stop;
  switch (call) {
    case 'stat':
      return store.stat(name, { signal });
    case 'look':
      return lookAtFolder(name, request.write === true);
    case 'delete':
      await store.delete(name, { signal });
      return undefined;
    case 'put': {
      const { size, sha256 } = request.source!;
      const source = {
        size,
        ...(sha256 !== undefined && { sha256 }),
        open: () => {
          say({ id, opened: true });
          return own.arriving(() => say({ id, taken: true }));
        },
      };
      return store.put(name, source, {
        signal,
        ...(request.ifAbsent === true && { ifAbsent: true }),
        onProgress: (progress) => say({ id, progress }),
      });
    }
    case 'get':
      for await (const chunk of store.get(name, { signal, ...(request.range && { range: request.range }) })) {
        await own.room();
        say({ id, items: [chunk] });
      }
      return undefined;
    case 'list': {
      let items: StoredObject[] = [];
      for await (const object of store.list(name, { signal })) {
        items.push(object);
        if (items.length < 100) continue;
        await own.room();
        say({ id, items });
        items = [];
      }
      if (items.length > 0) say({ id, items });
      return undefined;
    }
  }
}

async function serve(request: Asked): Promise<void> {
  const own = new Work();
  work.set(request.id, own);
  try {
    say({ id: request.id, result: await perform(request, own) });
  } catch (error) {
    say({ id: request.id, failure: pack(error) });
  } finally {
    work.delete(request.id);
  }
}

let isAsking = false;
async function beat(): Promise<void> {
  if (isAsking || base === undefined || work.size === 0) return;
  isAsking = true;
  // Any answer counts, also that there is nothing.
  await lstat(base).catch(() => undefined);
  isAsking = false;
  say({ beat: true });
}

process.on('message', (message) => {
  const request = message as Request;
  if ('call' in request) void serve(request);
  else if ('chunk' in request) work.get(request.id)?.arrive(request.chunk);
  else if ('taken' in request) work.get(request.id)?.wasTaken();
  else work.get(request.id)?.end();
});
// An orderly exit would wait for a thread that hangs in the share.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
setInterval(() => void beat(), beatEvery).unref();
say({ ready: true });
