import { BackupError } from '../errors.js';
import { compareKeys } from './object-keys.js';

/** Five million objects, in pages of 500. */
const mostPages = 10_000;
/** Longest wait for all pages of one list together, in milliseconds. */
const mostWaiting = 30 * 60_000;
const longestToken = 16 * 1024;

/**
 * Checks that the pages of a list advance. A list that ends too early, repeats a page or holds keys that were
 * not requested would hide copies or never end, so it is refused.
 */
export class Pages {
  readonly #description: string;
  readonly #under: string;
  readonly #tokens = new Set<string>();
  #last: string | undefined;
  #pages = 0;
  #waited = 0;

  /** @param under - the requested prefix */
  constructor(description: string, under: string) {
    this.#description = description;
    this.#under = under;
  }

  /** Waits for the next page. */
  async next<Page>(ask: () => Promise<Page>): Promise<Page> {
    this.#pages += 1;
    if (this.#pages > mostPages || this.#waited > mostWaiting) throw this.failure('it has no end');
    const start = performance.now();
    try {
      return await ask();
    } finally {
      this.#waited += performance.now() - start;
    }
  }

  /** Checks a name in the list: each must come after the one before. */
  pass(name: string | undefined): string {
    if (name === undefined) throw this.failure('it has an object without a name');
    if (!name.startsWith(this.#under)) throw this.failure('it holds what was not requested');
    if (this.#last !== undefined && compareKeys(name, this.#last) <= 0)
      throw this.failure('it is not in order');
    this.#last = name;
    return name;
  }

  /** Where the next page begins; undefined when this was the last. */
  after(isTruncated: boolean | undefined, ...token: readonly (string | undefined)[]): string | undefined {
    if (isTruncated === undefined) throw this.failure('it does not say whether it is complete');
    if (!isTruncated) return undefined;
    const [first] = token;
    const whole = token.join('\n');
    if (first === undefined || first === '')
      throw this.failure('it is truncated and does not say how to continue');
    if (whole.length > longestToken || this.#tokens.has(whole)) throw this.failure('it repeats a page');
    this.#tokens.add(whole);
    return first;
  }

  /** The failure for a list that is not trusted. */
  failure(why: string): BackupError {
    return new BackupError(
      'storage-permanent',
      `The list of the ${this.#description} cannot be trusted: ${why}. No copy counts as missing because of it.`,
      { details: { reason: why } },
    );
  }
}
