/** Names of the files inside an archive. They are built from numbers, never from names in the database. */

/** Kind of a file inside an archive. */
export type EntryKind =
  | { readonly kind: 'database' }
  | { readonly kind: 'manifest' }
  | { readonly kind: 'objects' }
  | { readonly kind: 'rows'; readonly table: number; readonly sequence: number }
  | { readonly kind: 'table'; readonly table: number }
  /** For people, or of a later minor version: ignored. */
  | { readonly kind: 'other' };

/** Fixed names. */
export const readmeName = 'README.txt';
export const readerName = 'reader.py';
export const databaseName = 'database.json';
export const objectsName = 'objects.json';
export const manifestName = 'manifest.json';

/** Name of a table's description. */
export function tableEntryName(table: number): string {
  return `tables/${digits(table, 4)}/table.json`;
}

/** Name of a column part. */
export function rowsEntryName(table: number, sequence: number): string {
  return `tables/${digits(table, 4)}/${digits(sequence, 6)}.cols.gz`;
}

function digits(value: number, width: number): string {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError('"table" and "sequence" count from 1');
  return String(value).padStart(width, '0');
}

/** The kind of a file, from its name. */
export function parseEntryName(name: string): EntryKind {
  switch (name) {
    case databaseName:
      return { kind: 'database' };
    case objectsName:
      return { kind: 'objects' };
    case manifestName:
      return { kind: 'manifest' };
  }
  const match = /^tables\/([0-9]{4,9})\/(?:table\.json|([0-9]{6,9})\.cols\.gz)$/.exec(name);
  if (match === null) return { kind: 'other' };
  const table = Number(match[1]);
  if (match[2] === undefined) {
    return table > 0 && tableEntryName(table) === name ? { kind: 'table', table } : { kind: 'other' };
  }
  const sequence = Number(match[2]);
  const isCanonical = table > 0 && sequence > 0 && rowsEntryName(table, sequence) === name;
  return isCanonical ? { kind: 'rows', table, sequence } : { kind: 'other' };
}
