import { createHash } from 'node:crypto';
import { isBackupError } from '../../errors.js';
import type { PutOptions, ReplayableSource, StoredObject } from '../adapter.js';
import { classifyByCode } from '../classify.js';
import { readChecked } from '../replayable.js';
import { progressOf } from '../transfer.js';
import { type PartRetry, withPartRetry } from './part-retry.js';
import { type UploadedPart, type UploadJournal, type UploadRecord, uploadName } from './upload-journal.js';

/** Smallest part that S3-compatible stores take, except for the last. In bytes. */
export const smallestPart: number = 5 * 1024 * 1024;
/** Most parts of one object. */
const mostParts = 10_000;

/** A part on its way. */
export interface OutgoingPart {
  /** From 1. */
  readonly number: number;
  /** Reused for another part once `send` resolved or rejected. */
  readonly bytes: Buffer;
  /** Lower-case hex. */
  readonly md5: string;
  /** How often it has failed before. */
  readonly failures: number;
  /** For a line that breaks: a connection that has carried much is more likely to break in the next part. */
  readonly freshConnection: boolean;
}

/** A part that the store has. */
export interface PresentPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
}

/** How the parts of one object reach its store. All failures are typed. */
export interface PartTransport {
  begin(): Promise<string>;
  /** The parts the store has; null when it does not know the upload. */
  present(uploadId: string): Promise<readonly PresentPart[] | null>;
  /** Resolves to the etag. */
  send(uploadId: string, part: OutgoingPart, signal: AbortSignal): Promise<string>;
  /** Makes the object visible. Called again when the answer was lost. */
  complete(uploadId: string, parts: readonly UploadedPart[]): Promise<StoredObject>;
  /** Discards the parts. */
  abort(uploadId: string): Promise<void>;
}

/** What {@link uploadInParts} does. */
export interface PartedUpload {
  readonly store: string;
  readonly key: string;
  readonly source: ReplayableSource;
  readonly transport: PartTransport;
  readonly journal: UploadJournal;
  readonly partSize: number;
  /** Parts in flight at once; the memory is one more times the size of a part. */
  readonly concurrency: number;
  readonly partRetry: PartRetry;
  readonly options: PutOptions;
}

/** The size of parts for an object: the wanted one, or larger where there would be too many parts. */
export function partSizeFor(size: number, wanted: number): number {
  const mebibyte = 1024 * 1024;
  const least = Math.ceil(size / mostParts / mebibyte) * mebibyte;
  return Math.max(wanted, least);
}

/**
 * Sends an object in parts. Parts that an earlier, interrupted upload of the same bytes has brought to the
 * store are not sent again: each is compared by its MD5 with the bytes of the source.
 */
export async function uploadInParts(upload: PartedUpload): Promise<StoredObject> {
  const { journal } = upload;
  const name = uploadName(upload.store, upload.key);
  // Two uploads to one key in one process must not share an upload of the store.
  const inUse = inUseOf(journal);
  if (inUse.has(name)) return new Sending({ ...upload, journal: noJournal }, name).run();
  inUse.add(name);
  try {
    return await new Sending(upload, name).run();
  } finally {
    inUse.delete(name);
  }
}

const namesInUse = new WeakMap<UploadJournal, Set<string>>();

function inUseOf(journal: UploadJournal): Set<string> {
  const known = namesInUse.get(journal);
  if (known !== undefined) return known;
  const fresh = new Set<string>();
  namesInUse.set(journal, fresh);
  return fresh;
}

const noJournal: UploadJournal = {
  read: async () => null,
  begin: async () => undefined,
  add: async () => undefined,
  end: async () => undefined,
};

/** What an earlier run left: the upload it recorded, and its parts; null if the store knows none. */
interface LeftBehind {
  readonly record: UploadRecord;
  readonly present: readonly PresentPart[] | null;
}

class Sending {
  readonly #upload: PartedUpload;
  readonly #name: string;
  readonly #stop: AbortController = new AbortController();
  readonly #free: Buffer[] = [];
  readonly #inFlight: Set<Promise<void>> = new Set();
  readonly #parts: UploadedPart[] = [];
  #sentBytes = 0;
  #lineBreaks = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(upload: PartedUpload, name: string) {
    this.#upload = upload;
    this.#name = name;
  }

  async run(): Promise<StoredObject> {
    const { source, journal, options } = this.#upload;
    const relay = (): void => this.#stop.abort(options.signal?.reason);
    options.signal?.throwIfAborted();
    options.signal?.addEventListener('abort', relay, { once: true });
    try {
      const left = await this.#leftBehind();
      const completed = left?.present === null ? await this.#completedBefore(left.record) : null;
      const stored = completed ?? (await this.#send(left));
      await journal.end(this.#name);
      progressOf(source.size, options).advanceTo(source.size);
      return stored;
    } finally {
      options.signal?.removeEventListener('abort', relay);
    }
  }

  async #send(left: LeftBehind | null): Promise<StoredObject> {
    const { transport, journal } = this.#upload;
    const record = left === null || left.present === null ? await this.#begin() : left.record;
    try {
      await this.#sendAll(record, left?.present ?? []);
      return await this.#complete(record.uploadId, this.#parts);
    } catch (error) {
      // Without a journal no later upload would find these parts. They are also useless when the key is
      // taken, or when the source is not what it said.
      if (journal === noJournal || classifyByCode(error) === 'exists' || isLyingSource(error)) {
        await transport.abort(record.uploadId).catch(() => undefined);
        await journal.end(this.#name);
      }
      throw error;
    }
  }

  #complete(uploadId: string, parts: readonly UploadedPart[]): Promise<StoredObject> {
    const inOrder = [...parts].sort((a, b) => a.number - b.number);
    return this.#withPartRetry(() => this.#upload.transport.complete(uploadId, inOrder));
  }

  /** An interrupted upload of the same object. One of another object is aborted. */
  async #leftBehind(): Promise<LeftBehind | null> {
    const { source, transport, journal } = this.#upload;
    const record = await journal.read(this.#name);
    if (record === null) return null;
    const same =
      record.size === source.size &&
      (record.sha256 === undefined || source.sha256 === undefined || record.sha256 === source.sha256);
    if (same) return { record, present: await this.#withPartRetry(() => transport.present(record.uploadId)) };
    await transport.abort(record.uploadId).catch(() => undefined);
    return null;
  }

  /**
   * The store may have forgotten an upload because it was completed just before the process ended. Then the
   * object exists: the journal shows whether it is the object of today, and the transport whether it is ours.
   */
  async #completedBefore(record: UploadRecord): Promise<StoredObject | null> {
    const { source, journal } = this.#upload;
    // A part that was sent twice is recorded twice.
    const parts = [...new Map(record.parts.map((part) => [part.number, part])).values()];
    if (!(await consistsOf(source, record.partSize, parts, this.#stop.signal))) return null;
    try {
      return await this.#complete(record.uploadId, parts);
    } catch (error) {
      const failure = classifyByCode(error);
      if (failure === 'not-found') return null;
      if (failure === 'exists') await journal.end(this.#name);
      throw error;
    }
  }

  async #begin(): Promise<UploadRecord> {
    const { source, transport, journal, partSize } = this.#upload;
    const begun: UploadRecord = {
      name: this.#name,
      uploadId: await this.#withPartRetry(() => transport.begin()),
      size: source.size,
      ...(source.sha256 !== undefined && { sha256: source.sha256 }),
      partSize,
      parts: [],
    };
    await journal.begin(begun);
    return begun;
  }

  // One reader goes through the source in order, so that its SHA-256 is known before anything becomes
  // visible.
  async #sendAll(record: UploadRecord, present: readonly PresentPart[]): Promise<void> {
    const { source, options, concurrency } = this.#upload;
    const progress = progressOf(source.size, options);
    let number = 0;
    let part = this.#takeBuffer(record.partSize);
    let filled = 0;
    const flush = async (): Promise<void> => {
      number += 1;
      const sending = this.#sendOne(record, present, number, part, filled, progress);
      this.#inFlight.add(sending);
      void sending.finally(() => this.#inFlight.delete(sending));
      while (this.#inFlight.size >= concurrency) await Promise.race(this.#inFlight);
      if (this.#failure !== undefined) throw this.#failure.error;
      part = this.#takeBuffer(record.partSize);
      filled = 0;
    };
    try {
      for await (const chunk of readChecked(source, this.#stop.signal)) {
        for (let offset = 0; offset < chunk.length; ) {
          const count = Math.min(record.partSize - filled, chunk.length - offset);
          part.set(chunk.subarray(offset, offset + count), filled);
          filled += count;
          offset += count;
          if (filled === record.partSize) await flush();
        }
      }
      // An empty object is one empty part.
      if (filled > 0 || number === 0) await flush();
    } catch (error) {
      this.#stop.abort(error);
      throw this.#failure?.error ?? error;
    } finally {
      await Promise.all(this.#inFlight);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  // Never rejects: the first failure is kept, and stops the reader.
  async #sendOne(
    record: UploadRecord,
    present: readonly PresentPart[],
    number: number,
    buffer: Buffer,
    length: number,
    progress: { advanceTo(bytes: number): void },
  ): Promise<void> {
    const { journal, transport } = this.#upload;
    try {
      const bytes = buffer.subarray(0, length);
      const md5 = createHash('md5').update(bytes).digest('hex');
      const known = findSame(record, present, number, length, md5);
      let etag = known?.etag;
      if (etag === undefined) {
        let failures = -1;
        etag = await this.#withPartRetry(() => {
          failures += 1;
          this.#lineBreaks ||= failures > 0;
          const part = { number, bytes, md5, failures, freshConnection: this.#lineBreaks };
          return transport.send(record.uploadId, part, this.#stop.signal);
        });
        await journal.add(this.#name, { number, size: length, md5, etag });
      }
      this.#parts.push({ number, size: length, md5, etag });
      this.#sentBytes += length;
      // The full size is reported only when the object is visible.
      progress.advanceTo(Math.min(this.#sentBytes, this.#upload.source.size - 1));
    } catch (error) {
      this.#failure ??= { error };
      this.#stop.abort(error);
    } finally {
      this.#free.push(buffer);
    }
  }

  #takeBuffer(size: number): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(Math.min(size, Math.max(1, this.#upload.source.size)));
  }

  #withPartRetry<Result>(attempt: () => Promise<Result>): Promise<Result> {
    return withPartRetry(attempt, this.#upload.partRetry, this.#stop.signal);
  }
}

// Whether the store has the part, with these bytes: shown by its etag where that is the MD5, and elsewhere
// (encrypted buckets) by what the journal recorded beside the etag.
function findSame(
  record: UploadRecord,
  present: readonly PresentPart[],
  number: number,
  size: number,
  md5: string,
): PresentPart | undefined {
  const part = present.find((one) => one.number === number && one.size === size);
  if (part === undefined || part.etag === md5) return part;
  const noted = record.parts.some(
    (one) => one.number === number && one.etag === part.etag && one.md5 === md5,
  );
  return noted ? part : undefined;
}

/** Whether a source is made of just these parts. */
async function consistsOf(
  source: ReplayableSource,
  partSize: number,
  parts: readonly UploadedPart[],
  signal: AbortSignal,
): Promise<boolean> {
  if (parts.reduce((sum, { size }) => sum + size, 0) !== source.size) return false;
  const md5Of = new Map(parts.map(({ number, md5 }) => [number, md5]));
  let digest = createHash('md5');
  let number = 1;
  let filled = 0;
  for await (const chunk of readChecked(source, signal)) {
    for (let offset = 0; offset < chunk.length; ) {
      const bytes = chunk.subarray(offset, offset + partSize - filled);
      digest.update(bytes);
      filled += bytes.length;
      offset += bytes.length;
      if (filled < partSize) continue;
      if (digest.digest('hex') !== md5Of.get(number)) return false;
      [digest, number, filled] = [createHash('md5'), number + 1, 0];
    }
  }
  const ended = filled === 0 && number > 1;
  return ended ? number === parts.length + 1 : digest.digest('hex') === md5Of.get(number);
}

function isLyingSource(error: unknown): boolean {
  return isBackupError(error, 'source-changed') || isBackupError(error, 'verification-failed');
}
