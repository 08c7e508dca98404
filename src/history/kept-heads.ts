/**
 * The newest notes of a practice, stored in a third place: a rollback of both stores and the spool together
 * does not reach it.
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

/** The row of table `preference` that holds them, and so is part of every archive. */
export const headsPreference = 'SupplementalBackupNotes';

/** More services than make copies of one practice. */
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

/** The stored notes; none if they cannot be read, as anybody may have written them. */
export function parseKeptHeads(text: string): readonly KeptHeads[] {
  if (text.length > longest) return [];
  const value = fromJson(text);
  return isList(value) ? value : [];
}

/** Replaces those of one service, as plain ASCII for any column. */
export function formatKeptHeads(before: readonly KeptHeads[], heads: KeptHeads): string {
  const others = before.filter(({ signedWith }) => signedWith !== heads.signedWith);
  const text = JSON.stringify([heads, ...others].slice(0, mostServices));
  return text.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
