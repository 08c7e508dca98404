import { resolve } from 'node:path';
import { iterateBytes } from '../../../bytes.js';
import type {
  GetOptions,
  PutOptions,
  ReplayableSource,
  StorageAdapter,
  StorageCapabilities,
  StorageFailure,
  StoredObject,
} from '../../adapter.js';
import { classifyByCode } from '../../classify.js';
import { assertFileKey } from '../names.js';
import type { FileSystemStorageOptions } from '../options.js';
import { endIdleHelper, type Helper, helperFor, type Listener, type UnderWay } from './helper.js';
import { type Asked, messagesUnderWay, objectIn } from './messages.js';

type Call = Omit<Asked, 'id' | 'options'>;

/** A store in a folder, used through a separate process that is abandoned when the folder does not answer. */
export class ApartStorage implements StorageAdapter, AsyncDisposable {
  readonly description: string;
  readonly capabilities: StorageCapabilities;
  /** The same in this process, if no other can be started. */
  readonly #here: StorageAdapter;
  readonly #options: FileSystemStorageOptions;
  readonly #silence: number;

  constructor(options: FileSystemStorageOptions, here: StorageAdapter, silence: number) {
    const { path, reserveBytes, staleAfter } = options;
    this.#options = {
      path: resolve(path),
      ...(reserveBytes !== undefined && { reserveBytes }),
      ...(staleAfter !== undefined && { staleAfter }),
    };
    this.#here = here;
    this.#silence = silence;
    this.description = here.description;
    this.capabilities = here.capabilities;
  }

  async put(key: string, source: ReplayableSource, options: PutOptions = {}): Promise<StoredObject> {
    assertFileKey(key);
    const { signal, onProgress, ifAbsent } = options;
    const helper = await this.#helper(signal);
    if (helper === null) return this.#here.put(key, source, options);
    let underWay = 0;
    let wake: (() => void) | undefined;
    const { size, sha256 } = source;
    const call: Call = {
      call: 'put',
      name: key,
      source: { size, ...(sha256 !== undefined && { sha256 }) },
      ...(ifAbsent === true && { ifAbsent }),
    };
    const onTaken = (): void => {
      underWay -= 1;
      wake?.();
    };
    let open: () => void = () => undefined;
    const opened = new Promise<void>((done) => {
      open = done;
    });
    const work = this.#begin(helper, call, { onOpened: open, onTaken, ...(onProgress && { onProgress }) });
    let isOver = false;
    const end = (): void => {
      isOver = true;
      wake?.();
    };
    work.done.then(end, end);
    const give = async (): Promise<void> => {
      work.waits(false);
      for await (const chunk of iterateBytes(source.open(), signal)) {
        work.waits(true);
        while (underWay >= messagesUnderWay && !isOver) {
          await new Promise<void>((done) => {
            wake = done;
          });
        }
        if (isOver) return;
        underWay += 1;
        work.send({ chunk });
        // From here on this waits for the source, not for the folder.
        if (underWay < messagesUnderWay) work.waits(false);
      }
      work.waits(true);
      work.send({ chunk: null });
    };
    const given = opened.then(give);
    given.catch(() => undefined);
    const stored = await this.#ending(work, signal, async () => {
      // A failure of the source comes first: the store knows only that bytes are missing.
      return Promise.race([given.then(() => work.done), work.done]);
    });
    return objectIn(stored)!;
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array> {
    assertFileKey(key);
    const { range, signal } = options;
    const helper = await this.#helper(signal);
    if (helper === null) yield* this.#here.get(key, options);
    else yield* this.#items<Uint8Array>(helper, { call: 'get', name: key, ...(range && { range }) }, signal);
  }

  async stat(
    key: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<StoredObject | null> {
    assertFileKey(key);
    const helper = await this.#helper(options.signal);
    if (helper === null) return this.#here.stat(key, options);
    const work = this.#begin(helper, { call: 'stat', name: key }, {});
    return objectIn(await this.#ending(work, options.signal, () => work.done));
  }

  async *list(
    prefix: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<StoredObject> {
    const helper = await this.#helper(options.signal);
    if (helper === null) yield* this.#here.list(prefix, options);
    else yield* this.#items<StoredObject>(helper, { call: 'list', name: prefix }, options.signal);
  }

  async delete(key: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    assertFileKey(key);
    const helper = await this.#helper(options.signal);
    if (helper === null) return this.#here.delete(key, options);
    const work = this.#begin(helper, { call: 'delete', name: key }, {});
    await this.#ending(work, options.signal, () => work.done);
  }

  classify(error: unknown): StorageFailure {
    return classifyByCode(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endIdleHelper(this.#options.path);
  }

  async #helper(signal: AbortSignal | undefined): Promise<Helper | null> {
    signal?.throwIfAborted();
    for (;;) {
      const helper = helperFor(this.#options.path);
      if (helper === null) return null;
      const runs = await helper.runs;
      signal?.throwIfAborted();
      if (!runs) return null;
      if (!helper.isOver) return helper;
    }
  }

  #begin(helper: Helper, call: Call, listener: Listener): UnderWay {
    return helper.begin({ ...call, options: this.#options }, listener, this.#silence, () => this.description);
  }

  /**
   * Waits for the end of an operation; the signal ends the wait at once, and the other process cleans up
   * later.
   */
  async #ending<Result>(
    work: UnderWay,
    signal: AbortSignal | undefined,
    wait: () => Promise<Result>,
  ): Promise<Result> {
    let hear: (() => void) | undefined;
    const aborted = new Promise<never>((_, reject) => {
      hear = () => reject(signal?.reason as Error);
      signal?.addEventListener('abort', hear, { once: true });
    });
    try {
      return await Promise.race([wait(), aborted]);
    } catch (error) {
      await work.stop();
      signal?.throwIfAborted();
      throw error;
    } finally {
      if (hear !== undefined) signal?.removeEventListener('abort', hear);
      aborted.catch(() => undefined);
    }
  }

  async *#items<Item>(helper: Helper, call: Call, signal: AbortSignal | undefined): AsyncGenerator<Item> {
    const arrived: (readonly Item[])[] = [];
    let wake: (() => void) | undefined;
    let isOver = false;
    const onItems: Listener['onItems'] = (items) => {
      arrived.push(items as readonly Item[]);
      wake?.();
    };
    const work = this.#begin(helper, call, { onItems });
    const end = (): void => {
      isOver = true;
      wake?.();
    };
    work.done.then(end, end);
    try {
      for (;;) {
        work.waits(true);
        await this.#ending(work, signal, async () => {
          while (arrived.length === 0 && !isOver) {
            await new Promise<void>((done) => {
              wake = done;
            });
          }
        });
        const items = arrived.shift();
        if (items === undefined) {
          await work.done;
          return;
        }
        // The caller is working, so this does not wait for the folder.
        work.waits(false);
        for (const item of items) {
          signal?.throwIfAborted();
          yield item;
        }
        work.send({ taken: true });
      }
    } finally {
      await work.stop();
    }
  }
}
