import type { CommandWord } from './command.js';
import { renderOverview, renderWholePage } from './help.js';
import { version } from './version.js';

/** The manual page of all commands, as troff, with the text of the help. */
export async function renderManual(words: readonly CommandWord[]): Promise<string> {
  const commands = await Promise.all(words.map((word) => word.load()));
  return [
    `.TH SUPPLEMENTAL-BACKUP 1 "" "supplemental-backup ${version}"`,
    '.SH NAME',
    'supplemental-backup \\- sealed copies of a database, and their restore',
    '.SH DESCRIPTION',
    ...verbatim(renderOverview(words)),
    '.SH COMMANDS',
    ...commands.flatMap((command) => [`.SS ${command.name}`, ...verbatim(renderWholePage(command))]),
    '',
  ].join('\n');
}

function verbatim(text: string): readonly string[] {
  return ['.nf', ...text.trimEnd().split('\n').map(escaped), '.fi'];
}

// A dot or an apostrophe at the beginning of a line would be a troff request.
function escaped(line: string): string {
  return line
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^[.']/, '\\&$&')
    .replaceAll(
      /[^\n -~]/gu,
      (sign) => `\\[u${sign.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
}
