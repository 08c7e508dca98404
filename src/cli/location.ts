import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { RangeSource } from '../bytes.js';
import { BackupError } from '../errors.js';
import { fileSystemFailure, systemCodeOf } from '../files/failures.js';
import type { StorageAdapter } from '../storage/adapter.js';
import { rangeSourceOf } from '../storage/read-ranges.js';
import { type StorageRetry, withRetry } from '../storage/wrappers/with-retry.js';
import type { CommandLine } from './command.js';
import { UsageError } from './exit-codes.js';
import { withSilenceLimit } from './silence-limit.js';
import { isStoreUrl } from './store-url.js';

/** An archive on a path or in a store that can be read at any offset. */
export interface LocatedArchive extends RangeSource {
  /** Its last path segment, for people. */
  readonly name: string;
  close(): Promise<void>;
}

/** A place in a store, as an S3 URL names it. */
export interface StoreLocation {
  readonly storage: StorageAdapter;
  readonly key: string;
  /** The URL of another key of the same store. */
  urlOf(key: string): string;
}

/**
 * Opens an archive named on the command line: a path or `s3://bucket/key`.
 *
 * @throws UsageError when the name cannot be understood
 * @throws BackupError `storage-…` when there is nothing or it cannot be read
 */
export async function openLocation(
  location: string,
  line: Pick<CommandLine, 'json' | 'signal' | 'stderr'>,
): Promise<LocatedArchive> {
  if (!isStoreUrl(location)) return openFile(location, line.signal);
  const { storage, key } = await openStore(location, line);
  const source = await rangeSourceOf(storage, key, { signal: line.signal });
  return { ...source, name: basename(key), close: async () => undefined };
}

/** The store in a folder or at a URL. */
export async function storeAt(location: string, line: CommandLine): Promise<StorageAdapter> {
  if (isStoreUrl(location)) return (await openStore(location, line)).storage;
  const { createFileSystemStorage } = await import('../storage/file-system/file-system.js');
  return createFileSystemStorage({ path: location });
}

/** The same archive; reports before each read how far it has been read. */
export function countingReads(archive: LocatedArchive, onBytes: (upTo: number) => void): LocatedArchive {
  return {
    ...archive,
    read(offset, length, options) {
      if (offset > 0) onBytes(offset);
      return archive.read(offset, length, options);
    },
  };
}

/** The whole of an archive from its first byte to its last, in pieces of a megabyte. */
export async function* readThrough(source: RangeSource, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const piece = 1 << 20;
  for (let offset = 0; offset < source.size; offset += piece) {
    yield await source.read(offset, Math.min(piece, source.size - offset), { signal });
  }
}

async function openFile(path: string, signal: AbortSignal): Promise<LocatedArchive> {
  const limited = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    try {
      return await withSilenceLimit(`file ${path}`, work, undefined, signal);
    } catch (error) {
      throw fileFailure(error, path);
    }
  };
  signal.throwIfAborted();
  const opening = open(path, 'r');
  const close = async (): Promise<void> => (await opening).close();
  try {
    const stat = await limited(async () => (await opening).stat());
    if (!stat.isFile()) throw new UsageError(`${path} is not a file.`);
    const file = await opening;
    return {
      name: basename(path),
      size: stat.size,
      async read(offset, length, options) {
        options?.signal?.throwIfAborted();
        if (offset < 0 || length < 0 || offset + length > stat.size) {
          throw new RangeError(`range ${offset}+${length} is outside of ${stat.size} bytes`);
        }
        const bytes = new Uint8Array(length);
        let filled = 0;
        while (filled < length) {
          const at = filled;
          const { bytesRead } = await limited(() => file.read(bytes, at, length - at, offset + at));
          if (bytesRead === 0)
            throw new BackupError('archive-damaged', `${path} became shorter while it was read.`);
          filled += bytesRead;
        }
        return bytes;
      },
      // Closing waits for a read that hangs. What was only read needs no closing to be whole.
      close: () => limited(close).catch(() => undefined),
    };
  } catch (error) {
    // It may still be opened, when nobody waits for it any more.
    close().catch(() => undefined);
    throw error;
  }
}

function fileFailure(error: unknown, path: string): unknown {
  const code = systemCodeOf(error);
  if (code === 'ENOENT')
    return new BackupError('storage-not-found', `There is no ${path}.`, { cause: error });
  if (code === 'EACCES' || code === 'EPERM') {
    return new BackupError('storage-permanent', `${path} cannot be read: access is denied.`, {
      cause: error,
    });
  }
  return fileSystemFailure(error, `file ${path}`);
}

/**
 * The store and the key that `s3://bucket/key[?endpoint=URL&region=NAME]` names. Credentials, and what the
 * URL does not say, come from where the AWS tools take them: `AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`,
 * `AWS_REGION`, the shared files.
 *
 * @param options - `folder`: the key may be empty, for the whole bucket; `within`: the store sees what lies
 * under the key alone, and names it from there
 * @throws UsageError
 */
export async function openStore(
  url: string,
  line: Pick<CommandLine, 'json' | 'stderr'>,
  { folder = false, within = false }: { readonly folder?: boolean; readonly within?: boolean } = {},
): Promise<StoreLocation> {
  const { bucket, key, endpoint, region } = readStoreUrl(url, folder);
  const urlOf = (other: string): string => urlBeside(url, other);
  const known = openStores.get(line.stderr) ?? new Map<string, StorageAdapter>();
  openStores.set(line.stderr, known);
  const prefix = within ? key : '';
  const name = JSON.stringify([bucket, prefix, endpoint, region]);
  const before = known.get(name);
  if (before !== undefined) return { storage: before, key, urlOf };
  // Loaded only here, so that nobody needs the S3 client who has no bucket.
  const { createS3Storage } = await import('../storage/s3/index.js').catch((error: unknown) => {
    throw new UsageError(`${url} needs the S3 client: npm install @aws-sdk/client-s3`, { cause: error });
  });
  const storage = createS3Storage({
    bucket,
    prefix,
    connection: {
      ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
      ...(region === null ? {} : { region }),
    },
  });
  // Retries can take a minute; the user should know what is waited for.
  const onRetry = ({ retriesLeft }: StorageRetry): void => {
    const retries = retriesLeft === 1 ? '1 retry' : `${retriesLeft} retries`;
    if (!line.json)
      line.stderr.write(`\nThe ${storage.description} does not answer. Trying again, ${retries} left.\n`);
  };
  const retried = withRetry(storage, { onRetry });
  known.set(name, retried);
  return { storage: retried, key, urlOf };
}

/** One client per store and run, because each client opens its own connections. */
const openStores = new WeakMap<object, Map<string, StorageAdapter>>();

function urlBeside(url: string, key: string): string {
  const beside = new URL(url);
  beside.pathname = `/${key.split('/').map(encodeURIComponent).join('/')}`;
  return beside.href;
}

function readStoreUrl(
  url: string,
  folder: boolean,
): {
  readonly bucket: string;
  readonly key: string;
  readonly endpoint: string | null;
  readonly region: string | null;
} {
  const shape = 's3://bucket/key[?endpoint=URL&region=NAME]';
  if (!URL.canParse(url)) throw new UsageError(`${url} is not a URL such as ${shape}.`);
  const { protocol, hostname, pathname, searchParams } = new URL(url);
  if (protocol !== 's3:')
    throw new UsageError(`${url} is not a supported location: give a path or ${shape}.`);
  const key = keyIn(pathname, url);
  if (hostname === '' || (key === '' && !folder))
    throw new UsageError(`${url} lacks a bucket or a key: ${shape}.`);
  return {
    bucket: hostname,
    key,
    endpoint: searchParams.get('endpoint'),
    region: searchParams.get('region'),
  };
}

function keyIn(pathname: string, url: string): string {
  try {
    return decodeURIComponent(pathname.slice(1));
  } catch {
    throw new UsageError(`${url} has a "%" that is not part of a valid escape: write it as %25.`);
  }
}
