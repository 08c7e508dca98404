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
 * Stores the newest notes in the practice's own database, beside its settings: a rollback of a place, the
 * journal and the spool leaves a higher number there.
 */
export class HeadKeeper {
  readonly #settings: ReturnType<typeof settingsWithTimeout> | undefined;
  readonly #around: { readonly journal: NightJournal; readonly logger: Logger; readonly clock: Clock };
  readonly #signal: AbortSignal;
  /** Places whose sequence was compared with the stored one: only there may a lower number replace it. */
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
   * The newest note of a place that the database knows but the place and the journal do not.
   *
   * @param isBare - nothing there is signed: then notes of another key are missed as well
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

  /**
   * When the newest notes of a service were kept, as the database has it now and not when the run began; null
   * where it has none.
   *
   * @returns undefined where it is not known
   */
  async keptAt(own: string): Promise<string | null | undefined> {
    // What did not answer before is not waited for again.
    if (this.#kept !== undefined && (await this.#kept) === null) return undefined;
    this.#kept = this.#ask();
    const kept = await this.#kept;
    return kept === null ? undefined : (kept.find(({ signedWith }) => signedWith === own)?.at ?? null);
  }

  /** Called at the end of a run, after the journal. Never rejects for a failure of the settings. */
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

  /** Null where there is no such store, or where it does not answer tonight. */
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
