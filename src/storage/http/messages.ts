/**
 * The messages between the office and HQ: one JSON message and one JSON reply per HTTP request. The bytes of
 * an archive never go this way; they go to presigned URLs of the store.
 */
import { BackupError } from '../../errors.js';
import {
  anyObject,
  count,
  flag,
  listOf,
  type Members,
  mapOf,
  nullable,
  objectOf,
  oneOf,
  optional,
  type Shape,
  sha256,
  textFrom,
  textLike,
  where,
  wholeFrom,
  wrongMember,
} from '../../shapes.js';

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

/** A piece of a part, for lines that break before a whole part has arrived. */
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
  /** Joins the pieces to the part. */
  readonly join: PiecesOfPart;
  /** Makes the object visible. */
  readonly complete: {
    readonly key: string;
    readonly uploadId: string;
    readonly size: number;
    readonly sha256?: string;
    readonly parts: readonly (PartClaim & PartInStore)[];
  };
  /** Aborts an upload. */
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
  /** `next`: where to continue, for a page whose last entry is not an object. */
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

const words = textFrom(1, 4096);
// A signed URL holds the token of temporary credentials, which alone may be 2,000 characters long.
const url = where(textFrom(1, 16 * 1024), (value) => URL.canParse(value) && new URL(value).username === '');
const headers = where(mapOf(textLike(/^[\t\x20-\x7e]*$/u)), (all) =>
  Object.keys(all).every((name) => /^[a-z0-9-]+$/iu.test(name)),
);
const md5 = textLike(/^[0-9a-f]{32}$/u);
const date = where(words, (value) => !Number.isNaN(Date.parse(value)));
const mostParts = 10_000;
const partNumber = wholeFrom(1, mostParts);

const partClaim: Members<PartClaim> = { number: partNumber, size: count, md5 };
const pieces = listOf(objectOf<PieceClaim>({ index: count, size: count, md5 }), mostParts);
const signedRequest = objectOf<SignedRequest>({ url, headers });
const object = objectOf<ObjectInReply>({ key: words, size: count, modifiedAt: date, etag: optional(words) });
const partInStore = objectOf<PartInStore>({ number: count, size: count, etag: textFrom(0, 4096) });

const inUpload = { key: words, uploadId: words };
const ofPieces = { ...inUpload, part: objectOf(partClaim), pieces };

const messageShapes: { readonly [Op in HandOverOp]: Shape<MessageOf<Op>> } = {
  begin: objectOf<MessageOf<'begin'>>({
    op: oneOf('begin'),
    key: words,
    size: count,
    sha256: optional(sha256),
  }),
  present: objectOf<MessageOf<'present'>>({ op: oneOf('present'), ...inUpload }),
  part: objectOf<MessageOf<'part'>>({ op: oneOf('part'), ...inUpload, part: objectOf(partClaim) }),
  pieces: objectOf<MessageOf<'pieces'>>({ op: oneOf('pieces'), ...ofPieces }),
  join: objectOf<MessageOf<'join'>>({ op: oneOf('join'), ...ofPieces }),
  complete: objectOf<MessageOf<'complete'>>({
    op: oneOf('complete'),
    ...inUpload,
    size: count,
    sha256: optional(sha256),
    parts: listOf(objectOf<PartClaim & PartInStore>({ ...partClaim, etag: words }), mostParts),
  }),
  abort: objectOf<MessageOf<'abort'>>({ op: oneOf('abort'), ...inUpload }),
  stat: objectOf<MessageOf<'stat'>>({ op: oneOf('stat'), key: words }),
  read: objectOf<MessageOf<'read'>>({ op: oneOf('read'), key: words }),
  list: objectOf<MessageOf<'list'>>({
    op: oneOf('list'),
    prefix: textFrom(0, 4096),
    after: optional(words),
  }),
};

const replyShapes: { readonly [Op in HandOverOp]: Shape<HandOverReplies[Op]> } = {
  begin: objectOf<HandOverReplies['begin']>({ uploadId: words }),
  present: objectOf<HandOverReplies['present']>({ parts: nullable(listOf(partInStore, mostParts)) }),
  part: objectOf<HandOverReplies['part']>({ request: signedRequest }),
  pieces: objectOf<HandOverReplies['pieces']>({ requests: listOf(nullable(signedRequest), mostParts) }),
  join: objectOf<HandOverReplies['join']>({ etag: words }),
  complete: objectOf<HandOverReplies['complete']>({ object }),
  abort: objectOf<HandOverReplies['abort']>({}),
  stat: objectOf<HandOverReplies['stat']>({ object: nullable(object) }),
  read: objectOf<HandOverReplies['read']>({ request: signedRequest, size: count }),
  list: objectOf<HandOverReplies['list']>({
    objects: listOf(object, mostParts),
    more: flag,
    next: optional(words),
  }),
};

type Refusal = HandOverReply & { readonly ok: false };

const isRefusal = objectOf<Refusal>({
  ok: oneOf(false),
  version: count,
  error: words,
  reason: optional(words),
});
const isGrant = objectOf({ ok: oneOf(true), version: oneOf(handOverVersion), reply: anyObject });
const isMessage = objectOf({ version: oneOf(handOverVersion), op: words });

/**
 * Parses a message from outside.
 *
 * @throws BackupError `storage-permanent`, with what is wrong with it as `details.problem`
 */
export function parseMessage(value: unknown): HandOverMessage {
  const { op, version: _, ...message } = fitting(isMessage, value);
  if (!isOp(op)) throw unreadable('"op" is not one that HQ knows');
  return fitting<HandOverMessage>(messageShapes[op], { op, ...message });
}

/**
 * Parses the reply to a message. A proxy, a login page or an HQ of another version may have answered.
 *
 * @throws BackupError `storage-permanent`, with what is wrong with it as `details.problem`
 */
export function parseReply<Op extends HandOverOp>(
  op: Op,
  value: unknown,
): { readonly ok: true; readonly reply: HandOverReplies[Op] } | Refusal {
  if (isRefusal(value)) return value;
  return { ok: true, reply: fitting(replyShapes[op], fitting(isGrant, value).reply) };
}

function isOp(op: string): op is HandOverOp {
  return Object.hasOwn(messageShapes, op);
}

function fitting<T>(shape: Shape<T>, value: unknown): T {
  if (shape(value)) return value;
  const member = wrongMember(shape, value);
  throw unreadable(member === undefined ? 'it is not an object' : `"${member}" is missing or wrong`);
}

/** Nothing of the input is included: it may hold signatures, or anything. */
function unreadable(problem: string): BackupError {
  return new BackupError('storage-permanent', `The message of the hand-over is invalid (${problem}).`, {
    details: { reason: 'malformed', problem },
  });
}
