import { dirname } from 'node:path';
import type { Label } from '../../archive/index.js';
import { isBackupError } from '../../errors.js';
import { SmallReads } from '../../history/small-reads.js';
import type { CommandLine } from '../command.js';
import { isStoreUrl } from '../store-url.js';
import { expandLocations } from './expand.js';
import { lookAt } from './gather.js';

/** An archive whose label holds the key of an older one. */
export interface NewerArchive {
  readonly location: string;
  readonly label: Label;
}

/** A year of nights. */
const mostLooked = 400;
/** Each try costs a second. */
const mostTried = 3;

/**
 * Archives in the same folder, or in the folders of the neighbouring nights, whose chains of keys lead to
 * this one; newest first.
 */
export async function newerBeside(
  label: Label,
  location: string,
  line: CommandLine,
  patience?: number,
): Promise<readonly NewerArchive[]> {
  const wanted = new Set(label.unlock.map(({ recipient }) => recipient));
  const { locations } = await expandLocations([folderOf(location)], line);
  const found: NewerArchive[] = [];
  const reads = new SmallReads({ description: 'The place' }, line.signal, patience);
  for (const each of locations.slice(-mostLooked).reverse()) {
    if (each === location) continue;
    const other = await labelOf(each, line, reads);
    if (other === null || other.practiceId !== label.practiceId || other.createdAt <= label.createdAt)
      continue;
    const isCarried = other.unlock.some(
      (unlock) => unlock.kind === 'enrolled' && unlock.chain?.some(({ recipient }) => wanted.has(recipient)),
    );
    if (isCarried) found.push({ location: each, label: other });
  }
  found.sort((a, b) => (a.label.createdAt < b.label.createdAt ? 1 : -1));
  // Labels with the same sealed identities open with the same password: try one of them.
  const tried = new Set<string>();
  return found
    .filter(({ label: { unlock } }) => {
      const sealed = unlock.map(({ sealedIdentity }) => sealedIdentity).join();
      return !tried.has(sealed) && tried.add(sealed);
    })
    .slice(0, mostTried);
}

function folderOf(location: string): string {
  if (isStoreUrl(location)) {
    const url = new URL(location);
    const pieces = url.pathname.split('/').slice(0, -1);
    url.pathname = `${(isNight(pieces.at(-1)) ? pieces.slice(0, -1) : pieces).join('/')}/`;
    return url.href;
  }
  const folder = dirname(location);
  return isNight(folder.split(/[\\/]/).at(-1)) ? dirname(folder) : folder;
}

function isNight(name: string | undefined): boolean {
  return name !== undefined && /^\d{4}-\d\d-\d\d$/.test(name);
}

async function labelOf(location: string, line: CommandLine, reads: SmallReads): Promise<Label | null> {
  try {
    return (await reads.read(location, (signal) => lookAt(location, { ...line, signal }))).label;
  } catch (error) {
    line.signal.throwIfAborted();
    if (isBackupError(error)) return null;
    throw error;
  }
}
