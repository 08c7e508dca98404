import { type CommandWord, commonOptions } from '../command.js';

/** What a shell can complete behind a command. */
export interface CommandShape {
  readonly name: string;
  readonly summary: string;
  /** With their dashes. */
  readonly options: readonly string[];
  /** What its first word may be; empty where it is a file or none. */
  readonly firstWords: readonly string[];
}

/** Of every word of the command line, as the commands themselves declare it. */
export async function commandShapes(words: readonly CommandWord[]): Promise<readonly CommandShape[]> {
  return Promise.all(
    words.map(async ({ name, summary, load }) => {
      const { options, words: firstWords = [] } = await load();
      return {
        name,
        summary,
        firstWords,
        options: Object.keys({ ...options, ...commonOptions }).map((option) => `--${option}`),
      };
    }),
  );
}
