import { type ArchiveInspection, inspectArchive, type Label } from '../../archive/index.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { OriginBeside } from '../../history/note-beside.js';
import { SmallReads } from '../../history/small-reads.js';
import { isSizeOfArchive } from '../../recovery/verify/check-without-key.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import { compareKeys } from '../../storage/object-keys.js';
import type { CommandLine } from '../command.js';
import { openLocation, openStore } from '../location.js';
import { readOrigin } from '../origin.js';
import { isStoreUrl } from '../store-url.js';
import { localDay } from '../wording/local-time.js';
import { expandLocations, type Unreadable } from './expand.js';

/** An archive, as its label describes it. */
export interface FoundArchive {
  /** Where it lies; all places, when it was found at several. */
  readonly paths: readonly [string, ...string[]];
  readonly size: number;
  readonly label: Label;
  readonly origin: OriginBeside;
  /** Of which evening, by its note, by its place, or else the day it was made on; ISO date. */
  readonly night: string;
}

/** The archives of one practice, newest first. */
export interface FoundPractice {
  readonly practiceId: string;
  readonly archives: readonly FoundArchive[];
}

/** What was found, by practice, and what could not be read. */
export interface Gathered {
  readonly practices: readonly FoundPractice[];
  /** Age files without a label. */
  readonly unlabelled: readonly string[];
  readonly unreadable: readonly Unreadable[];
  /** A sentence for each place that stopped answering. */
  readonly stopped: readonly string[];
}

const atOnce = 8;

/**
 * Reads the labels of all archives that the arguments name. One that cannot be read hides no other; its error
 * is thrown only if no archive can be read. The same archive found in two places is listed once, with both.
 * A place that stays silent is given up, as by `listBackups`.
 *
 * @param patience - how long it waits for a label or note once several were not returned, in milliseconds
 * @throws UsageError
 * @throws BackupError when none of all can be read
 */
export async function gatherArchives(
  words: readonly string[],
  line: CommandLine,
  patience?: number,
): Promise<Gathered> {
  const { locations, failed } = await expandLocations(words, line);
  const places = new Places(line, patience);
  const looked = await lookAtEach(locations, line, places);
  const unreadable = [...failed, ...looked.flatMap((each) => ('error' in each ? [each] : []))];
  const outsides = looked.flatMap((each) => ('error' in each ? [] : [each]));
  const stopped = places.stopped();
  const [first] = unreadable;
  if (first !== undefined && outsides.length === 0) {
    const { error } = first;
    throw stopped[0] === undefined
      ? error
      : new BackupError('storage-transient', stopped[0], { cause: error });
  }
  const unlabelled = outsides.flatMap(({ archive, label }) => (label === null ? [archive] : []));
  return { practices: byPractice(outsides), unlabelled, unreadable, stopped };
}

interface Place {
  readonly name: string;
  readonly labels: SmallReads;
  readonly notes: SmallReads;
}

/** What answers or stays silent as one: each store, and all files. */
class Places {
  readonly #line: CommandLine;
  readonly #patience: number | undefined;
  readonly #places = new Map<StorageAdapter | null, Place>();

  constructor(line: CommandLine, patience: number | undefined) {
    this.#line = line;
    this.#patience = patience;
  }

  async of(location: string): Promise<Place> {
    const store = isStoreUrl(location) ? (await openStore(location, this.#line)).storage : null;
    const before = this.#places.get(store);
    if (before !== undefined) return before;
    const name = store === null ? 'The disk or share' : `The ${store.description}`;
    const reads = (): SmallReads => new SmallReads({ description: name }, this.#line.signal, this.#patience);
    const place = { name, labels: reads(), notes: reads() };
    this.#places.set(store, place);
    return place;
  }

  stopped(): readonly string[] {
    return [...this.#places.values()]
      .filter(({ labels }) => labels.isAway)
      .map(
        ({ name }) =>
          `${name} stopped answering, so what it had not returned by then could not be read: check it and the line to it, then run the command again.`,
      );
  }
}

interface Outside {
  readonly archive: string;
  readonly size: number;
  readonly label: Label | null;
  readonly origin: OriginBeside;
}

async function lookAtEach(
  locations: readonly string[],
  line: CommandLine,
  places: Places,
): Promise<readonly (Outside | Unreadable)[]> {
  const looked: (Outside | Unreadable)[] = new Array(locations.length);
  // Newest first, so that the older ones are left out if a place stops answering.
  const waiting = [...locations.entries()]
    .sort(([, a], [, b]) => compareKeys(nightIn(b) ?? '', nightIn(a) ?? ''))
    .values();
  const work = async (): Promise<void> => {
    for (const [index, archive] of waiting) {
      line.signal.throwIfAborted();
      try {
        looked[index] = await outsideOf(archive, line, await places.of(archive));
      } catch (error) {
        line.signal.throwIfAborted();
        if (!isBackupError(error)) throw error;
        looked[index] = { archive, error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, locations.length) }, work));
  return looked;
}

async function outsideOf(archive: string, line: CommandLine, { labels, notes }: Place): Promise<Outside> {
  const inspection = await labels.read(archive, (signal) => lookAt(archive, { ...line, signal }));
  const { label, size } = inspection;
  if (label === null) return { archive, size, label, origin: { kind: 'unsigned' } };
  assertNotCut(inspection, label);
  return { archive, size, label, origin: await readOrigin(archive, { ...label, size }, line, notes) };
}

/** What an archive shows without a key. */
export async function lookAt(
  location: string,
  line: CommandLine,
): Promise<ArchiveInspection & { readonly size: number }> {
  const archive = await openLocation(location, line);
  try {
    return { ...(await inspectArchive(archive, { signal: line.signal })), size: archive.size };
  } finally {
    await archive.close();
  }
}

function assertNotCut({ contentBytes }: ArchiveInspection, { practiceId, createdAt }: Label): void {
  if (contentBytes === null || isSizeOfArchive(contentBytes)) return;
  throw new BackupError(
    'archive-damaged',
    `The archive of practice ${practiceId} of ${localDay(createdAt)} is cut off: it has a size that no whole one has.`,
  );
}

function byPractice(outsides: readonly Outside[]): readonly FoundPractice[] {
  const practices = new Map<string, Map<string, FoundArchive>>();
  for (const { archive, size, label, origin } of outsides) {
    if (label === null) continue;
    const ofPractice = practices.get(label.practiceId) ?? new Map<string, FoundArchive>();
    practices.set(label.practiceId, ofPractice);
    // Labels are not verified: two files of different size are different archives.
    const name = `${label.archiveId} ${size}`;
    const before = ofPractice.get(name);
    ofPractice.set(
      name,
      before === undefined
        ? { paths: [archive], size, label, origin, night: nightOf(archive, label, origin) }
        : { ...before, paths: [...before.paths, archive], origin: better(before.origin, origin) },
    );
  }
  return [...practices]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([practiceId, found]) => ({
      practiceId,
      archives: [...found.values()].sort((a, b) => (a.label.createdAt < b.label.createdAt ? 1 : -1)),
    }));
}

function better(one: OriginBeside, other: OriginBeside): OriginBeside {
  return one.kind === 'signed' || other.kind === 'unsigned' ? one : other;
}

function nightOf(location: string, { createdAt }: Label, origin: OriginBeside): string {
  if (origin.kind === 'signed') return origin.night;
  return nightIn(location) ?? localDay(createdAt);
}

/** By its place. */
function nightIn(location: string): string | undefined {
  return /[\\/](\d{4}-\d\d-\d\d)[\\/][^\\/]*$/.exec(location)?.[1];
}
