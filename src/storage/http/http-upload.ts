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

/** Size of a piece: a line that breaks loses half of one, on average. In bytes. */
const pieceSize = 512 * 1024;
/** So often in a row the store may refuse what HQ has signed. */
const mostRefusals = 3;
/** A line slower than this has stopped, in bytes per second. */
const slowestLine = 8 * 1024;

/** Of what a store says to the bytes of a part, more is not read. In bytes. */
const largestReply = 256 * 1024;

/** An object on its way to HQ. */
export interface HttpUpload {
  readonly line: HqConnection;
  readonly key: string;
  readonly size: number;
  readonly sha256: string | undefined;
  readonly partRetry: PartRetry;
  readonly signal: AbortSignal | undefined;
}

/** An object of a reply, in the words of the contract. @throws BackupError for another than was asked for */
export function fromReply(object: ObjectInReply, key: string, description: string): StoredObject {
  if (object.key !== key) {
    throw new BackupError(
      'storage-permanent',
      `The ${description} tells of another object than was asked for.`,
      {
        details: { key },
      },
    );
  }
  return { ...object, modifiedAt: new Date(object.modifiedAt) };
}

/** The bytes of one object on their way to where HQ has signed for. */
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
        // Read, so that the connection serves again. It says nothing the status does not.
        if (response.body !== null) await collectBytes(response.body, largestReply).catch(() => undefined);
        return response;
      },
    );
    // A portal that takes what was meant for the store would let every part be "sent".
    if (ok && !headers.has('etag') && /^\s*text\/html/iu.test(headers.get('content-type') ?? '')) {
      throw new BackupError(
        'storage-transient',
        `What answers for the store of the ${this.#line.description} is no store: it says a page.`,
        { details: { status } },
      );
    }
    if (ok) {
      this.#refusals = 0;
      return (headers.get('etag') ?? '').replaceAll('"', '');
    }
    if (status !== 403 && status !== 400) throw storageFailureOfStatus(status, this.#line.description);
    // Expired while a slow line carried the bytes, or damaged on the way: with a fresh signature it may pass.
    // Time and again, the clock or the keys of HQ are wrong, and no trying helps.
    this.#refusals += 1;
    const lasting = this.#refusals >= mostRefusals;
    throw new BackupError(
      lasting ? 'storage-permanent' : 'storage-transient',
      `The store of the ${this.#line.description} did not take what was signed for it` +
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
  // Each round sends what HQ does not have yet.
  return withPartRetry(
    async () => {
      const { requests } = await ask(line, { op: 'pieces', key, uploadId, part: claim, pieces }, stop);
      if (requests.length !== pieces.length) {
        throw new BackupError(
          'storage-permanent',
          `The ${line.description} signs for other pieces than asked.`,
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
