import type { Command, CommandWord } from './command.js';
import { wrapLines } from './wording/wrap.js';

// More would not fit on one screen.
const mostSummaries = 8;

/** The first page: every command, the first ones with what they are for. */
export function renderOverview(words: readonly CommandWord[]): string {
  const shown = words.slice(0, mostSummaries);
  const others = words.slice(mostSummaries).map(({ name }) => name);
  const width = Math.max(...shown.map(({ name }) => name.length));
  return `Sealed, proven-restorable copies of a practice's MySQL or MariaDB database.

Usage: supplemental-backup COMMAND [OPTIONS]

${shown.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}
${wrapLines(`  also  ${others.join(', ')}`, 80)}

"help COMMAND" shows a command with examples. --json gives JSON and no text,
--quiet only what is wrong, --verbose what is done. ARCHIVE is a path or
s3://bucket/key. No password is an argument.

Exit codes: 0 done, 1 failed, 2 usage, 3 wrong key or password, 4 damaged or
incomplete archive, 5 not eligible or no usable admin, 6 target refused, 7 all
restored but tables, views, keys or the like that the server refuses: listed.
`;
}

const mostLines = 22;

/**
 * What `COMMAND --help` shows: the page, with as many examples as fit on the screen, or at least the command
 * line of the first one.
 */
export function renderScreenPage(command: Command): string {
  const page = command.help.trimEnd();
  let room = mostLines - page.split('\n').length - 1;
  const shown = command.examples.map(exampleLines).filter((lines) => {
    room -= lines.length;
    return room >= 0;
  });
  if (shown.length > 0) return joined(page, shown);
  return `${page}\nExample: supplemental-backup ${command.examples[0]![1]}\n`;
}

/** What `help COMMAND` shows: everything. */
export function renderWholePage(command: Command): string {
  return joined(command.help.trimEnd(), command.examples.map(exampleLines));
}

function joined(page: string, examples: readonly (readonly string[])[]): string {
  return `${[page, ...(examples.length === 0 ? [] : ['', ...examples.flat()])].join('\n')}\n`;
}

function exampleLines([purpose, words]: Command['examples'][number]): readonly string[] {
  return [`# ${purpose}`, ...`  supplemental-backup ${words}`.split('\n')];
}
