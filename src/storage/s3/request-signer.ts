import type { GetObjectCommand, PutObjectCommand, S3Client, UploadPartCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { SignedRequest } from '../http/messages.js';
import type { Bucket } from './bucket.js';

const bindingHeaders = ['content-length', 'content-md5'];

/** Signs requests that an office then sends, each for exactly the bytes that it named. */
export class RequestSigner {
  readonly #bucket: Bucket;
  readonly #client: S3Client;
  readonly #lifetime: number;

  /**
   * @param client - of the bucket as the office sees it
   * @param lifetime - of a signed URL, in seconds
   */
  constructor(bucket: Bucket, client: S3Client, lifetime: number) {
    this.#bucket = bucket;
    this.#client = client;
    this.#lifetime = lifetime;
  }

  async sign(command: PutObjectCommand | UploadPartCommand | GetObjectCommand): Promise<SignedRequest> {
    const headers: Record<string, string> = {};
    // The headers that bind the request to these bytes stay signed headers, which the office has to send.
    (command as GetObjectCommand).middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { headers: Record<string, string> };
        for (const [name, value] of Object.entries(request.headers)) {
          if (bindingHeaders.includes(name.toLowerCase())) headers[name.toLowerCase()] = value;
        }
        return next(args);
      },
      { step: 'build', priority: 'low', name: 'rememberHeaders' },
    );
    const url = await this.#bucket.typed(() =>
      getSignedUrl(this.#client, command as GetObjectCommand, {
        expiresIn: this.#lifetime,
        // By the clock of the store, which is known by now: that of HQ may be wrong.
        signingDate: new Date(Date.now() + this.#bucket.clockOffset),
        signableHeaders: new Set(['host', ...bindingHeaders]),
      }),
    );
    // The length is signed too, but every client sets that header.
    const { 'content-length': _, ...told } = headers;
    return { url, headers: told };
  }
}

/** A hash as the header of a request has it. */
export function base64Of(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}
