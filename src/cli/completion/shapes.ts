import { type CommandWord, commonOptions } from '../command.js';

/** What may follow a word of the command line. */
export interface CommandShape {
  readonly name: string;
  readonly summary: string;
  /** With their dashes. */
  readonly options: readonly string[];
}

/** Of every word of the command line, as the commands themselves declare it. */
export async function commandShapes(words: readonly CommandWord[]): Promise<readonly CommandShape[]> {
  return Promise.all(
    words.map(async ({ name, summary, load }) => {
      const { options } = await load();
      return {
        name,
        summary,
        options: Object.keys({ ...options, ...commonOptions }).map((option) => `--${option}`),
      };
    }),
  );
}
