import type { CommandWord } from './command.js';

/** The first page: every command in a line. */
export function renderOverview(words: readonly CommandWord[]): string {
  const width = Math.max(...words.map(({ name }) => name.length));
  return `Sealed, proven-restorable copies of a practice's MySQL or MariaDB database.
Usage: supplemental-backup COMMAND [OPTIONS]

${words.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

COMMAND --help tells the options; --json gives JSON and no text, --verbose tells
what is done. ARCHIVE is a path or s3://bucket/key. No password is an argument.

Exit codes: 0 done, 1 failed, 2 usage, 3 wrong key or password, 4 damaged or
incomplete archive, 5 not eligible or no usable admin, 6 target refused, 7 all
restored but tables, views, keys or the like that the server refuses: listed.
`;
}
