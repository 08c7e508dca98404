/**
 * The newest notes of a practice, as they are kept in a third place: whoever turns back both stores and the
 * spool together does not reach it.
 */
import type { Destination } from '../eligibility/is-eligible.js';
import { count, fromJson, listOf, moment, objectOf, optional, sha256, textUpTo } from '../shapes.js';
import type { SequenceHead } from './note-body.js';

/** The newest notes that one service made. */
export interface KeptHeads {
  /** Its signing key, as {@link formatNoteKey} gives it. */
  readonly signedWith: string;
  /** When it was kept; ISO 8601, UTC. */
  readonly at: string;
  /** The newest note of each place. */
  readonly heads: Readonly<Partial<Record<Destination, SequenceHead>>>;
}

/** The row of table `preference` in which they are kept, and so travel in every archive. */
export const headsPreference = 'SupplementalBackupNotes';

/** Of so many services: more computers than make copies of one practice. */
const mostServices = 4;
const longest = 8000;

const isHead = objectOf<SequenceHead>({ number: count, hash: sha256 });
const isList = listOf(
  objectOf<KeptHeads>({
    signedWith: textUpTo(1000),
    at: moment,
    heads: objectOf<KeptHeads['heads']>({ hq: optional(isHead), local: optional(isHead) }),
  }),
  mostServices,
);

/** What was kept; nothing where it cannot be read, as anybody may have written it. */
export function parseKeptHeads(text: string): readonly KeptHeads[] {
  if (text.length > longest) return [];
  const value = fromJson(text);
  return isList(value) ? value : [];
}

/** Those of one service in the place of what it kept before, as plain ASCII for any column. */
export function formatKeptHeads(before: readonly KeptHeads[], heads: KeptHeads): string {
  const others = before.filter(({ signedWith }) => signedWith !== heads.signedWith);
  const text = JSON.stringify([heads, ...others].slice(0, mostServices));
  return text.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
