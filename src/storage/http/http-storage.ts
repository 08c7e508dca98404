import { assertArgument, assertHttpUrl } from '../../arguments.js';
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
import { type AnsweredRange, answeredRange, limited } from '../answered-range.js';
import { classifyByCode } from '../classify.js';
import { storageFailureOfConnection, storageFailureOfStatus } from '../http-failures.js';
import { Pages } from '../listing.js';
import type { PartRetry } from '../multipart/part-retry.js';
import { partSizeFor, smallestPart, uploadInParts } from '../multipart/upload-in-parts.js';
import { createMemoryUploadJournal, type UploadJournal } from '../multipart/upload-journal.js';
import { assertKey, compareKeys } from '../object-keys.js';
import { resolveRange } from '../transfer.js';
import { ask, type HqConnection, isSafe, reach } from './hq-client.js';
import { fromReply, httpPartTransport } from './http-upload.js';
import { Silence } from './silence.js';

/** Options of {@link createHttpStorage}. */
export interface HttpStorageOptions {
  /** Where HQ answers. It must be `https:`. */
  readonly url: string;
  /** Headers that authorise the office; called before every message, so that a token may be renewed. */
  readonly headers?:
    | (() => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>)
    | undefined;
  /** Where unfinished uploads are remembered; a file journal outlives the process. @defaultValue in memory */
  readonly journal?: UploadJournal | undefined;
  /** Parts in flight at once. One fills the line of an office. @defaultValue 1 */
  readonly concurrency?: number | undefined;
  /** How often and how long a part is tried. */
  readonly partRetry?: PartRetry | undefined;
  /**
   * Allows plain HTTP to this very machine, for HQ's address and for what it signs. For tests.
   *
   * @defaultValue false
   */
  readonly allowLoopbackHttp?: boolean | undefined;
  /** The `fetch` to use. @defaultValue that of the platform */
  readonly fetch?: typeof fetch | undefined;
}

/**
 * The office's half of the HTTP hand-over: HQ signs each request, and the bytes go straight to its store. The
 * office holds no credentials of the store and can neither overwrite nor delete.
 *
 * @throws TypeError naming a wrong option
 * @example
 * ```ts
 * const hq = createHttpStorage({ url: 'https://backups.example.com/hand-over', headers });
 * console.log(hq.description);
 * ```
 */
export function createHttpStorage(options: HttpStorageOptions): StorageAdapter {
  assertArgument('options', options, 'object', {
    headers: 'function?',
    journal: 'object?',
    concurrency: 'number?',
    partRetry: 'object?',
    allowLoopbackHttp: 'boolean?',
    fetch: 'function?',
  });
  assertHttpUrl('options.url', options.url);
  return new HttpStorage(options);
}

/** Longest silence while an object is read, in milliseconds. */
const readTimeout = 60_000;

class HttpStorage implements StorageAdapter {
  readonly description: string;
  readonly capabilities: StorageCapabilities = {
    atomicIfAbsent: true,
    ranges: true,
    resumablePut: true,
    overwrite: false,
    delete: false,
  };
  readonly #line: HqConnection;
  readonly #options: HttpStorageOptions;
  readonly #journal: UploadJournal;

  constructor(options: HttpStorageOptions) {
    const url = new URL(options.url);
    const { allowLoopbackHttp = false } = options;
    if (!isSafe(url, allowLoopbackHttp)) throw new TypeError('"url" must be https');
    // Node.js loads its HTTP client on the first use, and that of Node.js 20 silently loses a connection that
    // breaks before the parser is compiled. So that begins now, long before anything is sent.
    if (options.fetch === undefined) void Response;
    this.description = `hand-over at ${url.host}`;
    this.#options = options;
    this.#journal = options.journal ?? createMemoryUploadJournal();
    this.#line = {
      url: options.url,
      headers: async () => (await options.headers?.()) ?? {},
      fetch: options.fetch ?? fetch,
      allowLoopbackHttp,
      description: this.description,
    };
  }

  async put(key: string, source: ReplayableSource, options: PutOptions = {}): Promise<StoredObject> {
    assertKey(key);
    options.signal?.throwIfAborted();
    const { partRetry = {}, concurrency = 1 } = this.#options;
    return uploadInParts({
      store: this.description,
      key,
      source,
      transport: httpPartTransport({
        line: this.#line,
        key,
        size: source.size,
        sha256: source.sha256,
        partRetry,
        signal: options.signal,
      }),
      journal: this.#journal,
      partSize: partSizeFor(source.size, smallestPart),
      concurrency,
      partRetry,
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
    const silence = new Silence(readTimeout, signal);
    try {
      const response = await silence.during(() =>
        reach(this.#line, request.url, { headers }, silence.signal),
      );
      const given = rangeIn(response, size);
      if (given === undefined || given.size !== size || response.body === null) {
        await response.body?.cancel().catch(() => undefined);
        if (response.ok) throw storageFailureOfConnection(undefined, this.description);
        throw storageFailureOfStatus(response.status, this.description);
      }
      const body = this.#readBody(response.body, silence);
      yield* limited(body, { start, end }, given, { description: this.description, key, signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw silence.signal.aborted
        ? storageFailureOfConnection(silence.signal.reason, this.description)
        : error;
    }
  }

  async stat(
    key: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<StoredObject | null> {
    assertKey(key);
    const { object } = await ask(this.#line, { op: 'stat', key }, options.signal);
    return object === null ? null : fromReply(object, key, this.description);
  }

  async *list(
    prefix: string,
    options: { readonly signal?: AbortSignal | undefined } = {},
  ): AsyncGenerator<StoredObject> {
    const pages = new Pages(this.description, prefix);
    let after: string | undefined;
    do {
      const message = { op: 'list', prefix, ...(after !== undefined && { after }) } as const;
      const { objects, more, next } = await pages.next(() => ask(this.#line, message, options.signal));
      for (const object of objects) {
        options.signal?.throwIfAborted();
        // A page that does not advance would be requested for ever.
        pages.pass(object.key);
        yield fromReply(object, object.key, this.description);
      }
      const last = objects.at(-1)?.key;
      if (next !== undefined && (compareKeys(next, last ?? after ?? '') < 0 || next === after)) {
        throw pages.failure('it repeats a page');
      }
      after = pages.after(more, next ?? last);
    } while (after !== undefined);
  }

  async delete(key: string): Promise<void> {
    assertKey(key);
    throw new BackupError(
      'storage-permanent',
      `The ${this.description} does not let an office remove anything.`,
      {
        details: { key },
      },
    );
  }

  classify(error: unknown): StorageFailure {
    return classifyByCode(error);
  }

  async *#readBody(body: ReadableStream<Uint8Array>, silence: Silence): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    try {
      for (;;) {
        const { done, value } = await silence.during(() => reader.read());
        silence.signal.throwIfAborted();
        if (done) return;
        yield value;
      }
    } catch (error) {
      silence.signal.throwIfAborted();
      throw storageFailureOfConnection(error, this.description);
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }
}

/** The range of an answer; undefined for another status, or where it was compressed on the way. */
function rangeIn({ status, headers }: Response, size: number): AnsweredRange | undefined {
  if (status !== 200 && status !== 206) return undefined;
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'aws-chunked') return undefined;
  const told = headers.get('content-length');
  const length = told !== null && /^[0-9]{1,16}$/u.test(told) ? Number(told) : undefined;
  if (status === 206) {
    const range = headers.get('content-range');
    return range === null ? undefined : answeredRange(range, length);
  }
  // A chunked body has no length of its own; HQ has told the size.
  return answeredRange(null, length ?? size);
}
