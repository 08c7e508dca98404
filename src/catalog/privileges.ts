import { serverErrorNumber } from '../database/server-failures.js';
import type { StatementAnswer } from '../database/session.js';
import { rowsOf } from '../database/statements.js';
import { BackupError } from '../errors.js';

const everything: readonly string[] = [
  'ALTER',
  'CREATE',
  'CREATE ROUTINE',
  'CREATE VIEW',
  'DROP',
  'EVENT',
  'EXECUTE',
  'INDEX',
  'INSERT',
  'LOCK TABLES',
  'PROCESS',
  'RELOAD',
  'SELECT',
  'SHOW VIEW',
  'TRIGGER',
];

/**
 * The result of `SHOW GRANTS`. A server that checks no privileges (`--skip-grant-tables`) refuses the
 * statement; then every user has all privileges.
 */
export function grantsIn(answer: StatementAnswer | undefined): readonly string[] {
  if (serverErrorNumber(answer?.error) === 1290) return ["GRANT ALL PRIVILEGES ON *.* TO ''@''"];
  return rowsOf(answer).map((row) => Object.values(row)[0] ?? '');
}

/**
 * The privileges that grants give on a whole database, as far as a backup or a restore needs them.
 *
 * @param database - name of the database
 * @param grants - rows of `SHOW GRANTS`
 */
export function privilegesOn(database: string, grants: readonly string[]): ReadonlySet<string> {
  const held = new Set<string>();
  for (const grant of grants) {
    const parsed = /^GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`|"[^"]*")\.\* TO /s.exec(grant);
    if (parsed === null) continue;
    const [, list, scope] = parsed;
    if (scope !== '*' && !matchesDatabase(scope!, database)) continue;
    for (const name of list!.split(/,\s*/)) {
      if (/^ALL(?: PRIVILEGES)?$/i.test(name)) for (const each of everything) held.add(each);
      else held.add(name.toUpperCase());
    }
  }
  return held;
}

/**
 * Requires the privileges to see the whole database: whatever a user cannot see would be missing from a copy
 * without notice (F11).
 *
 * @throws BackupError `privilege-missing`
 */
export function checkPrivileges(database: string, grants: readonly string[]): void {
  const held = privilegesOn(database, grants);
  const missing = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EVENT'].filter((name) => !held.has(name));
  if (missing.length === 0) return;
  throw new BackupError(
    'privilege-missing',
    `The database user cannot see all of database "${database}": ${missing.join(', ')} is missing.`,
    { details: { database, missing } },
  );
}

/** Grants name databases by LIKE patterns. */
function matchesDatabase(quoted: string, database: string): boolean {
  const pattern = quoted.slice(1, -1).replaceAll('``', '`');
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    if (char === '\\' && at + 1 < pattern.length) source += escapeForRegExp(pattern[++at]!);
    else if (char === '%') source += '.*';
    else if (char === '_') source += '.';
    else source += escapeForRegExp(char);
  }
  return new RegExp(`^${source}$`, 'si').test(database);
}

function escapeForRegExp(char: string): string {
  return char.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
}
