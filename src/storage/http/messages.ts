/**
 * What the office and HQ say to each other: one JSON message and one JSON reply per HTTP request. The bytes of an
 * archive never go this way; they go to presigned URLs of the store.
 */

/** Version of the protocol; a desk answers only its own. */
export const handOverVersion = 1;

/** A part of an upload, as the office has it. */
export interface PartClaim {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  /** Lower-case hex. */
  readonly md5: string;
}

/** A part as the store has it. */
interface PartInStore {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
}

/** A piece of a part, for lines that break before a whole part is through. */
export interface PieceClaim {
  /** From 0. */
  readonly index: number;
  readonly size: number;
  /** Lower-case hex. */
  readonly md5: string;
}

/** A part together with its pieces. */
interface PiecesOfPart {
  readonly key: string;
  readonly uploadId: string;
  readonly part: PartClaim;
  readonly pieces: readonly PieceClaim[];
}

/** What the office asks, by the kind of message. */
interface HandOverMessages {
  /** A URL for a small object. */
  readonly whole: { readonly key: string; readonly size: number; readonly md5: string };
  /** A new upload in parts. */
  readonly begin: { readonly key: string; readonly size: number };
  /** Which parts have arrived. */
  readonly present: { readonly key: string; readonly uploadId: string };
  /** A URL for a part. */
  readonly part: { readonly key: string; readonly uploadId: string; readonly part: PartClaim };
  /** URLs for the pieces of a part that have not arrived. */
  readonly pieces: PiecesOfPart;
  /** To make a part of its pieces. */
  readonly join: PiecesOfPart;
  /** To make the object visible. */
  readonly complete: {
    readonly key: string;
    readonly uploadId: string;
    readonly size: number;
    readonly parts: readonly (PartClaim & PartInStore)[];
  };
  /** To give an upload up. */
  readonly abort: { readonly key: string; readonly uploadId: string };
  readonly stat: { readonly key: string };
  /** A URL to read an object. */
  readonly read: { readonly key: string };
  /** A page of objects, those after a key. */
  readonly list: { readonly prefix: string; readonly after?: string };
}

/** The kinds of message. */
export type HandOverOp = keyof HandOverMessages;

/** A message of one kind. */
export type MessageOf<Op extends HandOverOp> = { readonly op: Op } & HandOverMessages[Op];

/** What the office asks. */
export type HandOverMessage = { readonly [Op in HandOverOp]: MessageOf<Op> }[HandOverOp];

/** A request to the store that HQ has signed. */
export interface SignedRequest {
  readonly url: string;
  /** To be sent exactly so; they are part of the signature. */
  readonly headers: Readonly<Record<string, string>>;
}

/** An object, as JSON has it. */
export interface ObjectInReply {
  readonly key: string;
  readonly size: number;
  /** ISO 8601. */
  readonly modifiedAt: string;
  readonly etag?: string;
}

/** What HQ replies to each message, when it grants it. */
export interface HandOverReplies {
  readonly whole: { readonly request: SignedRequest };
  readonly begin: { readonly uploadId: string; readonly takesPieces: boolean };
  readonly present: { readonly parts: readonly PartInStore[] | null };
  readonly part: { readonly request: SignedRequest };
  readonly pieces: { readonly requests: readonly (SignedRequest | null)[] };
  readonly join: { readonly etag: string };
  readonly complete: { readonly object: ObjectInReply };
  readonly abort: Readonly<Record<string, never>>;
  readonly stat: { readonly object: ObjectInReply | null };
  readonly read: { readonly request: SignedRequest; readonly size: number };
  readonly list: { readonly objects: readonly ObjectInReply[]; readonly more: boolean };
}

/** A reply: what was asked for, or why not. `error` is the code of a `BackupError`. */
export type HandOverReply =
  | { readonly ok: true; readonly version: number; readonly reply: HandOverReplies[HandOverOp] }
  | { readonly ok: false; readonly version: number; readonly error: string; readonly reason?: string };

/**
 * Reads a message that came from outside.
 *
 * @throws RangeError naming what is wrong with it
 */
export function parseMessage(value: unknown): HandOverMessage {
  const message = fieldsOf(value, 'message');
  if (message['version'] !== handOverVersion) throw new RangeError('"version" is not one this desk speaks');
  const op = message['op'];
  switch (op) {
    case 'whole':
      return { op, key: text(message, 'key'), size: count(message, 'size'), md5: md5(message) };
    case 'begin':
      return { op, key: text(message, 'key'), size: count(message, 'size') };
    case 'present':
    case 'abort':
      return { op, key: text(message, 'key'), uploadId: text(message, 'uploadId') };
    case 'part':
      return {
        op,
        key: text(message, 'key'),
        uploadId: text(message, 'uploadId'),
        part: part(message['part']),
      };
    case 'pieces':
    case 'join':
      return {
        op,
        key: text(message, 'key'),
        uploadId: text(message, 'uploadId'),
        part: part(message['part']),
        pieces: list(message, 'pieces').map(piece),
      };
    case 'complete':
      return {
        op,
        key: text(message, 'key'),
        uploadId: text(message, 'uploadId'),
        size: count(message, 'size'),
        parts: list(message, 'parts').map((one) => ({
          ...part(one),
          etag: text(fieldsOf(one, 'parts'), 'etag'),
        })),
      };
    case 'stat':
    case 'read':
      return { op, key: text(message, 'key') };
    case 'list':
      return {
        op,
        prefix: text(message, 'prefix', 0),
        ...(message['after'] !== undefined && { after: text(message, 'after') }),
      };
    default:
      throw new RangeError('"op" is not one this desk knows');
  }
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null) throw new RangeError(`"${name}" is not an object`);
  return value as Fields;
}

function text(fields: Fields, name: string, least = 1): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length < least || value.length > 4096) {
    throw new RangeError(`"${name}" is not a text`);
  }
  return value;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new RangeError(`"${name}" is not a count`);
  return value as number;
}

function md5(fields: Fields): string {
  const value = text(fields, 'md5');
  if (!/^[0-9a-f]{32}$/u.test(value)) throw new RangeError('"md5" is not an MD5');
  return value;
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length > 10_000) throw new RangeError(`"${name}" is not a list`);
  return value;
}

function part(value: unknown): PartClaim {
  const fields = fieldsOf(value, 'part');
  const number = count(fields, 'number');
  if (number < 1 || number > 10_000) throw new RangeError('"number" is not that of a part');
  return { number, size: count(fields, 'size'), md5: md5(fields) };
}

function piece(value: unknown): PieceClaim {
  const fields = fieldsOf(value, 'pieces');
  return { index: count(fields, 'index'), size: count(fields, 'size'), md5: md5(fields) };
}
