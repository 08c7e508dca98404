import type { Dirent, Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, parse, sep } from 'node:path';
import { fitsGlob } from '../../catalog/globs.js';
import { BackupError, isBackupError } from '../../errors.js';
import { fileSystemFailure, systemCodeOf } from '../../files/failures.js';
import type { CommandLine } from '../command.js';
import { openStore } from '../location.js';
import { withSilenceLimit } from '../silence-limit.js';
import { isStoreUrl } from '../store-url.js';

/** The archives that the arguments of a command name, and what could not be read. */
export interface Expanded {
  /** In the order of the words; in a folder by name. */
  readonly locations: readonly string[];
  readonly failed: readonly Unreadable[];
}

/** Something that was named and cannot be read. */
export interface Unreadable {
  readonly archive: string;
  readonly error: BackupError;
}

/** More than one practice has in one place: a larger folder is not a folder of archives. */
const mostFiles = 40_000;
const deepest = 8;

/**
 * Expands paths, folders, wildcards and store URLs to archives. Wildcards are expanded here because not every
 * shell does so. In a folder, and by a wildcard, only names that end in `.age` are archives.
 *
 * @throws UsageError for an invalid URL
 */
export async function expandLocations(
  words: readonly string[],
  line: Pick<CommandLine, 'json' | 'signal' | 'stderr'>,
): Promise<Expanded> {
  const locations = new Set<string>();
  const failed: Unreadable[] = [];
  for (const word of words) {
    line.signal.throwIfAborted();
    try {
      // A note counts only where it is named alone: `FOLDER/*` means the archives.
      const found = await expand(word, line);
      const isAmongOthers = words.length > 1 || found.length > 1;
      for (const each of found) if (!(isAmongOthers && each.endsWith('.note'))) locations.add(each);
    } catch (error) {
      line.signal.throwIfAborted();
      if (!isBackupError(error)) throw error;
      failed.push({ archive: word, error });
    }
  }
  return { locations: [...locations], failed };
}

async function expand(
  word: string,
  line: Pick<CommandLine, 'json' | 'signal' | 'stderr'>,
): Promise<readonly string[]> {
  if (isStoreUrl(word)) return expandUrl(word, line);
  try {
    return (await statusOf(word, line.signal)).isDirectory() ? await archivesIn(word, line.signal) : [word];
  } catch (error) {
    const code = systemCodeOf(error);
    if (hasWildcard(word) && (code === 'ENOENT' || code === 'EINVAL'))
      return expandPattern(word, line.signal);
    if (code !== 'ENOENT') throw fileSystemFailure(error, `path ${word}`);
    throw new BackupError('storage-not-found', `There is no ${word}.`, { cause: error });
  }
}

async function archivesIn(folder: string, signal: AbortSignal): Promise<readonly string[]> {
  const found: string[] = [];
  const walk = async (at: string, depth: number): Promise<void> => {
    signal.throwIfAborted();
    for (const entry of await entriesOf(at, signal)) {
      // Names that begin with a dot are files that are still being written.
      if (entry.name.startsWith('.')) continue;
      const path = join(at, entry.name);
      if (entry.isDirectory() && depth < deepest) await walk(path, depth + 1);
      else if (isNamedAsArchive(entry.name) && !entry.isDirectory()) found.push(path);
      if (found.length > mostFiles) {
        throw new BackupError('storage-permanent', `${folder} holds more than ${mostFiles} archives.`);
      }
    }
  };
  await walk(folder, 0);
  if (found.length === 0) {
    throw new BackupError('storage-not-found', `${folder} holds no archive: no name in it ends in .age.`);
  }
  return found;
}

function statusOf(path: string, signal: AbortSignal): Promise<Stats> {
  return withSilenceLimit(`path ${path}`, () => stat(path), undefined, signal);
}

function listed(folder: string, signal: AbortSignal): Promise<Dirent[]> {
  return withSilenceLimit(
    `folder ${folder}`,
    () => readdir(folder, { withFileTypes: true }),
    undefined,
    signal,
  );
}

async function entriesOf(folder: string, signal: AbortSignal): Promise<readonly Dirent[]> {
  try {
    const entries = await listed(folder, signal);
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw fileSystemFailure(error, `folder ${folder}`);
  }
}

async function expandPattern(pattern: string, signal: AbortSignal): Promise<readonly string[]> {
  const { root } = parse(pattern);
  const pieces = pattern.slice(root.length).split(sep === '\\' ? /[\\/]/ : sep);
  let places = [root];
  for (const piece of pieces.filter((each) => each !== '')) {
    signal.throwIfAborted();
    const next: string[] = [];
    for (const place of places) {
      if (!hasWildcard(piece)) next.push(join(place, piece));
      else
        next.push(
          ...(await fitting(place === '' ? '.' : place, piece, signal)).map((name) => join(place, name)),
        );
    }
    places = next;
  }
  const found: string[] = [];
  for (const place of places) {
    const status = await statusOf(place, signal).catch(unlessSilent(null));
    if (status?.isDirectory()) found.push(...(await archivesIn(place, signal).catch(orNone)));
    else if (status !== null) found.push(place);
  }
  if (found.length === 0) throw new BackupError('storage-not-found', `Nothing fits ${pattern}.`);
  return found;
}

async function fitting(folder: string, glob: string, signal: AbortSignal): Promise<readonly string[]> {
  const entries = await listed(folder, signal).catch(unlessSilent<Dirent[]>([]));
  return entries
    .map(({ name }) => name)
    .filter((name) => !name.startsWith('.') && fitsGlob(name, glob))
    .sort();
}

/** What cannot be read fits no wildcard; what does not answer might. */
function unlessSilent<Value>(value: Value): (error: unknown) => Value {
  return (error) => {
    if (isBackupError(error)) throw error;
    return value;
  };
}

function orNone(error: unknown): readonly string[] {
  if (isBackupError(error, 'storage-not-found')) return [];
  throw error;
}

async function expandUrl(
  url: string,
  line: Pick<CommandLine, 'json' | 'signal' | 'stderr'>,
): Promise<readonly string[]> {
  const { storage, key, urlOf } = await openStore(url, line, { folder: true });
  const isFolder = key === '' || key.endsWith('/');
  // A question mark begins the query of a URL, so only `*` is a wildcard.
  const star = key.indexOf('*');
  if (!isFolder && star < 0 && (await storage.stat(key, { signal: line.signal })) !== null) return [url];
  const before = star >= 0 ? key.slice(0, star) : isFolder ? key : `${key}/`;
  const found: string[] = [];
  for await (const object of storage.list(before, { signal: line.signal })) {
    const fits = star >= 0 ? fitsGlob(object.key, key) : isNamedAsArchive(object.key);
    if (fits && !object.key.endsWith('.note')) found.push(urlOf(object.key));
    if (found.length > mostFiles) {
      throw new BackupError('storage-permanent', `${url} holds more than ${mostFiles} archives.`);
    }
  }
  if (found.length === 0) throw new BackupError('storage-not-found', `There is no archive at ${url}.`);
  return found;
}

function isNamedAsArchive(name: string): boolean {
  return /\.age$/i.test(name);
}

function hasWildcard(text: string): boolean {
  return /[*?]/.test(text);
}
