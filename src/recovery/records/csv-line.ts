/** A line of CSV by RFC 4180. */
export function csvLine(fields: readonly string[]): string {
  return `${fields.join(',')}\r\n`;
}

// What spreadsheets read as the start of a formula, including the full-width forms of East Asian keyboards.
const formula = /^[\s\u0000]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;

/** A value as a field of CSV: NULL is an empty field, the empty text is `""`. */
export function csvField(value: string | null, defuse = false): string {
  if (value === null) return '';
  if (defuse && formula.test(value)) return quoted(`'${value}`);
  return value === '' || /[",\r\n]/.test(value) ? quoted(value) : value;
}

function quoted(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}
