import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { assertArgument } from '../../arguments.js';
import { collectBytes } from '../../bytes.js';
import { BackupError, isBackupError } from '../../errors.js';
import { fromJson } from '../../shapes.js';
import type { StoredObject } from '../adapter.js';
import {
  type HandOverMessage,
  type HandOverOp,
  type HandOverReplies,
  type HandOverReply,
  handOverVersion,
  type MessageOf,
  type ObjectInReply,
  parseMessage,
} from '../http/messages.js';
import { Pages } from '../listing.js';
import type { PartTransport } from '../multipart/upload-in-parts.js';
import { Bucket, plainPath, storedObject } from './bucket.js';
import { assertWithin, nameUpload, type PromisedUpload, readUpload } from './promised-size.js';
import { base64Of, RequestSigner } from './request-signer.js';
import { abortUpload, listParts, look, s3PartTransport } from './s3-upload.js';
import { StagedPieces } from './staged-pieces.js';
import type { UploadGrant, UploadGrantOptions } from './upload-grant-options.js';

const largestObject = 64 * 1024 ** 3;
const largestMessage = 4 * 1024 * 1024;
const pageSize = 500;

/**
 * HQ's half of the HTTP hand-over, for one authenticated office. It signs URLs for exactly the bytes the
 * office names (length and MD5 are part of the signature), completes the object itself, and is stateless: any
 * server of HQ answers any message.
 *
 * @throws TypeError or RangeError naming a wrong option
 * @example
 * ```ts
 * const connection = { region: 'us-east-1' };
 * const grant = createUploadGrant({ bucket: 'copies', connection, keysUnder: '4711/' });
 * console.log(typeof grant.respond);
 * ```
 */
export function createUploadGrant(options: UploadGrantOptions): UploadGrant {
  assertArgument('options', options, 'object');
  const grant = new Grant(options);
  return {
    answer: (message) => grant.answer(message),
    async respond(request) {
      const reply = await grant.answer(await readJson(request));
      return Response.json(reply, { headers: { 'cache-control': 'no-store' } });
    },
  };
}

class Grant {
  readonly #bucket: Bucket;
  readonly #options: UploadGrantOptions;
  readonly #signer: RequestSigner;
  readonly #now: () => Date;

  constructor(options: UploadGrantOptions) {
    const { keysUnder, publicEndpoint } = options;
    if (typeof keysUnder !== 'string' || !keysUnder.endsWith('/')) {
      throw new RangeError('"keysUnder" must end in "/"');
    }
    this.#bucket = new Bucket(options);
    this.#bucket.pathOf(`${keysUnder}x`);
    this.#options = options;
    this.#now = options.now ?? (() => new Date());
    const seen =
      publicEndpoint === undefined
        ? this.#bucket
        : new Bucket({ ...options, connection: { ...options.connection, endpoint: publicEndpoint } });
    this.#signer = new RequestSigner(this.#bucket, seen.client, options.urlLifetime ?? 900);
  }

  async answer(value: unknown): Promise<HandOverReply> {
    try {
      const message = parseMessage(value);
      this.#assertOwn(message);
      const kept = await this.#asPromised(message);
      const reply = kept === null ? { parts: null } : await this.#grant(kept);
      return { ok: true, version: handOverVersion, reply };
    } catch (error) {
      return { ok: false, version: handOverVersion, ...whyNot(error) };
    }
  }

  async #grant(message: HandOverMessage): Promise<HandOverReplies[HandOverOp]> {
    switch (message.op) {
      case 'begin':
        return this.#begin(message);
      case 'present':
        return { parts: await listParts(this.#bucket, message.key, message.uploadId, undefined) };
      case 'part':
        return this.#part(message);
      case 'pieces':
        return this.#pieces(message);
      case 'join':
        return this.#join(message);
      case 'complete':
        return this.#complete(message);
      case 'abort':
        await abortUpload(this.#bucket, this.#bucket.pathOf(message.key), message.uploadId);
        return {};
      case 'stat': {
        const object = await look(this.#bucket, message.key, undefined);
        return { object: object === null ? null : inReply(object) };
      }
      case 'read':
        return this.#read(message);
      case 'list':
        return this.#list(message);
    }
  }

  #assertOwn(message: HandOverMessage): void {
    const key = message.op === 'list' ? message.prefix : message.key;
    if (message.op !== 'list') this.#bucket.pathOf(key);
    if (!key.startsWith(this.#options.keysUnder)) {
      throw new BackupError('storage-permanent', 'The key is not one of this office.');
    }
    const size = 'size' in message ? message.size : 0;
    const { maximumSize = largestObject } = this.#options;
    if (size > maximumSize) {
      throw new BackupError(
        'storage-permanent',
        `The object is larger than the ${maximumSize} bytes granted.`,
      );
    }
  }

  /**
   * The message with the store's name of the upload. Null when it asks for the parts of an upload that was
   * not begun here, which has none.
   */
  async #asPromised(message: HandOverMessage): Promise<HandOverMessage | null> {
    if (!('uploadId' in message)) return message;
    const secret = await this.#secret();
    const { maximumSize = largestObject } = this.#options;
    const upload: PromisedUpload | null =
      secret === undefined
        ? { uploadId: message.uploadId, size: undefined }
        : readUpload(secret, this.#bucket.pathOf(message.key), message.uploadId);
    if (upload === null) {
      if (message.op === 'present') return null;
      throw new BackupError('storage-permanent', 'The upload was not begun here.', {
        details: { reason: 'unknown-upload' },
      });
    }
    if ('part' in message) assertWithin(upload.size ?? maximumSize, message.part);
    if ('size' in message && message.size !== (upload.size ?? message.size)) {
      throw new BackupError('storage-permanent', 'The upload was begun for another size.', {
        details: { reason: 'beyond-promise' },
      });
    }
    return { ...message, uploadId: upload.uploadId };
  }

  async #secret(): Promise<string | Uint8Array | undefined> {
    if (this.#options.secret !== undefined) return this.#options.secret;
    const bucket = this.#bucket;
    const { secretAccessKey, sessionToken } = await bucket.typed(() => bucket.client.config.credentials());
    return sessionToken === undefined ? secretAccessKey : undefined;
  }

  async #begin({ key, size, sha256 }: MessageOf<'begin'>): Promise<HandOverReplies['begin']> {
    const uploadId = await this.#transport(key, size, sha256).begin();
    const secret = await this.#secret();
    return {
      uploadId:
        secret === undefined ? uploadId : nameUpload(secret, this.#bucket.pathOf(key), uploadId, size),
    };
  }

  async #part({ key, uploadId, part }: MessageOf<'part'>): Promise<HandOverReplies['part']> {
    const command = new UploadPartCommand({
      Bucket: this.#bucket.name,
      Key: this.#bucket.pathOf(key),
      UploadId: uploadId,
      PartNumber: part.number,
      ContentLength: part.size,
      ContentMD5: base64Of(part.md5),
    });
    return { request: await this.#signer.sign(command) };
  }

  async #pieces({ key, uploadId, part, pieces }: MessageOf<'pieces'>): Promise<HandOverReplies['pieces']> {
    const staged = new StagedPieces(this.#bucket, { key, uploadId, part, pieces });
    const present = await staged.present();
    const requests = pieces.map(async (piece) =>
      present.get(staged.pathOf(piece)) === piece.size
        ? null
        : this.#signer.sign(
            new PutObjectCommand({
              Bucket: this.#bucket.name,
              Key: staged.pathOf(piece),
              ContentLength: piece.size,
              ContentMD5: base64Of(piece.md5),
            }),
          ),
    );
    return { requests: await Promise.all(requests) };
  }

  // The pieces pass through the memory of HQ, one part at a time, because HQ is near the store.
  async #join({ key, uploadId, part, pieces }: MessageOf<'join'>): Promise<HandOverReplies['join']> {
    const staged = new StagedPieces(this.#bucket, { key, uploadId, part, pieces });
    const bytes = await staged.join();
    const etag = await this.#transport(key, part.size, undefined).send(
      uploadId,
      { number: part.number, bytes, md5: part.md5, failures: 0, freshConnection: false },
      new AbortController().signal,
    );
    await staged.clear();
    return { etag };
  }

  async #complete(message: MessageOf<'complete'>): Promise<HandOverReplies['complete']> {
    const { key, uploadId, size, sha256, parts } = message;
    const present = await listParts(this.#bucket, key, uploadId, undefined);
    // Null: an earlier try may have completed it, although its answer was lost; the transport checks that.
    if (present !== null) {
      const total = parts.reduce((sum, one) => sum + sizeOf(present, one.number), 0);
      if (total !== size) {
        throw new BackupError('verification-failed', `The store has ${total} of ${size} bytes.`);
      }
    }
    return { object: inReply(await this.#transport(key, size, sha256).complete(uploadId, parts)) };
  }

  async #read({ key }: MessageOf<'read'>): Promise<HandOverReplies['read']> {
    const object = await look(this.#bucket, key, undefined);
    if (object === null) throw new BackupError('storage-not-found', `There is no ${key}.`);
    const command = new GetObjectCommand({ Bucket: this.#bucket.name, Key: this.#bucket.pathOf(key) });
    return { request: await this.#signer.sign(command), size: object.size };
  }

  async #list({ prefix, after }: MessageOf<'list'>): Promise<HandOverReplies['list']> {
    const bucket = this.#bucket;
    const page = await bucket.typed(() =>
      bucket.send(
        new ListObjectsV2Command({
          Bucket: bucket.name,
          Prefix: bucket.prefixOf(prefix),
          MaxKeys: pageSize,
          ...(after !== undefined && { StartAfter: bucket.prefixOf(after) }),
        }),
      ),
    );
    const pages = new Pages(bucket.description, bucket.prefixOf(prefix));
    let last: string | undefined;
    const objects = (page.Contents ?? []).flatMap(({ Key, Size, LastModified, ETag }) => {
      const path = pages.pass(plainPath(Key, page.EncodingType, pages));
      last = path;
      const key = bucket.keyOf(path);
      if (key === undefined) return [];
      return [inReply(storedObject(key, { size: Size, date: LastModified, etag: ETag }))];
    });
    // `next` is not always the last object: entries that are not objects, such as the marker of a folder,
    // count in a page too.
    const next = pages.after(page.IsTruncated, last)?.slice(bucket.prefixOf('').length);
    return { objects, more: next !== undefined, ...(next !== undefined && { next }) };
  }

  #transport(key: string, size: number, sha256: string | undefined): PartTransport {
    return s3PartTransport({
      bucket: this.#bucket,
      key,
      size,
      sha256,
      retention: this.#options.retention,
      now: this.#now,
      ifAbsent: 'claim',
      // The office retries.
      partRetry: {},
      signal: undefined,
    });
  }
}

function sizeOf(
  present: readonly { readonly number: number; readonly size: number }[],
  number: number,
): number {
  return present.find((one) => one.number === number)?.size ?? 0;
}

function inReply(object: StoredObject): ObjectInReply {
  return { ...object, modifiedAt: object.modifiedAt.toISOString() };
}

// Only what the office needs to know: never a name, an address or a message of HQ's own systems.
function whyNot(error: unknown): { readonly error: string; readonly reason?: string } {
  if (isBackupError(error)) {
    const { reason } = error.details;
    return { error: error.code, ...(typeof reason === 'string' && { reason }) };
  }
  if (error instanceof RangeError || error instanceof TypeError) {
    return { error: 'storage-permanent', reason: 'malformed' };
  }
  return { error: 'storage-transient' };
}

async function readJson(request: Request): Promise<unknown> {
  try {
    const body = request.body === null ? new Uint8Array(0) : await collectBytes(request.body, largestMessage);
    return fromJson(body);
  } catch {
    return undefined;
  }
}
