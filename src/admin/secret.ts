import { assertArgument } from '../arguments.js';

const shown = '[secret]';

/**
 * A text that no log, error, event or `JSON.stringify` shows. `util.inspect` does not look into private
 * fields. JavaScript cannot wipe a string, so this keeps it out of sight, not out of memory.
 *
 * @example
 * ```ts
 * const token = new Secret('not for the log');
 * console.log(`${token}`, JSON.stringify({ token }), token.reveal().length);
 * ```
 */
export class Secret {
  readonly #text: string;

  /**
   * Takes a secret into keeping.
   *
   * @param text - what to keep from view
   */
  constructor(text: string) {
    assertArgument('text', text, 'text');
    this.#text = text;
  }

  /** The text itself. */
  reveal(): string {
    return this.#text;
  }

  /** @returns a placeholder */
  toString(): string {
    return shown;
  }

  /** @returns a placeholder */
  toJSON(): string {
    return shown;
  }
}
