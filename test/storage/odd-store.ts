import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createS3Storage, type S3Storage, type S3StorageOptions } from '../../src/storage/s3/index.js';

/** A request to the odd store. */
export interface OddRequest {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Something on loopback that answers where a bucket `copies` should be, however it likes. */
export interface OddStore {
  readonly port: number;
  /** What was asked, in order: method, key and query. */
  readonly asked: string[];
  readonly connection: S3StorageOptions['connection'];
  bucket(options?: Partial<S3StorageOptions>): S3Storage;
  close(): Promise<void>;
}

/** Starts it. */
export async function openOddStore(
  answer: (request: OddRequest, response: ServerResponse) => void | Promise<void>,
): Promise<OddStore> {
  const asked: string[] = [];
  const server = createServer(async (incoming, outgoing) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const url = new URL(incoming.url!, 'http://store.example');
      const key = decodeURIComponent(url.pathname.slice('/copies/'.length));
      asked.push(`${incoming.method} ${key}${url.search}`);
      const { method = '', headers } = incoming;
      await answer({ method, key, query: url.searchParams, headers, body: Buffer.concat(chunks) }, outgoing);
    } catch {
      outgoing.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connection = {
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'A', secretAccessKey: 'B' },
  };
  const partRetry = { retries: 1, minTimeout: 0, maxTimeout: 0 };
  return {
    port,
    asked,
    connection,
    bucket: (options) => createS3Storage({ bucket: 'copies', connection, partRetry, ...options }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers as a store does. */
export function answerXml(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0"?>${text}`);
}

/** An object in a page of a list. */
export function contents(
  key: string,
  { size = '1', date = '2026-02-01T00:00:00.000Z' }: { readonly size?: string; readonly date?: string } = {},
): string {
  return `<Contents><Key>${key}</Key><LastModified>${date}</LastModified><ETag>"x"</ETag><Size>${size}</Size></Contents>`;
}

/** A page of a list; the last one without a token. */
export function page(
  inside: string,
  { truncated = false, token = '' }: { readonly truncated?: boolean; readonly token?: string } = {},
): string {
  const next = token === '' ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`;
  return `<ListBucketResult><Name>copies</Name><IsTruncated>${truncated}</IsTruncated>${next}${inside}</ListBucketResult>`;
}
