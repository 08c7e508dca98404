import type { HandOverReply } from '../http/messages.js';
import type { BucketAddress, Retention } from './bucket.js';

/** Options of `createUploadGrant`. */
export interface UploadGrantOptions extends BucketAddress {
  /** All keys of this office begin with this, such as `practice-1234/`. It must end in `/`. */
  readonly keysUnder: string;
  /** Largest object in bytes. @defaultValue 64 GiB */
  readonly maximumSize?: number | undefined;
  /**
   * Binds each upload to the size promised at its begin. It must be the same on all servers of HQ, and not
   * change.
   * @defaultValue one derived from the secret key of the connection. Temporary credentials change, so with
   *   them nothing is bound without this, and only `maximumSize` holds
   */
  readonly secret?: string | Uint8Array | undefined;
  /** How long a signed URL is good, in seconds. @defaultValue 900 */
  readonly urlLifetime?: number | undefined;
  /** The endpoint as the office sees it, if that differs from HQ's own. */
  readonly publicEndpoint?: string | undefined;
  /** Locks each object for a time; the bucket must have object lock. */
  readonly retention?: Retention | undefined;
  /** The clock that retention counts from. @defaultValue the clock of the machine */
  readonly now?: (() => Date) | undefined;
}

/**
 * What one office may do with its store: add, look and read, under its own keys; never overwrite, never
 * delete.
 */
export interface UploadGrant {
  /** Answers one message of the office. Never rejects for what the office did. */
  answer(message: unknown): Promise<HandOverReply>;
  /** The same for servers with `Request` and `Response`. Authenticate the office first. */
  respond(request: Request): Promise<Response>;
}
