import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';

interface Blob {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly modifiedAt: Date;
}

type Answer = readonly [status: number, headers?: OutgoingHttpHeaders, body?: string | Buffer];

/** A small version of the service that the company already has. */
export function createBlobServer(token: string): Server {
  const blobs = new Map<string, Blob>();
  return createServer((request, response) => {
    answerTo(request, token, blobs).then(
      ([status, headers = {}, body = '']) => response.writeHead(status, headers).end(body),
      // An interrupted request has stored nothing.
      () => response.destroy(),
    );
  });
}

async function answerTo(request: IncomingMessage, token: string, blobs: Map<string, Blob>): Promise<Answer> {
  if (request.headers.authorization !== `Bearer ${token}`) return [401];
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  const key = pathname.slice(1).split('/').map(decodeURIComponent).join('/');
  if (key === '') return [200, {}, list(blobs, searchParams.get('prefix') ?? '')];
  switch (request.method) {
    case 'PUT':
      return put(request, blobs, key);
    case 'DELETE':
      blobs.delete(key);
      return [204];
    default:
      return blobs.has(key) ? send(request, blobs.get(key)!) : [404];
  }
}

async function put(request: IncomingMessage, blobs: Map<string, Blob>, key: string): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.headers['if-none-match'] === '*' && blobs.has(key)) return [412];
  const bytes = Buffer.concat(chunks);
  const etag = createHash('sha256').update(bytes).digest('hex');
  // HTTP dates are in whole seconds.
  const blob = { bytes, etag, modifiedAt: new Date(Math.floor(Date.now() / 1000) * 1000) };
  blobs.set(key, blob);
  return [201, headersOf(blob)];
}

function send(request: IncomingMessage, blob: Blob): Answer {
  const size = blob.bytes.length;
  if (request.method === 'HEAD') return [200, { ...headersOf(blob), 'content-length': size }];
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  if (first === undefined) return [200, headersOf(blob), blob.bytes];
  const end = last === '' ? size : Number(last) + 1;
  if (Number(first) > size || end > size) return [416];
  return [206, headersOf(blob), blob.bytes.subarray(Number(first), end)];
}

function list(blobs: ReadonlyMap<string, Blob>, prefix: string): string {
  const found = [...blobs].filter(([key]) => key.startsWith(prefix));
  found.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return JSON.stringify(
    found.map(([key, { bytes, etag, modifiedAt }]) => ({ key, size: bytes.length, etag, modifiedAt })),
  );
}

function headersOf({ etag, modifiedAt }: Blob): OutgoingHttpHeaders {
  return { etag, 'last-modified': modifiedAt.toUTCString() };
}
