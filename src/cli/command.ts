import type { Readable, Writable } from 'node:stream';
import { parseArgs } from 'node:util';
import { didYouMean, nearestWord } from '../nearest-word.js';
import { type ExitCode, UsageError } from './exit-codes.js';

/** The environment of a run: what a terminal or a test gives. */
export interface CommandLine {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Progress, questions and errors go here, so that stdout holds results only. */
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** One JSON document instead of text; progress is silent. */
  readonly json: boolean;
  /** Nothing is said of what goes well. */
  readonly quiet: boolean;
  /** All that can be typed as a command. */
  readonly words: readonly CommandWord[];
  /** @defaultValue the machine's clock */
  readonly now?: () => Date;
}

/** The result of a command. */
export interface CommandResult {
  /** For scripts; `ok` is added in front. */
  readonly json: Readonly<Record<string, unknown>>;
  /** The same for people. */
  readonly text: string;
  /** The text is a page of help and is shown without wrapping. */
  readonly isPage?: boolean;
  /** When stdout holds data, the result goes to stderr. @defaultValue 'stdout' */
  readonly to?: 'stderr' | 'stdout';
  /** @defaultValue 0 */
  readonly exitCode?: ExitCode;
}

/** A command by its name, before its module is loaded. */
export interface CommandWord {
  readonly name: string;
  /** For the list of commands: one line. */
  readonly summary: string;
  load(): Promise<Command>;
}

/** What a word of the command line does. */
export interface Command {
  readonly name: string;
  /** The whole help: usage line and options. Fits a screen of 80 columns and 24 lines. */
  readonly help: string;
  /** What for, and the words behind the program's name. `help COMMAND` shows all of them. */
  readonly examples: readonly (readonly [purpose: string, words: string])[];
  readonly options: OptionTable;
  /** What the first word without a dash may be, where only some are understood; for completion. */
  readonly words?: readonly string[];
  /** How many words without a dash it takes. */
  readonly positionals: { readonly least: number; readonly most: number };
  run(given: Arguments, line: CommandLine): Promise<CommandResult>;
}

/** Options as `node:util` `parseArgs` knows them. */
export type OptionTable = Readonly<
  Record<
    string,
    { readonly type: 'boolean' | 'string'; readonly multiple?: boolean; readonly short?: string }
  >
>;

/** What was typed after the command. */
export interface Arguments {
  readonly positionals: readonly string[];
  /** The value of an option, if it was given. */
  text(name: string): string | undefined;
  /** The value of an option. @throws UsageError when it was not given */
  required(name: string): string;
  /** Every value of an option that may stand more than once. */
  all(name: string): readonly string[];
  flag(name: string): boolean;
}

/** Options that every command takes. */
export const commonOptions: OptionTable = {
  help: { type: 'boolean', short: 'h' },
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  verbose: { type: 'boolean' },
};

/** @throws UsageError */
export function readArguments(command: Command, argv: readonly string[]): Arguments {
  const { values, positionals } = parse(command, argv);
  const { least, most } = command.positionals;
  if (values['help'] !== true && (positionals.length < least || positionals.length > most)) {
    throw new UsageError(
      positionals.length < least
        ? `"${command.name}" needs ${least === 1 ? 'an ARCHIVE' : `${least} words`}.`
        : `"${command.name}" does not understand "${positionals[most]}".`,
    );
  }
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    positionals,
    text,
    required(name) {
      const value = text(name);
      if (value === undefined || value === '') throw new UsageError(`--${name} is missing.`);
      return value;
    },
    all(name) {
      const value = values[name];
      return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
    },
    flag: (name) => values[name] === true,
  };
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly positionals: readonly string[];
}

function parse(command: Command, argv: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...argv],
      options: { ...commonOptions, ...command.options },
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    // The parser's first sentence names the option; its hint on positionals would only confuse.
    const message = error instanceof Error ? error.message.split('. ')[0]! : String(error);
    const known = Object.keys({ ...command.options, ...commonOptions }).map((name) => `--${name}`);
    const isUnknown = (error as NodeJS.ErrnoException).code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION';
    const meant = nearestWord(/'(--[^']*)'/.exec(message)?.[1] ?? '', known);
    const hint = isUnknown ? `${didYouMean(meant)} "${command.name}" takes ${known.join(', ')}.` : '';
    throw new UsageError(`${message.replace(/\.$/, '')}.${hint}`);
  }
}
