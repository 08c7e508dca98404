/** What the note beside one archive says about it, if nothing else of the store is known. */
import { assertArgument } from '../arguments.js';
import type { Destination } from '../eligibility/is-eligible.js';
import { formatNoteKey, isSignedBy, parseNote } from './note.js';
import { archiveKeyOf, parseBody } from './note-body.js';

/** Who made an archive, as far as the note beside it proves that. */
export type OriginBeside =
  /** There is no note. */
  | { readonly kind: 'unsigned' }
  /** The note is of a later version. */
  | { readonly kind: 'later' }
  /** The file beside it is not a note, has no valid signature or is about another archive. */
  | { readonly kind: 'foreign'; readonly why: 'another-archive' | 'bad-signature' | 'malformed' }
  /**
   * A valid signature of the key that is named. Whether that is the office's key must be known from
   * elsewhere.
   */
  | {
      readonly kind: 'signed';
      readonly signedWith: string;
      readonly number: number;
      readonly destination: Destination;
      readonly night: string;
      readonly size: number;
      readonly sha256: string;
    };

/**
 * Judges the note beside an archive.
 *
 * @param note - its text; null when there is none
 * @param archive - what is known of the archive: its size in bytes, and what its label says
 * @example
 * ```ts
 * const archive = { size: 3, archiveId: 'ab'.repeat(16), practiceId: '4711' };
 * console.log(judgeNoteBeside(null, archive).kind);
 * ```
 */
export function judgeNoteBeside(
  note: string | null,
  archive: {
    readonly size: number;
    readonly archiveId: string;
    readonly practiceId: string;
    /** Its key in a store: a note belongs to one place. */
    readonly key?: string | undefined;
  },
): OriginBeside {
  if (note === null) return { kind: 'unsigned' };
  const signed = parseNote(note);
  const parsed = signed === null ? null : parseBody(signed.text);
  if (signed === null || parsed === null || parsed.kind === 'malformed') {
    return { kind: 'foreign', why: 'malformed' };
  }
  if (parsed.kind === 'later') return { kind: 'later' };
  const { body } = parsed;
  if (!isSignedBy(signed, body.signedWith)) return { kind: 'foreign', why: 'bad-signature' };
  const isAbout =
    body.archiveId === archive.archiveId &&
    body.practiceId === archive.practiceId &&
    body.size === archive.size &&
    (archive.key === undefined || archiveKeyOf(body) === archive.key);
  if (!isAbout) return { kind: 'foreign', why: 'another-archive' };
  const { number, destination, night, size, sha256 } = body;
  return {
    kind: 'signed',
    signedWith: formatNoteKey(body.signedWith),
    number,
    destination,
    night,
    size,
    sha256,
  };
}

/**
 * The same in a sentence. @param trustedKey - the office's, as its reports name it, where it is known
 * @example
 * ```ts
 * console.log(describeOrigin({ kind: 'unsigned' }));
 * ```
 */
export function describeOrigin(origin: OriginBeside, trustedKey?: string): string {
  assertArgument('origin', origin, 'object', { kind: 'text' });
  assertArgument('trustedKey', trustedKey, 'text?');
  switch (origin.kind) {
    case 'unsigned':
      return 'there is no signed note beside it, so it is not known who made it';
    case 'later':
      return 'the note beside it is of a later version, which this program cannot judge';
    case 'foreign':
      return `NOT PROVEN: the note beside it ${whyForeign[origin.why]}`;
    case 'signed': {
      const { number, night, signedWith } = origin;
      if (trustedKey !== undefined && trustedKey !== signedWith) {
        return `FOREIGN: its note is signed with ${signedWith}, which is not the key given`;
      }
      const known =
        trustedKey === undefined ? '; compare that key with the one in a report of the office' : '';
      return `number ${number} of the office’s sequence, night of ${night}, signed with ${signedWith}${known}`;
    }
  }
}

const whyForeign = {
  'another-archive': 'is about another archive',
  'bad-signature': 'has no valid signature',
  malformed: 'cannot be read',
} as const;
