import {
  assertKey,
  BackupError,
  isBackupError,
  readChecked,
  type StorageAdapter,
  type StoredObject,
  toReadableStream,
} from 'supplemental-backup';

/** A store behind a plain HTTP service: PUT, GET, HEAD, DELETE, and `?prefix=` for a list in JSON. */
export function createBlobStorage(options: { readonly url: string; readonly token: string }): StorageAdapter {
  const description = `blobs at ${new URL(options.url).host}`;

  async function ask(path: string, init: RequestInit = {}): Promise<Response> {
    init.signal?.throwIfAborted();
    const headers = { ...init.headers, authorization: `Bearer ${options.token}` };
    const response = await fetch(options.url + path, { ...init, headers }).catch((cause: unknown) => {
      init.signal?.throwIfAborted();
      throw new BackupError('storage-transient', `The ${description} do not answer.`, { cause });
    });
    if (response.ok || response.status === 404) return response;
    await response.body?.cancel();
    if (response.status === 412) throw new BackupError('storage-exists', `There is one already: ${path}.`);
    const code = response.status >= 500 ? 'storage-transient' : 'storage-permanent';
    throw new BackupError(code, `The ${description} answer ${response.status}.`);
  }

  const pathOf = (key: string): string => {
    assertKey(key);
    return `/${key.split('/').map(encodeURIComponent).join('/')}`;
  };
  const storedOf = (key: string, { headers }: Response, size: number): StoredObject => ({
    key,
    size,
    modifiedAt: new Date(headers.get('last-modified') ?? 0),
    etag: headers.get('etag') ?? '',
  });

  return {
    description,
    capabilities: { atomicIfAbsent: true, ranges: true, resumablePut: false, overwrite: true, delete: true },
    async put(key, source, { ifAbsent = false, onProgress, ...signal } = {}) {
      let failure: unknown;
      async function* body(): AsyncGenerator<Uint8Array> {
        // The last chunk waits until the source is known to be whole: with it the service would take the blob as complete.
        let held: Uint8Array = new Uint8Array();
        let transferredBytes = 0;
        try {
          for await (const chunk of readChecked(source, signal.signal)) {
            yield held;
            transferredBytes += held.length;
            onProgress?.({ transferredBytes, totalBytes: source.size });
            held = chunk;
          }
          yield held;
          onProgress?.({ transferredBytes: source.size, totalBytes: source.size });
        } catch (error) {
          failure = error;
          throw error;
        }
      }
      const headers = {
        'content-length': String(source.size),
        ...(ifAbsent ? { 'if-none-match': '*' } : {}),
      };
      const request = {
        method: 'PUT',
        headers,
        body: toReadableStream(body()),
        duplex: 'half',
        ...signal,
      } as RequestInit;
      const response = await ask(pathOf(key), request).catch((error: unknown) => {
        throw failure ?? error;
      });
      return storedOf(key, response, source.size);
    },
    async *get(key, { range, ...signal } = {}) {
      const headers: Record<string, string> = {};
      if (range !== undefined) {
        // A service answers an empty or backward range with the whole blob, so it is looked at here.
        const size = (await this.stat(key, signal))?.size ?? Number.POSITIVE_INFINITY;
        const end = range.length === undefined ? size : range.offset + range.length;
        if (range.offset < 0 || end < range.offset || end > size)
          throw new RangeError('"range" is not inside');
        if (end === range.offset) return;
        headers['range'] = `bytes=${range.offset}-${Number.isFinite(end) ? end - 1 : ''}`;
      }
      const response = await ask(pathOf(key), { headers, ...signal });
      if (response.status === 404) throw new BackupError('storage-not-found', `There is no ${key}.`);
      yield* response.body ?? [];
    },
    async stat(key, signal) {
      const response = await ask(pathOf(key), { method: 'HEAD', ...signal });
      return response.status === 404
        ? null
        : storedOf(key, response, Number(response.headers.get('content-length')));
    },
    async *list(prefix, signal) {
      const response = await ask(`/?prefix=${encodeURIComponent(prefix)}`, signal);
      const listed = (await response.json()) as (Omit<StoredObject, 'modifiedAt'> & { modifiedAt: string })[];
      for (const object of listed) yield { ...object, modifiedAt: new Date(object.modifiedAt) };
    },
    async delete(key, signal) {
      await ask(pathOf(key), { method: 'DELETE', ...signal });
    },
    classify(error) {
      if (isBackupError(error, 'storage-transient')) return 'transient';
      if (isBackupError(error, 'storage-exists')) return 'exists';
      return isBackupError(error, 'storage-not-found') ? 'not-found' : 'permanent';
    },
  };
}
