/** What the notes of a practice prove: a pure decision over what is in its store. */

import type { Destination } from '../eligibility/is-eligible.js';
import type { ArchiveScope } from '../model/parts.js';
import type { StoredObject } from '../storage/adapter.js';
import { compareKeys } from '../storage/object-keys.js';
import type { HistoryFinding } from './findings.js';
import { formatNoteKey, hashOfNote, isSignedBy, parseNote, parseNoteKey } from './note.js';
import { archiveKeyOf, type NoteBody, parseBody, type SequenceHead } from './note-body.js';

/** The text of a note, and where it was found. */
export interface FoundNote {
  /** Of the archive beside it. */
  readonly archiveKey: string;
  readonly storedAt: Date;
  readonly text: string;
}

/** A note that a known key signed, beside its archive. */
export interface ProvenArchive {
  /** Under which it is stored. */
  readonly key: string;
  /** Hash of its note. */
  readonly hash: string;
  /** What its note says. */
  readonly body: NoteBody;
}

/** What is proven of one archive. */
export type ArchiveOrigin =
  /** A known key signed that this office made it; reading it shows whether the bytes are the same. */
  | {
      readonly kind: 'proven';
      readonly number: number;
      readonly destination: Destination;
      readonly sha256: string;
      /** As {@link formatNoteKey} gives it. */
      readonly signedWith: string;
    }
  /** There is no note: it is from before notes existed, or of an unknown author. */
  | { readonly kind: 'unsigned' }
  /** There is a note, but it proves nothing. */
  | {
      readonly kind: 'foreign';
      readonly why: 'another-place' | 'bad-signature' | 'malformed' | 'unknown-key';
    }
  /** The note is valid, but the archive is not the one that it describes. */
  | { readonly kind: 'overwritten'; readonly number: number }
  /** The note is of a later version, or could not be read. */
  | { readonly kind: 'not-judged' };

/** The archives of a practice at one place, and what their notes prove. */
export interface History {
  /** Whose archives they are. */
  readonly practiceId: string;
  /** All that are listed, proven or not. */
  readonly archives: number;
  /** Proven by a note of a known key, by their numbers, oldest first. */
  readonly proven: readonly ProvenArchive[];
  /** Of every archive, by its key. */
  readonly origins: ReadonlyMap<string, ArchiveOrigin>;
  /** The trusted keys, as {@link formatNoteKey} gives them. */
  readonly keys: readonly string[];
  /** Whether they were given, or taken from the note that was stored first. */
  readonly trust: 'first-use' | 'given' | 'none';
  /** The newest note of each sequence here. */
  readonly heads: Readonly<Partial<Record<Destination, SequenceHead & { readonly night: string }>>>;
  /** The newest notes elsewhere, as far as notes here name them. */
  readonly headsElsewhere: Readonly<Partial<Record<Destination, SequenceHead>>>;
  /**
   * Since when nothing is missing or replaced in the sequence, up to its newest note; null without a note.
   */
  readonly unbrokenSince: { readonly number: number; readonly night: string } | null;
  /** What does not match the notes. */
  readonly findings: readonly HistoryFinding[];
}

/** What is compared. */
export interface HistoryInput {
  readonly practiceId: string;
  /** The archives in the store. */
  readonly archives: readonly StoredObject[];
  readonly notes: readonly FoundNote[];
  /** Trusted keys, as {@link formatNoteKey} gives them; without any, the first that was ever used. */
  readonly trustedKeys?: readonly string[] | undefined;
  /** The newest notes that are known from elsewhere. */
  readonly knownHeads?: Readonly<Partial<Record<Destination, SequenceHead>>> | undefined;
}

interface Read {
  readonly found: FoundNote;
  readonly note: NonNullable<ReturnType<typeof parseNote>>;
  readonly body: NoteBody;
}

/** Judges the archives of one practice by their notes. */
export function judgeHistory(input: HistoryInput): History {
  const findings: HistoryFinding[] = [];
  const origins = new Map<string, ArchiveOrigin>();
  const read = readNotes(input, origins, findings);
  const given = input.trustedKeys?.filter((key) => parseNoteKey(key) !== null) ?? [];
  const keys = given.length > 0 ? given : firstKeyOf(read);
  const archives = new Map(input.archives.map((object) => [object.key, object]));
  const proven = proveEach(read, new Set(keys), { archives, origins, findings });
  const sequences = sequencesOf(proven);
  let unbrokenSince: History['unbrokenSince'] = null;
  for (const sequence of sequences) {
    judgeLinks(sequence, findings);
    const since = judgeStanding(sequence, origins, findings);
    if (unbrokenSince === null || since.night > unbrokenSince.night) unbrokenSince = since;
  }
  const heads = newestHeads(proven);
  judgeHeads(heads, input.knownHeads ?? {}, findings);
  judgeUnsigned(input, proven, origins, findings);
  return {
    practiceId: input.practiceId,
    archives: input.archives.length,
    proven,
    origins,
    keys,
    trust: given.length > 0 ? 'given' : keys.length > 0 ? 'first-use' : 'none',
    heads,
    headsElsewhere: headsElsewhere(proven),
    unbrokenSince,
    findings,
  };
}

function readNotes(
  { notes, practiceId }: HistoryInput,
  origins: Map<string, ArchiveOrigin>,
  findings: HistoryFinding[],
): readonly Read[] {
  return notes.flatMap((found): Read[] => {
    const key = found.archiveKey;
    const refuse = (why: 'another-place' | 'bad-signature' | 'malformed'): Read[] => {
      origins.set(key, { kind: 'foreign', why });
      findings.push({ kind: 'foreign', key, why });
      return [];
    };
    const note = parseNote(found.text);
    if (note === null) return refuse('malformed');
    const parsed = parseBody(note.text);
    if (parsed.kind === 'later') {
      origins.set(key, { kind: 'not-judged' });
      return [];
    }
    if (parsed.kind === 'malformed') return refuse('malformed');
    const { body } = parsed;
    if (!isSignedBy(note, body.signedWith)) return refuse('bad-signature');
    if (body.practiceId !== practiceId || archiveKeyOf(body) !== key) return refuse('another-place');
    return [{ found, note, body }];
  });
}

/** The key of the note that was stored first, by the store's clock. */
function firstKeyOf(read: readonly Read[]): readonly string[] {
  let first: Read | undefined;
  for (const each of read) {
    const order = first === undefined ? -1 : each.found.storedAt.getTime() - first.found.storedAt.getTime();
    if (order < 0 || (order === 0 && each.body.number < first!.body.number)) first = each;
  }
  return first === undefined ? [] : [formatNoteKey(first.body.signedWith)];
}

function proveEach(
  read: readonly Read[],
  keys: ReadonlySet<string>,
  {
    archives,
    origins,
    findings,
  }: {
    readonly archives: ReadonlyMap<string, StoredObject>;
    readonly origins: Map<string, ArchiveOrigin>;
    readonly findings: HistoryFinding[];
  },
): readonly ProvenArchive[] {
  const unknown = new Map<string, string[]>();
  const proven: ProvenArchive[] = [];
  for (const { found, body } of read) {
    const key = found.archiveKey;
    const signedWith = formatNoteKey(body.signedWith);
    if (!keys.has(signedWith)) {
      origins.set(key, { kind: 'foreign', why: 'unknown-key' });
      unknown.set(signedWith, [...(unknown.get(signedWith) ?? []), key]);
      continue;
    }
    const { number, destination, sha256, size } = body;
    const archive = archives.get(key);
    if (archive === undefined) findings.push({ kind: 'archive-missing', key, number });
    else if (archive.size !== size) {
      origins.set(key, { kind: 'overwritten', number });
      findings.push({ kind: 'overwritten', key, number, what: 'size' });
    } else origins.set(key, { kind: 'proven', number, destination, sha256, signedWith });
    proven.push({ key, hash: hashOfNote(found.text), body });
  }
  for (const [signedWith, all] of unknown) findings.push({ kind: 'unknown-key', signedWith, keys: all });
  return proven.sort((a, b) => a.body.number - b.body.number || compareKeys(a.key, b.key));
}

/** The notes of one key for one place belong together. */
function sequencesOf(proven: readonly ProvenArchive[]): readonly (readonly ProvenArchive[])[] {
  const sequences = new Map<string, ProvenArchive[]>();
  for (const each of proven) {
    const name = `${each.body.destination} ${formatNoteKey(each.body.signedWith)}`;
    const sequence = sequences.get(name);
    if (sequence === undefined) sequences.set(name, [each]);
    else sequence.push(each);
  }
  return [...sequences.values()];
}

function judgeLinks(sequence: readonly ProvenArchive[], findings: HistoryFinding[]): void {
  const scopes = new Map<ArchiveScope, string | null>();
  for (const [i, each] of sequence.entries()) {
    const { number, previous, recipient, scope } = each.body;
    const { key } = each;
    const before = sequence[i - 1];
    if (before?.body.number === number) findings.push({ kind: 'fork', number, keys: [before.key, key] });
    else if (before?.body.number === number - 1 && before.hash !== previous) {
      findings.push({ kind: 'spliced', key, number });
    }
    const earlier = scopes.get(scope);
    if (earlier !== undefined && earlier !== recipient) {
      findings.push({ kind: 'recipient-changed', key, number, before: earlier, after: recipient });
    }
    scopes.set(scope, recipient);
  }
}

/** Compares what is there with what was there when the newest note was made. */
function judgeStanding(
  sequence: readonly ProvenArchive[],
  origins: ReadonlyMap<string, ArchiveOrigin>,
  findings: HistoryFinding[],
): { readonly number: number; readonly night: string } {
  const newest = sequence.at(-1)!;
  const { standing, destination } = newest.body;
  const there = new Map(sequence.map((each) => [each.body.number, each]));
  const missing = standing.filter((number) => !there.has(number));
  if (missing.length > 0) findings.push({ kind: 'gap', destination, numbers: missing });
  const expected = new Set(standing);
  for (const { key, body } of sequence) {
    if (body.number > standing[0]! && !expected.has(body.number) && origins.has(key)) {
      findings.push({ kind: 'returned', key, number: body.number });
    }
  }
  let since = newest.body;
  for (const number of [...standing].reverse()) {
    const each = there.get(number);
    if (each === undefined || origins.get(each.key)?.kind !== 'proven') break;
    since = each.body;
  }
  return { number: since.number, night: since.night };
}

function newestHeads(proven: readonly ProvenArchive[]): History['heads'] {
  const heads: { -readonly [Where in Destination]?: SequenceHead & { readonly night: string } } = {};
  for (const { hash, body } of proven) {
    heads[body.destination] = { number: body.number, hash, night: body.night };
  }
  return heads;
}

function headsElsewhere(proven: readonly ProvenArchive[]): History['headsElsewhere'] {
  const heads: { -readonly [Where in Destination]?: SequenceHead } = {};
  for (const { body } of proven) {
    for (const destination of ['hq', 'local'] as const) {
      const head = body.heads[destination];
      if (head !== undefined && head.number >= (heads[destination]?.number ?? 0)) heads[destination] = head;
    }
  }
  return heads;
}

function judgeHeads(
  heads: History['heads'],
  known: NonNullable<HistoryInput['knownHeads']>,
  findings: HistoryFinding[],
): void {
  for (const destination of ['hq', 'local'] as const) {
    const elsewhere = known[destination];
    if (elsewhere === undefined) continue;
    const here = heads[destination];
    const isOlder = here === undefined || here.number < elsewhere.number;
    const isOther = here?.number === elsewhere.number && here.hash !== elsewhere.hash;
    if (!isOlder && !isOther) continue;
    const found = here === undefined ? null : { number: here.number, hash: here.hash };
    findings.push({ kind: 'rolled-back', destination, known: elsewhere, found });
  }
}

/** Archives without a note are from before notes existed, or of an unknown author. */
function judgeUnsigned(
  { archives }: HistoryInput,
  proven: readonly ProvenArchive[],
  origins: Map<string, ArchiveOrigin>,
  findings: HistoryFinding[],
): void {
  const nights = proven.map(({ body }) => body.night).sort();
  const first = nights[0];
  for (const { key } of archives) {
    if (origins.has(key)) continue;
    origins.set(key, { kind: 'unsigned' });
    const night = key.split('/').at(-2) ?? '';
    if (first !== undefined && !(night < first)) findings.push({ kind: 'note-missing', key });
  }
}

/** Whether an object is a note. */
export function isNote(key: string): boolean {
  return key.endsWith('.note');
}

/** The archive that a note is beside. */
export function archiveBeside(key: string): string {
  return `${key.slice(0, -'.note'.length)}.tar.age`;
}
