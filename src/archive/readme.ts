import type { Label } from '../model/parts.js';

/** The text file at the front of every archive, written for readers in twenty years. */
export function readme(label: Label): string {
  const holder =
    label.keyHolder === undefined ? '' : `\nIt was sealed for the user "${label.keyHolder.userName}".\n`;
  return `SUPPLEMENTAL BACKUP

This is a copy of the database "${label.database}", made at ${label.createdAt} (${label.scope === 'full' ? 'all tables' : 'the critical tables only'}).
${holder}
It is a last resort and no replacement for other backups. Images and documents that the practice keeps in
folders are not in it.

What is here
  database.json              the database and the server it was read from
  tables/NNNN/table.json     one folder per table: its definition and columns
  tables/NNNN/NNNNNN.cols.gz its rows: gzip over columns; reader.py shows the format
  objects.json               views, triggers, routines, events
  manifest.json              what was read, what was left out and why, the digest of every file
  reader.py                  turns all this into SQL (Python 3, nothing else needed)

How to get the database back with stock tools (you have this file, so the first step is done)
  age -d -i key.txt BACKUP.tar.age | tar x
  mariadb -e "CREATE DATABASE restored"
  python3 reader.py | mariadb --binary-mode --comments restored

Restore into a new, empty database, never into one that is in use.
`;
}
