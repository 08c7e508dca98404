import { mkdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Label } from '../../archive/index.js';
import { fileSystemFailure } from '../../files/failures.js';
import { archiveKeyOf } from '../../history/note-body.js';
import { nightOf } from '../../nightly/nights.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { createFileSystemStorage } from '../../storage/file-system/file-system.js';
import type { CommandLine } from '../command.js';
import { UsageError } from '../exit-codes.js';
import { openStore } from '../location.js';
import { isStoreUrl } from '../store-url.js';
import { timeZoneHere } from '../wording/local-time.js';

/** The destination of a copy that is named like those of the nights: `FOLDER/PRACTICE/NIGHT/ID.tar.age`. */
export interface NamedPlace {
  readonly store: StorageAdapter;
  readonly practiceId: string;
  /** Of this evening; ISO date. */
  readonly night: string;
  readonly key: string;
  /** For `writeArchive`. */
  readonly out: string;
  /** Makes the folders that are missing below the one that was named. */
  prepare(): Promise<void>;
  /** Removes them again if they are empty. */
  tidy(): Promise<void>;
}

/**
 * The place that `--out FOLDER/` means.
 *
 * @throws UsageError when the practice's id cannot be the name of a folder
 */
export async function placeIn(
  out: string,
  { practiceId, archiveId, createdAt }: Pick<Label, 'archiveId' | 'createdAt' | 'practiceId'>,
  line: CommandLine,
): Promise<NamedPlace> {
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(practiceId)) {
    throw new UsageError(`--practice-id "${practiceId}" cannot be the name of a folder; give another one.`);
  }
  const night = nightOf(new Date(createdAt), timeZoneHere());
  const key = archiveKeyOf({ practiceId, night, archiveId });
  const named = { practiceId, night, key };
  if (isStoreUrl(out)) {
    const { storage: store, key: under, urlOf } = await openStore(out, line, { folder: true, within: true });
    const nothing = async (): Promise<void> => undefined;
    return { ...named, store, out: urlOf(`${under}${key}`), prepare: nothing, tidy: nothing };
  }
  const path = join(out, key);
  return {
    ...named,
    store: createFileSystemStorage({ path: out, ownProcess: false }),
    out: path,
    async prepare() {
      try {
        await mkdir(dirname(path), { recursive: true });
      } catch (error) {
        throw fileSystemFailure(error, `folder ${out}`);
      }
    },
    async tidy() {
      for (const folder of [dirname(path), dirname(dirname(path))])
        await rmdir(folder).catch(() => undefined);
    },
  };
}
