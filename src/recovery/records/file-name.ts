/** A file name for a table: its number, and as much of its name as every file system accepts. */
export function fileNameOf(index: number, table: string, extension: string): string {
  return `${String(index).padStart(4, '0')}-${readableName(table)}.${extension}`;
}

/** As much of a name as every file system accepts, without path separators. */
export function readableName(name: string): string {
  return name.replace(/[^A-Za-z0-9_]+/g, '-').slice(0, 100);
}
