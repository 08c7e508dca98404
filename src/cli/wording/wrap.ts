/**
 * Breaks lines at words so that they fit a screen. Text behind a column of names stays in its column. A
 * command to be copied, a path, and a word longer than the screen are not broken.
 */
export function wrapLines(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, columns))
    .join('\n');
}

/** Breaks lines for a terminal, not for a script. */
export function fitted(
  text: string,
  { isTTY, columns = 80 }: { readonly isTTY?: boolean; readonly columns?: number },
): string {
  return isTTY === true ? wrapLines(text, columns) : text;
}

function wrapLine(line: string, columns: number): string {
  if (line.length <= columns || columns < 20 || /^ *supplemental-backup /.test(line)) return line;
  const hang = hangOf(line, columns);
  const lines: string[] = [];
  let current = line.slice(0, hang);
  let isEmpty = true;
  for (const word of line.slice(hang).split(' ')) {
    if (!isEmpty && current.length + 1 + word.length > columns) {
      lines.push(current);
      current = ' '.repeat(hang);
      isEmpty = true;
    }
    current += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, current].join('\n');
}

function hangOf(line: string, columns: number): number {
  const [column = ''] = /^ *\S+(?: \S+)* {2,}/.exec(line) ?? [];
  const [indent = ''] = /^ */.exec(line) ?? [];
  return column.length > 0 && column.length <= columns / 2 ? column.length : indent.length;
}
