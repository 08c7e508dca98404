import type { Destination } from '../../eligibility/is-eligible.js';
import type { VerifiedCopy } from '../run/journal-state.js';
import type { NightJournal } from '../run/night-journal.js';
import type { SequenceState } from './sequence.js';

/** What the journal has of one place. */
export class PlaceInJournal {
  readonly #destination: Destination;
  readonly #journal: NightJournal;

  constructor(destination: Destination, journal: NightJournal) {
    this.#destination = destination;
    this.#journal = journal;
  }

  get sequence(): SequenceState | undefined {
    return this.#journal.state.sequences?.[this.#destination];
  }

  get copies(): readonly VerifiedCopy[] {
    return this.#journal.state.verified[this.#destination];
  }

  /** Written with what the journal writes next: {@link NightJournal.note}. */
  note(
    change: Partial<SequenceState>,
    copies: (copies: readonly VerifiedCopy[]) => readonly VerifiedCopy[] = (all) => all,
  ): void {
    const destination = this.#destination;
    this.#journal.note(({ sequences, verified }) => ({
      verified: { ...verified, [destination]: copies(verified[destination]) },
      sequences: {
        ...sequences,
        [destination]: { number: 0, hash: null, since: '', ...sequences?.[destination], ...change },
      },
    }));
  }

  /** Resolves when it is on the disk. Rejects for a full one. */
  async update(): Promise<void> {
    await this.#journal.update();
  }
}
