import { type ArchiveInspection, inspectArchive, type Label } from '../../archive/index.js';
import { BackupError, isBackupError } from '../../errors.js';
import type { OriginBeside } from '../../history/note-beside.js';
import { isSizeOfArchive } from '../../recovery/verify/check-without-key.js';
import type { CommandLine } from '../command.js';
import { openLocation } from '../location.js';
import { readOrigin } from '../origin.js';
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
}

const atOnce = 8;

/**
 * Reads the labels of all archives that the arguments name. One that cannot be read hides no other; its error
 * is thrown only if no archive can be read. The same archive found in two places is listed once, with both.
 *
 * @throws UsageError
 * @throws BackupError when none of all can be read
 */
export async function gatherArchives(words: readonly string[], line: CommandLine): Promise<Gathered> {
  const { locations, failed } = await expandLocations(words, line);
  const looked = await lookAtEach(locations, line);
  const unreadable = [...failed, ...looked.flatMap((each) => ('error' in each ? [each] : []))];
  const outsides = looked.flatMap((each) => ('error' in each ? [] : [each]));
  const [first] = unreadable;
  if (first !== undefined && outsides.length === 0) throw first.error;
  const unlabelled = outsides.flatMap(({ archive, label }) => (label === null ? [archive] : []));
  return { practices: byPractice(outsides), unlabelled, unreadable };
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
): Promise<readonly (Outside | Unreadable)[]> {
  const looked: (Outside | Unreadable)[] = new Array(locations.length);
  const waiting = locations.entries();
  const work = async (): Promise<void> => {
    for (const [index, archive] of waiting) {
      line.signal.throwIfAborted();
      try {
        looked[index] = await lookAt(archive, line);
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

async function lookAt(location: string, line: CommandLine): Promise<Outside> {
  const archive = await openLocation(location, line);
  try {
    const inspection = await inspectArchive(archive, { signal: line.signal });
    const { label } = inspection;
    const { size } = archive;
    if (label === null) return { archive: location, size, label, origin: { kind: 'unsigned' } };
    assertNotCut(inspection, label);
    return { archive: location, size, label, origin: await readOrigin(location, { ...label, size }, line) };
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
  return /[\\/](\d{4}-\d\d-\d\d)[\\/][^\\/]*$/.exec(location)?.[1] ?? localDay(createdAt);
}
