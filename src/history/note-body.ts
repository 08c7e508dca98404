/**
 * The content of a note beside an archive, one `name: value` per line, so that people can read it without a
 * program.
 */

import { assertArgument } from '../arguments.js';
import type { Destination } from '../eligibility/is-eligible.js';
import type { ArchiveScope } from '../model/parts.js';
import { formatNoteKey, type NoteKey, parseNoteKey } from './note.js';
import { formatNumbers, parseNumbers } from './numbers.js';

/** The newest note of a sequence, as others refer to it. */
export interface SequenceHead {
  /** Of the newest note. */
  readonly number: number;
  /** SHA-256 of the whole note, lower-case hex. */
  readonly hash: string;
}

/** What a note says about an archive and those before it. */
export interface NoteBody {
  /** Whose archive it is. */
  readonly practiceId: string;
  /** The place it was made for. */
  readonly destination: Destination;
  /** Everything, or the critical tables. */
  readonly scope: ArchiveScope;
  /** ISO date of the evening. */
  readonly night: string;
  /** As in its label. */
  readonly archiveId: string;
  /** In bytes. */
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** When the note was made; ISO 8601, UTC. */
  readonly madeAt: string;
  /** 1, 2, 3 … at this destination. */
  readonly number: number;
  /** Hash of the note before it; null for the first. */
  readonly previous: string | null;
  /**
   * Which numbers existed here when the note was made, this one included, without those that retention
   * removed.
   */
  readonly standing: readonly number[];
  /** The key that the key holder's password opens; null when it is sealed only to other keys. */
  readonly recipient: string | null;
  /** Where the sequence at the other destination was. */
  readonly heads: Readonly<Partial<Record<Destination, SequenceHead>>>;
  /** Findings that were not acknowledged; absent without any. */
  readonly unseen?: readonly UnseenFinding[] | undefined;
  /** The key that it is signed with, so that a reader of the first note can remember it. */
  readonly signedWith: NoteKey;
}

/** Signs of harm to the copies (`history`), or of a loss in the database. */
export type UnseenFinding = 'history' | 'loss';

/** The result of parsing the body of a note. */
export type ParsedBody =
  | { readonly kind: 'body'; readonly body: NoteBody }
  /** Of a later version, which this program cannot judge. */
  | { readonly kind: 'later' }
  | { readonly kind: 'malformed' };

const title = 'supplemental-backup note ';
const version = 1;
const hash = /^[0-9a-f]{64}$/;

/** The key of the note beside an archive; null for a key that is not of an archive. */
export function noteKeyOf(archiveKey: string): string | null {
  return archiveKey.endsWith('.tar.age') ? `${archiveKey.slice(0, -'.tar.age'.length)}.note` : null;
}

/** The key of an archive of a night in a store, which its note must name. */
export function archiveKeyOf({
  practiceId,
  night,
  archiveId,
}: Pick<NoteBody, 'practiceId' | 'night' | 'archiveId'>): string {
  return `${practiceId}/${night}/${archiveId}.tar.age`;
}

/** The lines of a note, to be signed. */
export function formatBody(body: NoteBody): string {
  const heads = (['hq', 'local'] as const).flatMap((destination) => {
    const head = body.heads[destination];
    return head === undefined ? [] : [`head at ${destination}: ${head.number} ${head.hash}`];
  });
  return [
    `${title}${version}`,
    `practice: ${body.practiceId}`,
    `destination: ${body.destination}`,
    `scope: ${body.scope}`,
    `night: ${body.night}`,
    `archive: ${body.archiveId}`,
    `size: ${body.size}`,
    `sha256: ${body.sha256}`,
    `made: ${body.madeAt}`,
    `number: ${body.number}`,
    `previous: ${body.previous ?? 'none'}`,
    `standing: ${formatNumbers(body.standing)}`,
    `sealed to: ${body.recipient ?? 'none'}`,
    ...heads,
    ...(body.unseen === undefined ? [] : [`unseen: ${body.unseen.join(', ')}`]),
    `signed with: ${formatNoteKey(body.signedWith)}`,
    '',
  ].join('\n');
}

/** Parses the lines of a note. Unknown lines are ignored; known ones must be valid. */
export function parseBody(text: string): ParsedBody {
  assertArgument('text', text, 'text');
  const [first = '', ...lines] = text.slice(0, -1).split('\n');
  const told = first.startsWith(title) ? first.slice(title.length) : '';
  if (!/^[1-9]\d{0,3}$/.test(told)) return { kind: 'malformed' };
  if (Number(told) > version) return { kind: 'later' };
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(': ');
    const name = line.slice(0, colon);
    if (colon < 1 || fields.has(name)) return { kind: 'malformed' };
    fields.set(name, line.slice(colon + 2));
  }
  const body = bodyOf((name) => fields.get(name) ?? '');
  return body === null ? { kind: 'malformed' } : { kind: 'body', body };
}

function bodyOf(field: (name: string) => string): NoteBody | null {
  const practiceId = field('practice');
  const destination = field('destination');
  const scope = field('scope');
  const night = field('night');
  const archiveId = field('archive');
  const size = countOf(field('size'));
  const sha256 = field('sha256');
  const madeAt = field('made');
  const number = countOf(field('number'));
  const previous = field('previous');
  const standing = parseNumbers(field('standing'));
  const recipient = field('sealed to');
  const signedWith = parseNoteKey(field('signed with'));
  const hq = parseHead(field('head at hq'));
  const local = parseHead(field('head at local'));
  const unseen = field('unseen');
  if (
    !/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$/.test(practiceId) ||
    (destination !== 'hq' && destination !== 'local') ||
    (scope !== 'critical' && scope !== 'full') ||
    !isNight(night) ||
    !/^[0-9a-f]{32}$/.test(archiveId) ||
    size === null ||
    !hash.test(sha256) ||
    !isInstant(madeAt) ||
    number === null ||
    number < 1 ||
    !(previous === 'none' ? number === 1 : hash.test(previous)) ||
    standing?.at(-1) !== number ||
    !/^(none|age1[0-9a-z]{1,4000})$/.test(recipient) ||
    signedWith === null ||
    hq === null ||
    local === null ||
    !/^([a-z]{1,20}(, [a-z]{1,20}){0,9})?$/.test(unseen)
  ) {
    return null;
  }
  return {
    practiceId,
    destination,
    scope,
    night,
    archiveId,
    size,
    sha256,
    madeAt,
    number,
    previous: previous === 'none' ? null : previous,
    standing,
    recipient: recipient === 'none' ? null : recipient,
    heads: { ...(hq === undefined ? {} : { hq }), ...(local === undefined ? {} : { local }) },
    ...unseenOf(unseen),
    signedWith,
  };
}

/** Words of later versions are ignored. */
function unseenOf(text: string): Pick<NoteBody, 'unseen'> {
  const words = text.split(', ');
  const unseen = (['history', 'loss'] as const).filter((each) => words.includes(each));
  return unseen.length === 0 ? {} : { unseen };
}

/** Undefined when there is none, null when it is malformed. */
function parseHead(text: string): SequenceHead | null | undefined {
  if (text === '') return undefined;
  const [number = '', name = '', ...rest] = text.split(' ');
  const count = countOf(number);
  return count === null || count < 1 || !hash.test(name) || rest.length > 0
    ? null
    : { number: count, hash: name };
}

function countOf(text: string): number | null {
  return /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : null;
}

function isNight(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && isInstant(`${text}T00:00:00.000Z`);
}

function isInstant(text: string): boolean {
  const time = Date.parse(text);
  return text.length <= 30 && !Number.isNaN(time) && new Date(time).toISOString() === text;
}
