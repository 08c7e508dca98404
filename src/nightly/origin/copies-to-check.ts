import type { StorageAdapter } from '../../storage/adapter.js';
import type { VerifiedCopy } from '../run/journal-state.js';
import type { SequenceState } from './sequence.js';

/** What is at a place, and what should be. */
export interface CopiesToCheck {
  readonly store: StorageAdapter;
  readonly practiceId: string;
  readonly night: string;
  /** As the journal has them. */
  readonly copies: readonly VerifiedCopy[];
  readonly sequence: SequenceState;
  /** The service's own first. */
  readonly trustedKeys: readonly string[];
  /** Keys of copies that are still being sent. */
  readonly waiting: ReadonlySet<string>;
  readonly signal: AbortSignal;
}
