import type { Destination } from '../../eligibility/is-eligible.js';
import type { KeptHeads } from '../../history/kept-heads.js';
import type { SequenceHead } from '../../history/note-body.js';
import type { Logger } from '../log/logger.js';
import { codeOf } from '../run/failure.js';
import type { NightJournal } from '../run/night-journal.js';
import type { NightPlan } from '../run/night-plan.js';
import type { Clock } from '../service/clock.js';
import { settingsWithTimeout } from '../settings/settings-with-timeout.js';
import type { Notary } from './notary.js';

const places = ['hq', 'local'] as const;

/**
 * Keeps the newest notes in the practice's own database, where its settings are: who turns back a place, and
 * journal and spool with it, leaves a number there that says so.
 */
export class HeadKeeper {
  readonly #settings: ReturnType<typeof settingsWithTimeout> | undefined;
  readonly #around: { readonly journal: NightJournal; readonly logger: Logger; readonly clock: Clock };
  readonly #signal: AbortSignal;
  /** Places whose sequence was held against what was kept: only there may a lower number take its place. */
  readonly #compared: Set<Destination> = new Set();
  #kept: Promise<readonly KeptHeads[] | null> | undefined;

  constructor(
    { settings }: NightPlan,
    around: { readonly journal: NightJournal; readonly logger: Logger; readonly clock: Clock },
    signal: AbortSignal,
  ) {
    this.#settings = settings === undefined ? undefined : settingsWithTimeout(settings, around.clock);
    this.#around = around;
    this.#signal = signal;
  }

  /**
   * The newest note of a place that the database knows and the place and the journal do not.
   *
   * @param isBare - nothing stands there that anybody signed: then another key's notes are missed as well
   */
  async unknownHere(
    destination: Destination,
    here: SequenceHead | undefined,
    { trustedKeys: [own, ...others] }: Notary,
    isBare: boolean,
  ): Promise<SequenceHead | null> {
    const kept = await this.#read();
    if (kept === null) return null;
    this.#compared.add(destination);
    const known = kept
      .filter(({ signedWith }) => signedWith === own || (isBare && !others.includes(signedWith)))
      .flatMap(({ heads }) => heads[destination] ?? [])
      .sort((a, b) => b.number - a.number)[0];
    if (known === undefined || known.number < (here?.number ?? 0)) return null;
    return known.number === here?.number && known.hash === here.hash ? null : known;
  }

  /** At the end of a run, after the journal. Never rejects for what the settings do. */
  async keep(own: string): Promise<void> {
    const kept = await this.#read();
    if (kept === null) return;
    const { journal, logger, clock } = this.#around;
    const before = kept.find(({ signedWith }) => signedWith === own);
    const heads: Partial<Record<Destination, SequenceHead>> = { ...before?.heads };
    for (const place of places) {
      const { number, hash } = journal.state.sequences?.[place] ?? { number: 0, hash: null };
      const isOlder = number < (heads[place]?.number ?? 0);
      if (hash !== null && (!isOlder || this.#compared.has(place))) heads[place] = { number, hash };
    }
    const isSame = places.every((place) => heads[place]?.hash === before?.heads[place]?.hash);
    if (isSame) return;
    const at = clock.now().toISOString();
    try {
      await this.#settings!.keepHeads!({ signedWith: own, at, heads }, { signal: this.#signal });
      journal.note(({ headsKept }) => ({ headsKept: { ...headsKept, at } }));
    } catch (error) {
      this.#signal.throwIfAborted();
      logger.warning('The newest notes could not be kept in the settings.', { code: codeOf(error) });
    }
  }

  /** Null where there is no such place, or where it does not answer tonight. */
  #read(): Promise<readonly KeptHeads[] | null> {
    this.#kept ??= this.#ask();
    return this.#kept;
  }

  async #ask(): Promise<readonly KeptHeads[] | null> {
    if (this.#settings?.keptHeads === undefined || this.#settings.keepHeads === undefined) return null;
    try {
      return await this.#settings.keptHeads({ signal: this.#signal });
    } catch (error) {
      this.#signal.throwIfAborted();
      this.#around.logger.warning('The notes that the settings keep could not be read.', {
        code: codeOf(error),
      });
      return null;
    }
  }
}
