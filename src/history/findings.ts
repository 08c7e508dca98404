/** What can be wrong with the history of a practice's archives. */
import { assertArgument } from '../arguments.js';
import type { Destination } from '../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../errors.js';
import type { SequenceHead } from './note-body.js';

/** One finding about a history. */
export type HistoryFinding =
  /** Notes that existed here when the newest one was made are missing, mostly with their archives. */
  | { readonly kind: 'gap'; readonly destination: Destination; readonly numbers: readonly number[] }
  /** The note exists, but its archive does not. */
  | { readonly kind: 'archive-missing'; readonly key: string; readonly number: number }
  /** An archive lacks a note although it is from a time when every archive has one. */
  | { readonly kind: 'note-missing'; readonly key: string }
  /** The archive is not the one that its note is about. */
  | {
      readonly kind: 'overwritten';
      readonly key: string;
      readonly number: number;
      readonly what: 'sha256' | 'size';
    }
  /** Two notes with the same number. */
  | { readonly kind: 'fork'; readonly number: number; readonly keys: readonly string[] }
  /** A note names another predecessor than the one that is there. */
  | { readonly kind: 'spliced'; readonly key: string; readonly number: number }
  /** A newer note is known elsewhere. */
  | {
      readonly kind: 'rolled-back';
      readonly destination: Destination;
      readonly known: SequenceHead;
      /** The newest here; null when there is none. */
      readonly found: SequenceHead | null;
    }
  /** An archive that retention removed is back. */
  | { readonly kind: 'returned'; readonly key: string; readonly number: number }
  /** No known key signed the note, so anybody may have made its archive. */
  | {
      readonly kind: 'foreign';
      readonly key: string;
      readonly why: 'another-place' | 'bad-signature' | 'malformed';
    }
  /** An unknown key signs notes of this practice. */
  | {
      readonly kind: 'unknown-key';
      /** As {@link formatNoteKey} gives it. */
      readonly signedWith: string;
      readonly keys: readonly string[];
    }
  /**
   * From here on archives are sealed to another key: another administrator, a new password, or the key of an
   * attacker.
   */
  | {
      readonly kind: 'recipient-changed';
      readonly key: string;
      readonly number: number;
      readonly before: string | null;
      readonly after: string | null;
    }
  /** A note, or an archive that was to be read, could not be read. */
  | { readonly kind: 'unreadable'; readonly key: string; readonly code: BackupErrorCode }
  /** The practice has more objects than are checked. */
  | { readonly kind: 'too-many'; readonly looked: number };

/**
 * Whether a finding means that archives were tampered with or lost. A change of recipient is reported, but
 * does not count alone.
 * @example
 * ```ts
 * const { findings } = await verifyHistory(store, { practiceId: '4711' });
 * console.log(findings.some(breaksHistory) ? 'look at it' : 'nothing was done to them');
 * ```
 */
export function breaksHistory(finding: HistoryFinding): boolean {
  assertArgument('finding', finding, 'object', { kind: 'text' });
  const { kind } = finding;
  return kind !== 'recipient-changed' && kind !== 'unreadable';
}

/**
 * A finding in a sentence.
 * @example
 * ```ts
 * const { findings } = await verifyHistory(store, { practiceId: '4711' });
 * for (const finding of findings) console.log(describeHistoryFinding(finding));
 * ```
 */
export function describeHistoryFinding(finding: HistoryFinding): string {
  assertArgument('finding', finding, 'object', { kind: 'text' });
  switch (finding.kind) {
    case 'gap':
      return `${countOf(finding.numbers.length, 'note is', 'notes are')} missing here, and perhaps the archives as well (number ${someOf(finding.numbers)}).`;
    case 'archive-missing':
      return `The archive of note ${finding.number} is missing: ${finding.key}.`;
    case 'note-missing':
      return `There is no note beside ${finding.key}, so it is not known who made it.`;
    case 'overwritten':
      return `${finding.key} is not the archive that note ${finding.number} is about: another ${finding.what === 'size' ? 'size' : 'SHA-256'}.`;
    case 'fork':
      return `There are ${finding.keys.length} notes with number ${finding.number}: ${someOf(finding.keys)}.`;
    case 'spliced':
      return `Note ${finding.number} does not follow the note before it: ${finding.key}.`;
    case 'rolled-back':
      return finding.found === null
        ? `Note ${finding.known.number} is known from elsewhere, but there is none here.`
        : `Note ${finding.known.number} is known from elsewhere, but the newest here is ${finding.found.number}${finding.found.number === finding.known.number ? ', another one' : ''}.`;
    case 'returned':
      return `${finding.key} (number ${finding.number}) was removed, but is there again.`;
    case 'foreign':
      return `The note beside ${finding.key} ${foreign[finding.why]}, so anybody may have made the archive.`;
    case 'unknown-key':
      return `${countOf(finding.keys.length, 'note is', 'notes are')} signed with an unknown key: ${finding.signedWith}.`;
    case 'recipient-changed':
      return `From number ${finding.number} on archives are sealed to another key.`;
    case 'unreadable':
      return `${finding.key} could not be read (${finding.code}).`;
    case 'too-many':
      return `Only the first ${finding.looked} objects of the practice were checked.`;
  }
}

const foreign = {
  'another-place': 'is about another archive',
  'bad-signature': 'has no valid signature',
  malformed: 'cannot be read',
} as const;

function countOf(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

function someOf(all: readonly (number | string)[]): string {
  const shown = all.slice(0, 5).join(', ');
  return all.length > 5 ? `${shown} and ${all.length - 5} more` : shown;
}
