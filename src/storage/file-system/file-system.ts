import { constants } from 'node:fs';
import { type FileHandle, lstat, open, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assertArgument } from '../../arguments.js';
import { BackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import { retryWhileBusy } from '../../files/retry-while-busy.js';
import type {
  GetOptions,
  PutOptions,
  ReplayableSource,
  StorageAdapter,
  StorageCapabilities,
  StorageFailure,
  StoredObject,
} from '../adapter.js';
import { classifyByCode } from '../classify.js';
import { resolveRange } from '../transfer.js';
import { ApartStorage } from './apart/apart-storage.js';
import { assertFileKey, newTemporaryName } from './names.js';
import type { FileSystemStorageOptions } from './options.js';
import { type MakeLink, publish } from './publish.js';
import { type FolderEntry, gone, lookAt, readFolder } from './stored-files.js';
import { noLink, writeTemporary } from './temporary-file.js';

const readSize = 256 * 1024;
/** How long a share may take to show a file that it has flushed and closed, in milliseconds. */
const settleTimeout = 5000;
const settlePause = 50;
const usualSilence = 60_000;

/**
 * A store in a folder. Its process ends by itself when it has had nothing to do for a while, and keeps nobody
 * else awake; `await using` ends it at once, unless other stores in the folder are at work with it.
 */
export interface FileSystemStorageAdapter extends StorageAdapter, AsyncDisposable {}

/**
 * A store in a folder. An object is written under a temporary name, flushed to the disk, and given its name
 * in one step; unfinished files never show, and those of dead processes are removed by the next `put`.
 *
 * @throws TypeError when no path is given, RangeError for a silence of no time
 * @example
 * ```ts
 * const share = createFileSystemStorage({ path: networkPath });
 * for await (const { key, size } of share.list('')) console.log(key, size);
 * ```
 */
export function createFileSystemStorage(options: FileSystemStorageOptions): FileSystemStorageAdapter {
  assertArgument('options', options, 'object', {
    reserveBytes: 'number?',
    staleAfter: 'number?',
    silence: 'number?',
    ownProcess: 'boolean?',
  });
  if (typeof options.path !== 'string' || options.path === '')
    throw new TypeError('"path" is to be a folder');
  const { silence = usualSilence } = options;
  if (!(silence > 0)) throw new RangeError('"silence" is to be more than 0 milliseconds');
  const here = new FileSystemStorage(options);
  return options.ownProcess === false ? here : new ApartStorage(options, here, silence);
}

/** {@link createFileSystemStorage}; tests give file systems without hard links. */
export class FileSystemStorage implements FileSystemStorageAdapter {
  readonly description: string;
  readonly capabilities: StorageCapabilities = {
    atomicIfAbsent: true,
    ranges: true,
    resumablePut: false,
    overwrite: true,
    delete: true,
  };
  readonly #base: string;
  readonly #reserveBytes: number;
  readonly #staleAfter: number;
  readonly #makeLink: MakeLink | undefined;

  constructor(options: FileSystemStorageOptions, makeLink?: MakeLink) {
    this.#makeLink = makeLink;
    this.#base = resolve(options.path);
    this.#reserveBytes = options.reserveBytes ?? 64 * 1024 * 1024;
    this.#staleAfter = options.staleAfter ?? 12 * 60 * 60 * 1000;
    this.description = `folder ${options.path}`;
  }

  /** Nothing is held between two calls. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async put(key: string, source: ReplayableSource, options: PutOptions = {}): Promise<StoredObject> {
    assertFileKey(key);
    options.signal?.throwIfAborted();
    const final = this.#pathOf(key);
    const temporary = join(this.#base, newTemporaryName());
    return this.#typed(async () => {
      await this.#assertBase();
      await this.#refuseLinks(key);
      if (options.ifAbsent === true && (await this.stat(key)) !== null) throw this.#taken(key);
      try {
        await writeTemporary({ base: this.#base, path: temporary, description: this.description }, source, {
          ...options,
          reserveBytes: this.#reserveBytes,
          staleAfter: this.#staleAfter,
        });
        const written = await this.#assertWhole(key, temporary, source.size);
        options.signal?.throwIfAborted();
        await publish({
          base: this.#base,
          temporary,
          final,
          key,
          ifAbsent: options.ifAbsent === true,
          signal: options.signal,
          ...(this.#makeLink && { makeLink: this.#makeLink }),
          taken: () => this.#taken(key),
        });
        if (options.ifAbsent === true) return await this.#assertWhole(key, final, source.size);
        // Another writer may replace it at any moment, and is welcome to.
        return written;
      } finally {
        await rm(temporary, { force: true }).catch(() => undefined);
      }
    });
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array> {
    assertFileKey(key);
    options.signal?.throwIfAborted();
    let file: FileHandle | undefined;
    try {
      if ((await this.stat(key)) === null) throw this.#notFound(key);
      file = await retryWhileBusy(() => open(this.#pathOf(key), constants.O_RDONLY | noLink), options.signal);
      const { start, end } = resolveRange(options.range, (await file.stat()).size);
      for (let position = start; position < end; ) {
        options.signal?.throwIfAborted();
        const buffer = Buffer.allocUnsafe(Math.min(readSize, end - position));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
        if (bytesRead === 0) {
          throw new BackupError('storage-transient', `${key} in the ${this.description} ended early.`, {
            details: { key },
          });
        }
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw systemCodeOf(error) === 'ENOENT'
        ? this.#notFound(key)
        : fileSystemFailure(error, this.description);
    } finally {
      await file?.close().catch(() => undefined);
    }
  }

  async stat(
    key: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<StoredObject | null> {
    assertFileKey(key);
    options.signal?.throwIfAborted();
    return this.#typed(async () => {
      const found = await lookAt(this.#pathOf(key), key);
      // Nothing there is one thing; a share that is not there is another.
      if (found === null) await this.#assertBase();
      return found;
    });
  }

  async *list(
    prefix: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<StoredObject> {
    options.signal?.throwIfAborted();
    await this.#typed(() => this.#assertBase());
    yield* this.#listFolder('', prefix, options.signal);
  }

  async delete(key: string, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    assertFileKey(key);
    options.signal?.throwIfAborted();
    await this.#typed(async () => {
      // A link or a folder of that name is nothing this store has stored.
      if ((await this.stat(key)) === null) return;
      await this.#refuseLinks(key);
      await retryWhileBusy(() => rm(this.#pathOf(key), { force: true }), options.signal);
      await this.#removeEmptyFolders(key);
    });
  }

  classify(error: unknown): StorageFailure {
    return classifyByCode(error);
  }

  #pathOf(key: string): string {
    return join(this.#base, ...key.split('/'));
  }

  async #typed<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw fileSystemFailure(error, this.description);
    }
  }

  async #assertBase(): Promise<void> {
    try {
      if ((await stat(this.#base)).isDirectory()) return;
    } catch (error) {
      if (!gone.has(systemCodeOf(error) ?? '')) throw error;
    }
    throw new BackupError('destination-missing', `There is no ${this.description}.`, {
      details: { path: this.#base },
    });
  }

  // Whoever can write to the share could plant a link there and lead the service to any file of its machine.
  async #refuseLinks(key: string): Promise<void> {
    let path = this.#base;
    for (const segment of key.split('/').slice(0, -1)) {
      path = join(path, segment);
      try {
        if (!(await lstat(path)).isSymbolicLink()) continue;
      } catch (error) {
        if (systemCodeOf(error) === 'ENOENT') return;
        throw error;
      }
      throw new BackupError(
        'storage-permanent',
        `A link stands in the way of ${key} in the ${this.description}.`,
        {
          details: { key },
        },
      );
    }
  }

  // By a fresh look through the name: the handle that wrote it would answer from its own memory. Some shares
  // finish a file a moment after they said that it was flushed and closed.
  async #assertWhole(key: string, path: string, size: number): Promise<StoredObject> {
    let stored = await lookAt(path, key);
    for (let waited = 0; stored?.size !== size && waited < settleTimeout; waited += settlePause) {
      await delay(settlePause);
      stored = await lookAt(path, key);
    }
    if (stored !== null && stored.size === size) return stored;
    throw new BackupError('verification-failed', `${key} did not arrive whole in the ${this.description}.`, {
      details: { key, expectedSize: size, ...(stored && { size: stored.size }) },
    });
  }

  async *#listFolder(
    folder: string,
    prefix: string,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<StoredObject> {
    signal?.throwIfAborted();
    const entries = await this.#entriesOf(folder);
    for (const { key, isFolder } of entries) {
      if (isFolder && (key.startsWith(prefix) || prefix.startsWith(key))) {
        yield* this.#listFolder(key, prefix, signal);
      } else if (!isFolder && key.startsWith(prefix)) {
        signal?.throwIfAborted();
        const object = await this.#typed(() => lookAt(this.#pathOf(key), key));
        if (object !== null) yield object;
      }
    }
  }

  async #entriesOf(folder: string): Promise<readonly FolderEntry[]> {
    return this.#typed(async () => {
      const entries = await readFolder(this.#base, folder);
      // The folder went with its last object; if the whole share went, that is said.
      if (entries === null) await this.#assertBase();
      return entries ?? [];
    });
  }

  async #removeEmptyFolders(key: string): Promise<void> {
    for (
      let folder = dirname(this.#pathOf(key));
      folder.length > this.#base.length;
      folder = dirname(folder)
    ) {
      try {
        await rmdir(folder);
      } catch {
        return;
      }
    }
  }

  #taken(key: string): BackupError {
    return new BackupError('storage-exists', `There is already a ${key} in the ${this.description}.`, {
      details: { key },
    });
  }

  #notFound(key: string): BackupError {
    return new BackupError('storage-not-found', `There is no ${key} in the ${this.description}.`, {
      details: { key },
    });
  }
}
