/**
 * What the office and HQ say to each other: one JSON message and one JSON reply per HTTP request. The bytes
 * of an archive never go this way; they go to presigned URLs of the store.
 */
import { BackupError } from '../../errors.js';

/** Version of the protocol; HQ answers only its own. */
export const handOverVersion = 2;

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
  /** A new upload in parts. */
  readonly begin: { readonly key: string; readonly size: number; readonly sha256?: string };
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
    readonly sha256?: string;
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
  readonly etag?: string | undefined;
}

/** What HQ replies to each message, when it grants it. */
export interface HandOverReplies {
  readonly begin: { readonly uploadId: string };
  readonly present: { readonly parts: readonly PartInStore[] | null };
  readonly part: { readonly request: SignedRequest };
  readonly pieces: { readonly requests: readonly (SignedRequest | null)[] };
  readonly join: { readonly etag: string };
  readonly complete: { readonly object: ObjectInReply };
  readonly abort: Readonly<Record<string, never>>;
  readonly stat: { readonly object: ObjectInReply | null };
  readonly read: { readonly request: SignedRequest; readonly size: number };
  /** `next`: where to go on, for a page that ends with what is no object. */
  readonly list: {
    readonly objects: readonly ObjectInReply[];
    readonly more: boolean;
    readonly next?: string;
  };
}

/** A reply: what was asked for, or why not. `error` is the code of a `BackupError`. */
export type HandOverReply =
  | { readonly ok: true; readonly version: number; readonly reply: HandOverReplies[HandOverOp] }
  | { readonly ok: false; readonly version: number; readonly error: string; readonly reason?: string };

/**
 * Reads a message that came from outside.
 *
 * @throws BackupError `storage-permanent`, with what is wrong with it as `details.problem`
 */
export function parseMessage(value: unknown): HandOverMessage {
  const message = fieldsOf(value, 'message');
  if (message['version'] !== handOverVersion) throw unreadable('"version" is not one that HQ speaks');
  const op = message['op'];
  switch (op) {
    case 'begin':
      return { op, key: text(message, 'key'), size: count(message, 'size'), ...sha256(message) };
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
        ...sha256(message),
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
      throw unreadable('"op" is not one that HQ knows');
  }
}

/**
 * Reads what came back for a message. Between the office and HQ may stand a proxy, a portal of a hotel or an
 * HQ of another version, each with its own idea of a reply.
 *
 * @throws BackupError `storage-permanent`, with what is wrong with it as `details.problem`
 */
export function parseReply<Op extends HandOverOp>(
  op: Op,
  value: unknown,
): { readonly ok: true; readonly reply: HandOverReplies[Op] } | (HandOverReply & { readonly ok: false }) {
  const fields = fieldsOf(value, 'reply');
  const version = count(fields, 'version');
  if (fields['ok'] !== true) {
    const reason = fields['reason'] === undefined ? {} : { reason: text(fields, 'reason') };
    return { ok: false, version, error: text(fields, 'error'), ...reason };
  }
  if (version !== handOverVersion) throw unreadable('"version" is not one this office speaks');
  return { ok: true, reply: replyParsers[op](fieldsOf(fields['reply'], 'reply')) };
}

const replyParsers: { readonly [Op in HandOverOp]: (fields: Fields) => HandOverReplies[Op] } = {
  begin: (fields) => ({ uploadId: text(fields, 'uploadId') }),
  present: (fields) => ({
    parts: fields['parts'] === null ? null : list(fields, 'parts').map(partInStore),
  }),
  part: (fields) => ({ request: signedRequest(fields['request']) }),
  pieces: (fields) => ({
    requests: list(fields, 'requests').map((one) => (one === null ? null : signedRequest(one))),
  }),
  join: (fields) => ({ etag: text(fields, 'etag') }),
  complete: (fields) => ({ object: objectInReply(fields['object']) }),
  abort: () => ({}),
  stat: (fields) => ({ object: fields['object'] === null ? null : objectInReply(fields['object']) }),
  read: (fields) => ({ request: signedRequest(fields['request']), size: count(fields, 'size') }),
  list: (fields) => {
    if (typeof fields['more'] !== 'boolean') throw unreadable('"more" is neither true nor false');
    const next = fields['next'] === undefined ? {} : { next: text(fields, 'next') };
    return { objects: list(fields, 'objects').map(objectInReply), more: fields['more'], ...next };
  },
};

function partInStore(value: unknown): PartInStore {
  const fields = fieldsOf(value, 'parts');
  return { number: count(fields, 'number'), size: count(fields, 'size'), etag: text(fields, 'etag', 0) };
}

function objectInReply(value: unknown): ObjectInReply {
  const fields = fieldsOf(value, 'object');
  const modifiedAt = text(fields, 'modifiedAt');
  if (Number.isNaN(Date.parse(modifiedAt))) throw unreadable('"modifiedAt" is not a date');
  return {
    key: text(fields, 'key'),
    size: count(fields, 'size'),
    modifiedAt,
    ...(fields['etag'] !== undefined && { etag: text(fields, 'etag') }),
  };
}

function signedRequest(value: unknown): SignedRequest {
  const fields = fieldsOf(value, 'request');
  const url = text(fields, 'url', 1, longestUrl);
  if (!URL.canParse(url) || new URL(url).username !== '') throw unreadable('"url" is not a URL to be used');
  const headers: Record<string, string> = {};
  for (const [name, header] of Object.entries(fieldsOf(fields['headers'], 'headers'))) {
    if (!/^[a-z0-9-]+$/iu.test(name) || typeof header !== 'string' || !/^[\t\x20-\x7e]*$/u.test(header)) {
      throw unreadable('"headers" holds what is no header');
    }
    headers[name] = header;
  }
  return { url, headers };
}

type Fields = Readonly<Record<string, unknown>>;

/** Nothing of what came is taken over: it may hold signatures, or anything. */
function unreadable(problem: string): BackupError {
  return new BackupError('storage-permanent', `What came is no message of the hand-over (${problem}).`, {
    details: { reason: 'malformed', problem },
  });
}

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null) throw unreadable(`"${name}" is not an object`);
  return value as Fields;
}

// A signed URL holds the token of temporary credentials, which alone may be 2,000 characters long.
const longestUrl = 16 * 1024;

function text(fields: Fields, name: string, least = 1, most = 4096): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length < least || value.length > most) {
    throw unreadable(`"${name}" is not a text`);
  }
  return value;
}

function count(fields: Fields, name: string): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw unreadable(`"${name}" is not a count`);
  return value as number;
}

function md5(fields: Fields): string {
  const value = text(fields, 'md5');
  if (!/^[0-9a-f]{32}$/u.test(value)) throw unreadable('"md5" is not an MD5');
  return value;
}

function sha256(fields: Fields): { readonly sha256?: string } {
  if (fields['sha256'] === undefined) return {};
  const value = text(fields, 'sha256');
  if (!/^[0-9a-f]{64}$/u.test(value)) throw unreadable('"sha256" is not a SHA-256');
  return { sha256: value };
}

function list(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value) || value.length > 10_000) throw unreadable(`"${name}" is not a list`);
  return value;
}

function part(value: unknown): PartClaim {
  const fields = fieldsOf(value, 'part');
  const number = count(fields, 'number');
  if (number < 1 || number > 10_000) throw unreadable('"number" is not that of a part');
  return { number, size: count(fields, 'size'), md5: md5(fields) };
}

function piece(value: unknown): PieceClaim {
  const fields = fieldsOf(value, 'pieces');
  return { index: count(fields, 'index'), size: count(fields, 'size'), md5: md5(fields) };
}
