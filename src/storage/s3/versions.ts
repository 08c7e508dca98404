import { GetObjectCommand, ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { BackupError } from '../../errors.js';
import type { StorageAdapter, StoredObject } from '../adapter.js';
import { classifyByCode } from '../classify.js';
import { Pages } from '../listing.js';
import { compareKeys } from '../object-keys.js';
import { type Bucket, plainPath, signalOf, storedObject } from './bucket.js';
import { readObject } from './read-object.js';

/** What happened to a key: a version was stored, or a delete hid it. */
interface Happening {
  readonly path: string;
  readonly at: Date;
  /** Of a stored version; null for a delete. */
  readonly version: {
    readonly id: string;
    readonly size: number | undefined;
    readonly etag: string | undefined;
  } | null;
}

interface Found {
  readonly object: StoredObject;
  readonly versionId: string;
}

/** A bucket with versioning as it was at a moment, for reading. */
export function storageAsOf(bucket: Bucket, moment: Date): StorageAdapter {
  const description = `${bucket.description} as of ${moment.toISOString()}`;
  const refuse = async (): Promise<never> => {
    throw new BackupError('storage-permanent', `The ${description} is read-only.`);
  };
  const find = async (key: string, signal: AbortSignal | undefined): Promise<Found | null> => {
    bucket.pathOf(key);
    for await (const found of versionsAt(bucket, key, moment, signal)) {
      if (found.object.key === key) return found;
    }
    return null;
  };
  return {
    description,
    capabilities: {
      atomicIfAbsent: false,
      ranges: true,
      resumablePut: false,
      overwrite: false,
      delete: false,
    },
    put: refuse,
    delete: refuse,
    async *get(key, options = {}) {
      const found = await find(key, options.signal);
      if (found === null) {
        throw new BackupError('storage-not-found', `There is no ${key} in the ${description}.`, {
          details: { key },
        });
      }
      yield* readObject(
        bucket,
        key,
        options,
        (range, signal) =>
          bucket.send(
            new GetObjectCommand({
              Bucket: bucket.name,
              Key: bucket.pathOf(key),
              VersionId: found.versionId,
              ...(range !== undefined && { Range: range }),
            }),
            signal,
          ),
        async () => found.object.size,
      );
    },
    stat: async (key, options) => (await find(key, options?.signal))?.object ?? null,
    async *list(prefix, options) {
      for await (const { object } of versionsAt(bucket, prefix, moment, options?.signal)) yield object;
    },
    classify: classifyByCode,
  };
}

// The store lists all versions and deletes, key by key; of each key the last one by then counts.
async function* versionsAt(
  bucket: Bucket,
  prefix: string,
  moment: Date,
  signal: AbortSignal | undefined,
): AsyncGenerator<Found> {
  let last: Happening | undefined;
  for await (const happening of happenings(bucket, prefix, signal)) {
    if (last !== undefined && last.path !== happening.path) {
      yield* foundIn(bucket, last);
      last = undefined;
    }
    if (secondOf(happening.at) > secondOf(moment)) continue;
    if (last === undefined || isLater(happening, last)) last = happening;
  }
  if (last !== undefined) yield* foundIn(bucket, last);
}

// Some answers of a store date to the millisecond and some to the second.
function secondOf(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

// Of a version and a delete at the same time the version wins: this is for recovery.
function isLater(one: Happening, other: Happening): boolean {
  if (one.at.getTime() !== other.at.getTime()) return one.at > other.at;
  return one.version !== null && other.version === null;
}

function* foundIn(bucket: Bucket, { path, at, version }: Happening): Generator<Found> {
  const key = bucket.keyOf(path);
  if (key === undefined || version === null) return;
  yield {
    object: storedObject(key, { size: version.size, date: at, etag: version.etag }),
    versionId: version.id,
  };
}

async function* happenings(
  bucket: Bucket,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Happening> {
  const under = bucket.prefixOf(prefix);
  const pages = new Pages(bucket.description, under);
  let from: { KeyMarker?: string; VersionIdMarker?: string } = {};
  let last = '';
  for (;;) {
    const command = new ListObjectVersionsCommand({ Bucket: bucket.name, Prefix: under, ...from });
    const page = await pages.next(() => bucket.typed(() => bucket.send(command, signalOf(signal)), signal));
    const pathOf = (path: string | undefined): string => plainPath(path, page.EncodingType, pages) ?? '';
    const stored = (page.Versions ?? []).map((one) => ({
      path: pathOf(one.Key),
      at: one.LastModified ?? new Date(0),
      version: { id: one.VersionId ?? '', size: one.Size, etag: one.ETag },
    }));
    const hidden = (page.DeleteMarkers ?? []).map((one) => ({
      path: pathOf(one.Key),
      at: one.LastModified ?? new Date(0),
      version: null,
    }));
    const happened = [...stored, ...hidden].sort((a, b) => compareKeys(a.path, b.path));
    for (const happening of happened) {
      if (happening.path === '' || !happening.path.startsWith(under)) {
        throw pages.failure('it holds what was not requested');
      }
      // Of one key there may be many versions, also over pages.
      if (compareKeys(happening.path, last) < 0) throw pages.failure('it is not in order');
      last = happening.path;
      yield happening;
    }
    const { NextKeyMarker, NextVersionIdMarker } = page;
    const next = pages.after(page.IsTruncated, NextKeyMarker, NextVersionIdMarker);
    if (next === undefined) return;
    from = {
      KeyMarker: next,
      ...(NextVersionIdMarker !== undefined && { VersionIdMarker: NextVersionIdMarker }),
    };
  }
}
