/** What can be wrong with the history of a practice's archives, each a kind of its own. */
import { assertArgument } from '../arguments.js';
import type { Destination } from '../eligibility/is-eligible.js';
import type { BackupErrorCode } from '../errors.js';
import type { SequenceHead } from './note-body.js';

/** One thing that a history shows. */
export type HistoryFinding =
  /** Notes that stood here when the newest one was made are gone, mostly with their archives. */
  | { readonly kind: 'gap'; readonly destination: Destination; readonly numbers: readonly number[] }
  /** The note is there and its archive is not. */
  | { readonly kind: 'archive-missing'; readonly key: string; readonly number: number }
  /** An archive of a time in which every archive has a note has none. */
  | { readonly kind: 'note-missing'; readonly key: string }
  /** The archive is not the one that its note is about. */
  | {
      readonly kind: 'overwritten';
      readonly key: string;
      readonly number: number;
      readonly what: 'sha256' | 'size';
    }
  /** Two notes of one number. */
  | { readonly kind: 'fork'; readonly number: number; readonly keys: readonly string[] }
  /** A note names another one before it than the one that is there. */
  | { readonly kind: 'spliced'; readonly key: string; readonly number: number }
  /** A newer note is known elsewhere. */
  | {
      readonly kind: 'rolled-back';
      readonly destination: Destination;
      readonly known: SequenceHead;
      /** The newest here; null when there is none. */
      readonly found: SequenceHead | null;
    }
  /** What retention had removed has come back. */
  | { readonly kind: 'returned'; readonly key: string; readonly number: number }
  /** A note that nobody who is known signed, so that its archive may be anybody's. */
  | {
      readonly kind: 'foreign';
      readonly key: string;
      readonly why: 'another-place' | 'bad-signature' | 'malformed';
    }
  /** Another key than those that are known signs notes of this practice. */
  | {
      readonly kind: 'unknown-key';
      /** As {@link formatNoteKey} gives it. */
      readonly signedWith: string;
      readonly keys: readonly string[];
    }
  /**
   * From here on archives are sealed to another key: another administrator, a new password, or somebody's own
   * key.
   */
  | {
      readonly kind: 'recipient-changed';
      readonly key: string;
      readonly number: number;
      readonly before: string | null;
      readonly after: string | null;
    }
  /** A note, or an archive that was to be read, could not be had. */
  | { readonly kind: 'unreadable'; readonly key: string; readonly code: BackupErrorCode }
  /** There is more under this practice than is looked at. */
  | { readonly kind: 'too-many'; readonly looked: number };

/**
 * Whether a finding means that something was done to the archives. A change of recipient is told, and alone
 * breaks nothing.
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
      return `${countOf(finding.numbers.length, 'note that stood here is', 'notes that stood here are')} gone, and what belongs to them may be too (number ${someOf(finding.numbers)}).`;
    case 'archive-missing':
      return `The archive of note ${finding.number} is gone: ${finding.key}.`;
    case 'note-missing':
      return `No note stands beside ${finding.key}, so nothing says who made it.`;
    case 'overwritten':
      return `${finding.key} is not the archive that note ${finding.number} is about: another ${finding.what === 'size' ? 'size' : 'SHA-256'}.`;
    case 'fork':
      return `There are ${finding.keys.length} notes of number ${finding.number}: ${someOf(finding.keys)}.`;
    case 'spliced':
      return `Note ${finding.number} follows on another note than the one that is there: ${finding.key}.`;
    case 'rolled-back':
      return finding.found === null
        ? `Note ${finding.known.number} is known elsewhere, and here is none.`
        : `Note ${finding.known.number} is known elsewhere, and the newest here is ${finding.found.number}${finding.found.number === finding.known.number ? ', another one' : ''}.`;
    case 'returned':
      return `${finding.key} (number ${finding.number}) was removed, and is there again.`;
    case 'foreign':
      return `The note beside ${finding.key} ${foreign[finding.why]}, so the archive may be anybody’s.`;
    case 'unknown-key':
      return `${countOf(finding.keys.length, 'note is', 'notes are')} signed with a key that is not known: ${finding.signedWith}.`;
    case 'recipient-changed':
      return `From number ${finding.number} on archives are sealed to another key.`;
    case 'unreadable':
      return `${finding.key} could not be read (${finding.code}).`;
    case 'too-many':
      return `Only the first ${finding.looked} objects of the practice were looked at.`;
  }
}

const foreign = {
  'another-place': 'is about another archive',
  'bad-signature': 'bears no good signature',
  malformed: 'cannot be read',
} as const;

function countOf(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

function someOf(all: readonly (number | string)[]): string {
  const shown = all.slice(0, 5).join(', ');
  return all.length > 5 ? `${shown} and ${all.length - 5} more` : shown;
}
