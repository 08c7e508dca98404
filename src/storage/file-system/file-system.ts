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

const readSize: number = 2 ** 20;
/** How long a share may take to show a file that it has flushed and closed, in milliseconds. */
const settleTimeout = 5000;
const settlePause = 50;
const usualSilence = 60_000;

/**
 * A store in a folder. Its separate process ends when it is idle, and keeps no other process running; `await
 * using` ends it at once, unless other stores in the folder use it.
 */
export interface FileSystemStorageAdapter extends StorageAdapter, AsyncDisposable {}

/**
 * A store in a folder. An object is written under a temporary name, flushed to the disk, and renamed in one
 * step. Unfinished files are never visible, and the next `put` removes those of dead processes.
 *
 * @throws TypeError when no path is given, RangeError when `silence` is not positive
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
  if (typeof options.path !== 'string' || options.path === '') throw new TypeError('"path" must be a folder');
  const { silence = usualSilence } = options;
  if (!(silence > 0)) throw new RangeError('"silence" must be more than 0 milliseconds');
  const here = new FileSystemStorage(options);
  return options.ownProcess === false ? here : new ApartStorage(options, here, silence);
}

/** {@link createFileSystemStorage}; tests use it without hard links. */
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
        // Without `ifAbsent` another writer may replace it at any moment.
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
      // A missing share is an error, a missing object is not.
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
      // This store never stored a link or a folder.
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

  // Anybody who can write to the share could plant a link to any file of the service's machine.
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
        `The path of ${key} in the ${this.description} contains a link. Links are not followed.`,
        {
          details: { key },
        },
      );
    }
  }

  // Looked up by name: the handle that wrote it would answer from its cache. Some shares complete a file a
  // moment after they reported it as flushed and closed.
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
      // A folder is removed with its last object. A share that is gone is an error.
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
