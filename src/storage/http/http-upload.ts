import { createHash } from 'node:crypto';
import { collectBytes } from '../../bytes.js';
import { BackupError } from '../../errors.js';
import type { StoredObject } from '../adapter.js';
import { storageFailureOfStatus } from '../http-failures.js';
import { BreakingLine } from '../multipart/breaking-line.js';
import { type PartRetry, withPartRetry } from '../multipart/part-retry.js';
import type { OutgoingPart, PartTransport } from '../multipart/upload-in-parts.js';
import { ask, exchange, type HqConnection } from './hq-client.js';
import type { ObjectInReply, PieceClaim, SignedRequest } from './messages.js';
import { ViewBlob } from './view-blob.js';

/** Size of a piece: a break of the line loses half of one, on average. In bytes. */
const pieceSize = 512 * 1024;
/** How often in a row the store may refuse what HQ has signed. */
const mostRefusals = 3;
/** A slower line counts as stopped, in bytes per second. */
const slowestLine = 8 * 1024;

/** Most that is read of the answer to a part, in bytes. */
const largestReply = 256 * 1024;

export interface HttpUpload {
  readonly line: HqConnection;
  readonly key: string;
  readonly size: number;
  readonly sha256: string | undefined;
  readonly partRetry: PartRetry;
  readonly signal: AbortSignal | undefined;
}

/** The object of a reply. @throws BackupError for another one than requested */
export function fromReply(object: ObjectInReply, key: string, description: string): StoredObject {
  if (object.key !== key) {
    throw new BackupError(
      'storage-permanent',
      `The ${description} replied about another object than requested.`,
      {
        details: { key },
      },
    );
  }
  return { ...object, modifiedAt: new Date(object.modifiedAt) };
}

/** Sends the bytes of one object to the URLs that HQ has signed. */
class SignedSending {
  readonly #line: HqConnection;
  #refusals = 0;

  constructor(line: HqConnection) {
    this.#line = line;
  }

  /** Resolves to the etag. */
  async send(request: SignedRequest, bytes: Uint8Array<ArrayBuffer>, signal: AbortSignal): Promise<string> {
    const init: RequestInit = { method: 'PUT', headers: request.headers, body: new ViewBlob(bytes) };
    const timeout = 60_000 + Math.ceil((bytes.length / slowestLine) * 1000);
    const { ok, status, headers } = await exchange(
      this.#line,
      request.url,
      init,
      timeout,
      signal,
      async (response) => {
        // Drained, so that the connection can be used again.
        if (response.body !== null) await collectBytes(response.body, largestReply).catch(() => undefined);
        return response;
      },
    );
    // A login page in between would answer every part with 200.
    if (ok && !headers.has('etag') && /^\s*text\/html/iu.test(headers.get('content-type') ?? '')) {
      throw new BackupError(
        'storage-transient',
        `The answer for the store of the ${this.#line.description} is not from a store: an HTML page.`,
        { details: { status } },
      );
    }
    if (ok) {
      this.#refusals = 0;
      return (headers.get('etag') ?? '').replaceAll('"', '');
    }
    if (status !== 403 && status !== 400) throw storageFailureOfStatus(status, this.#line.description);
    // The signature may have expired on a slow line, or bytes were damaged: with a fresh one the part may
    // pass. If it fails again and again, the clock or the keys of HQ are wrong, and retries do not help.
    this.#refusals += 1;
    const lasting = this.#refusals >= mostRefusals;
    throw new BackupError(
      lasting ? 'storage-permanent' : 'storage-transient',
      `The store of the ${this.#line.description} refused a request that HQ signed` +
        `${lasting ? `, ${this.#refusals} times in a row` : ''}.`,
      { details: { status, refusals: this.#refusals } },
    );
  }
}

/** The parts of an object on their way to HQ's store. */
export function httpPartTransport(upload: HttpUpload): PartTransport {
  const { line, key, size, signal } = upload;
  const whole = { key, size, ...(upload.sha256 !== undefined && { sha256: upload.sha256 }) };
  const sending = new SignedSending(line);
  const breaking = new BreakingLine();
  return {
    async begin() {
      return (await ask(line, { op: 'begin', ...whole }, signal)).uploadId;
    },
    async present(uploadId) {
      return (await ask(line, { op: 'present', key, uploadId }, signal)).parts;
    },
    async send(uploadId, part, stop) {
      if (breaking.wantsPieces(part)) {
        const etag = await sendInPieces(upload, sending, uploadId, part, stop);
        breaking.sentInPieces();
        return etag;
      }
      const claim = claimOf(part);
      const { request } = await ask(line, { op: 'part', key, uploadId, part: claim }, stop);
      const etag = await sending.send(request, bytesOf(part.bytes), stop);
      return etag === '' ? part.md5 : etag;
    },
    async complete(uploadId, parts) {
      const { object } = await ask(line, { op: 'complete', ...whole, uploadId, parts }, signal);
      return fromReply(object, key, line.description);
    },
    async abort(uploadId) {
      await ask(line, { op: 'abort', key, uploadId }, undefined);
    },
  };
}

async function sendInPieces(
  upload: HttpUpload,
  sending: SignedSending,
  uploadId: string,
  part: OutgoingPart,
  stop: AbortSignal,
): Promise<string> {
  const { line, key } = upload;
  const pieces: PieceClaim[] = [];
  for (let offset = 0; offset < part.bytes.length; offset += pieceSize) {
    const bytes = part.bytes.subarray(offset, offset + pieceSize);
    const md5 = createHash('md5').update(bytes).digest('hex');
    pieces.push({ index: pieces.length, size: bytes.length, md5 });
  }
  const claim = claimOf(part);
  const { retries = 10 } = upload.partRetry;
  // Each try sends what HQ does not have yet.
  return withPartRetry(
    async () => {
      const { requests } = await ask(line, { op: 'pieces', key, uploadId, part: claim, pieces }, stop);
      if (requests.length !== pieces.length) {
        throw new BackupError(
          'storage-permanent',
          `The ${line.description} signed other pieces than requested.`,
        );
      }
      for (const [i, request] of requests.entries()) {
        if (request === null) continue;
        const start = i * pieceSize;
        await sending.send(request, bytesOf(part.bytes.subarray(start, start + pieceSize)), stop);
      }
      return (await ask(line, { op: 'join', key, uploadId, part: claim, pieces }, stop)).etag;
    },
    { ...upload.partRetry, retries: retries + pieces.length },
    stop,
  );
}

function claimOf({ number, bytes, md5 }: OutgoingPart): { number: number; size: number; md5: string } {
  return { number, size: bytes.length, md5 };
}

// `fetch` takes a view over a plain buffer only; the buffers of parts are such.
function bytesOf(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
