import type { VerifiedCopy } from '../run/journal-state.js';
import type { ProvableCopy } from './due-copies.js';

/**
 * The result of reading a copy: `whole`; `spoiled`, when its bytes are not those that were verified;
 * `unread`, when it is there but the store does not return it; `note-changed`, when only its note was
 * replaced.
 */
export type ReadFinding = 'note-changed' | 'spoiled' | 'unread' | 'whole';

/** A copy that was read again. */
export interface ReadCopy {
  readonly copy: ProvableCopy;
  readonly found: ReadFinding;
}

/** A copy that the store did not return tonight, with the nights on which it did not; a night counts once. */
export function unreadOn(night: string, { unread, ...copy }: VerifiedCopy): VerifiedCopy {
  const before = unread?.night === night ? unread.nights - 1 : (unread?.nights ?? 0);
  return { ...copy, unread: { nights: before + 1, night } };
}

/** What is wrong with a copy, for people; null if nothing is. */
export function describeFinding(key: string, found: Exclude<ReadFinding, 'whole'>): string;
export function describeFinding(key: string, found: ReadFinding): string | null;
export function describeFinding(key: string, found: ReadFinding): string | null {
  switch (found) {
    case 'spoiled':
      return `${key} was verified, but its bytes have changed.`;
    case 'note-changed':
      return `The note of ${key} was replaced by another one.`;
    case 'unread':
      return `${key} is there but could not be read back.`;
    case 'whole':
      return null;
  }
}
