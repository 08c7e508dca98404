import type { StorageAdapter, StoredObject } from 'supplemental-backup';
import { toReadableStream } from 'supplemental-backup/archive';
import {
  createCustomStorage,
  storageFailureOfConnection,
  storageFailureOfStatus,
} from 'supplemental-backup/storage';

/** A store behind a plain HTTP service: PUT, GET, HEAD, DELETE, and `?prefix=` for a list in JSON. */
export function createBlobStorage(options: { readonly url: string; readonly token: string }): StorageAdapter {
  const description = `blobs at ${new URL(options.url).host}`;

  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${options.token}` };
    const response = await fetch(options.url + path, { ...init, headers }).catch((error: unknown) => {
      throw storageFailureOfConnection(error, description);
    });
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    throw storageFailureOfStatus(response.status, description);
  }

  const pathOf = (key: string): string => `/${key.split('/').map(encodeURIComponent).join('/')}`;
  const objectOf = (key: string, size: number, { headers }: Response): StoredObject => ({
    key,
    size,
    modifiedAt: new Date(headers.get('last-modified') ?? 0),
    etag: headers.get('etag') ?? '',
  });

  return createCustomStorage({
    description,
    capabilities: { atomicIfAbsent: true, ranges: true, overwrite: true, delete: true },
    async put(key, bytes, { size, ifAbsent, ...signal }) {
      const headers = { 'content-length': String(size), ...(ifAbsent && { 'if-none-match': '*' }) };
      const body = toReadableStream(bytes);
      const request = { method: 'PUT', headers, body, duplex: 'half', ...signal } as RequestInit;
      return objectOf(key, size, await ask(pathOf(key), request));
    },
    async *get(key, { start, end, ...signal }) {
      const headers = { range: `bytes=${start}-${end - 1}` };
      yield* (await ask(pathOf(key), { headers, ...signal })).body ?? [];
    },
    async stat(key, signal) {
      const response = await ask(pathOf(key), { method: 'HEAD', ...signal });
      if (response.status === 404) return null;
      return objectOf(key, Number(response.headers.get('content-length')), response);
    },
    async *list(prefix, signal) {
      const response = await ask(`/?prefix=${encodeURIComponent(prefix)}`, signal);
      const listed = (await response.json()) as (StoredObject & { modifiedAt: string })[];
      for (const object of listed) yield { ...object, modifiedAt: new Date(object.modifiedAt) };
    },
    async delete(key, signal) {
      await ask(pathOf(key), { method: 'DELETE', ...signal });
    },
  });
}
