import { createHash } from 'node:crypto';
import pRetry from 'p-retry';
import { collectBytes } from '../../bytes.js';
import { BackupError } from '../../errors.js';
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
import { assertKey } from '../keys.js';
import { type PartPatience, partSizeFor, smallestPart, uploadInParts } from '../multipart/upload-in-parts.js';
import { createMemoryUploadJournal, type UploadJournal } from '../multipart/upload-journal.js';
import { readChecked } from '../replayable.js';
import { resolveRange } from '../transfer.js';
import { ask, brokenLine, type DeskLine, reach, statusFailure } from './desk.js';
import { fromReply, httpPartTransport, sendSigned } from './http-upload.js';

/** Options of {@link createHttpStorage}. */
export interface HttpStorageOptions {
  /** Where HQ answers. It must be `https:`, except on this machine. */
  readonly url: string;
  /** Headers that authorise the office; asked before every message, so that a token may be renewed. */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Where unfinished uploads are remembered; a file journal outlives the process. @defaultValue in memory */
  readonly journal?: UploadJournal;
  /** Parts in flight at once. An office line is full with one. @defaultValue 1 */
  readonly concurrency?: number;
  /** How often and how long a part is tried. */
  readonly patience?: PartPatience;
  /** The `fetch` to use. @defaultValue that of the platform */
  readonly fetch?: typeof fetch;
}

/**
 * The office's half of the HTTP hand-over: HQ signs each request, the bytes go straight to its store. The office
 * holds no credentials of the store and can neither overwrite nor delete.
 *
 * @throws TypeError naming a wrong option
 * @example
 * ```ts
 * const hq = createHttpStorage({ url: 'https://backups.example.com/hand-over', headers });
 * console.log(hq.description);
 * ```
 */
export function createHttpStorage(options: HttpStorageOptions): StorageAdapter {
  return new HttpStorage(options);
}

/** Longest silence while an object is read, in milliseconds. */
const readPatience = 60_000;

class HttpStorage implements StorageAdapter {
  readonly description: string;
  readonly capabilities: StorageCapabilities = {
    atomicIfAbsent: false,
    ranges: true,
    resumablePut: true,
    overwrite: false,
    delete: false,
  };
  readonly #line: DeskLine;
  readonly #options: HttpStorageOptions;
  readonly #journal: UploadJournal;

  constructor(options: HttpStorageOptions) {
    const url = new URL(options.url);
    // The headers that authorise the office must not travel in the clear.
    if (url.protocol !== 'https:' && !isThisMachine(url.hostname))
      throw new TypeError('"url" is to be https');
    this.description = `hand-over at ${url.host}`;
    this.#options = options;
    this.#journal = options.journal ?? createMemoryUploadJournal();
    this.#line = {
      url: options.url,
      headers: async () => (await options.headers?.()) ?? {},
      fetch: options.fetch ?? fetch,
      description: this.description,
    };
  }

  async put(key: string, source: ReplayableSource, options: PutOptions = {}): Promise<StoredObject> {
    assertKey(key);
    options.signal?.throwIfAborted();
    if (source.size <= smallestPart) return this.#putWhole(key, source, options);
    const { patience = {}, concurrency = 1 } = this.#options;
    return uploadInParts({
      store: this.description,
      key,
      source,
      transport: httpPartTransport({
        line: this.#line,
        key,
        size: source.size,
        patience,
        signal: options.signal,
      }),
      journal: this.#journal,
      partSize: partSizeFor(source.size, smallestPart),
      concurrency,
      patience,
      options,
    });
  }

  async *get(key: string, options: GetOptions = {}): AsyncGenerator<Uint8Array> {
    assertKey(key);
    const { range, signal } = options;
    const { request, size } = await ask(this.#line, { op: 'read', key }, signal);
    const { start, end } = resolveRange(range, size);
    if (start === end) return;
    const whole = start === 0 && end === size;
    const headers = { ...request.headers, ...(!whole && { range: `bytes=${start}-${end - 1}` }) };
    const response = await reach(this.#line, request.url, { headers }, readPatience * 60, signal);
    if (response.status !== (whole ? 200 : 206) || response.body === null) {
      await response.body?.cancel().catch(() => undefined);
      if (response.ok) throw brokenLine(this.#line, undefined);
      throw statusFailure(this.#line, response.status);
    }
    yield* this.#readBody(response.body, key, end - start, signal);
  }

  async stat(key: string, options: { readonly signal?: AbortSignal } = {}): Promise<StoredObject | null> {
    assertKey(key);
    const { object } = await ask(this.#line, { op: 'stat', key }, options.signal);
    return object === null ? null : fromReply(object);
  }

  async *list(prefix: string, options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<StoredObject> {
    let after: string | undefined;
    for (;;) {
      const message = { op: 'list', prefix, ...(after !== undefined && { after }) } as const;
      const { objects, more } = await ask(this.#line, message, options.signal);
      for (const object of objects) {
        options.signal?.throwIfAborted();
        yield fromReply(object);
      }
      after = objects.at(-1)?.key;
      if (!more || after === undefined) return;
    }
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    throw new BackupError('storage-permanent', `The ${this.description} lets no office remove anything.`, {
      details: { key },
    });
  }

  classify(error: unknown): StorageFailure {
    return classifyByCode(error);
  }

  async #putWhole(key: string, source: ReplayableSource, options: PutOptions): Promise<StoredObject> {
    const { signal } = options;
    const { retries = 10, minTimeout = 250, maxTimeout = 30_000 } = this.#options.patience ?? {};
    const bytes = new Uint8Array(await collectBytes(readChecked(source, signal)));
    const md5 = createHash('md5').update(bytes).digest('hex');
    let uncertain = false;
    return pRetry(
      async () => {
        try {
          const { request } = await ask(this.#line, { op: 'whole', key, size: bytes.length, md5 }, signal);
          await sendSigned(this.#line, request, bytes, signal);
        } catch (error) {
          // The store may have taken it and only the answer was lost; then it is there, with our MD5.
          const ours =
            uncertain && classifyByCode(error) === 'exists' && (await this.stat(key))?.etag === md5;
          if (!ours) {
            uncertain ||= classifyByCode(error) === 'transient';
            throw error;
          }
        }
        options.onProgress?.({ transferredBytes: bytes.length, totalBytes: bytes.length });
        const stored = await this.stat(key, signal === undefined ? {} : { signal });
        if (stored !== null && stored.size === bytes.length) return stored;
        throw new BackupError(
          'verification-failed',
          `${key} did not arrive whole in the ${this.description}.`,
          {
            details: { key },
          },
        );
      },
      {
        retries,
        minTimeout,
        maxTimeout,
        randomize: true,
        ...(signal && { signal }),
        shouldRetry: ({ error }) => classifyByCode(error) === 'transient',
      },
    );
  }

  async *#readBody(
    body: ReadableStream<Uint8Array>,
    key: string,
    length: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    let left = length;
    const reader = body.getReader();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        signal?.throwIfAborted();
        if (done) break;
        left -= value.length;
        yield value;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw brokenLine(this.#line, error);
    } finally {
      await reader.cancel().catch(() => undefined);
    }
    if (left !== 0) {
      throw new BackupError('storage-transient', `The ${this.description} broke off while ${key} was read.`, {
        details: { key },
      });
    }
  }
}

function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./u.test(hostname);
}
