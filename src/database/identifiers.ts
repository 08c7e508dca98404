/** An identifier in backticks, valid in every sql_mode (S4, C13). */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/**
 * A text literal for statements about the schema: hexadecimal, so that sql_mode and character set do not
 * matter (S3, S4).
 */
export function quoteText(text: string): string {
  return text === '' ? "''" : `CONVERT(X'${Buffer.from(text, 'utf8').toString('hex')}' USING utf8)`;
}

/** Compares names by their code units, so that the order is the same on every machine. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
