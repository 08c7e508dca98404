import { columnItems } from '../../catalog/column-items.js';
import type { Connection } from '../../database/connection.js';
import { quoteName, quoteText } from '../../database/identifiers.js';
import { serverErrorNumber } from '../../database/server-failures.js';
import { isAtLeast } from '../../database/server-version.js';
import type { ServerDescription, TableDescription } from '../../model/parts.js';
import { join, type Token, tokenise } from '../ddl/tokens.js';
import type { RestoreNote } from './restore-report.js';

/** A table whose checks are enforced only after its rows. */
export interface RelaxedTable {
  readonly table: TableDescription;
  /** Names of the checks. */
  readonly checks: readonly string[];
}

/**
 * Suspends checks that depend on the time zone of a TIMESTAMP: rows are loaded under UTC, where such a check
 * may refuse rows that it accepted. Only MySQL since 8.0.16 enforces checks while loading, and can suspend
 * them. Pure.
 */
export function relaxChecks(
  table: TableDescription,
  { vendor, version }: Pick<ServerDescription, 'vendor' | 'version'>,
): RelaxedTable {
  const none: RelaxedTable = { table, checks: [] };
  if (vendor !== 'mysql' || !isAtLeast(version, 8, 0) || !/\bCHECK\b/i.test(table.createStatement))
    return none;
  const tokens = tokenise(table.createStatement);
  const zoned = new Set<string>();
  for (const { from, to } of columnItems(tokens)) {
    const [name, type] = tokens.slice(from, to).filter(({ kind }) => kind !== 'space');
    if (/^timestamp$/i.test(type?.text ?? '')) zoned.add(name!.text);
  }
  const checks: string[] = [];
  const relaxed: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    relaxed.push(tokens[i]!);
    const name = namedCheck(tokens, i);
    if (name === undefined) continue;
    const end = endOfBrackets(tokens, i);
    const isZoned = tokens.slice(i, end).some(({ kind, text }) => kind === 'name' && zoned.has(text));
    const isHeld = !/^\s*\/\*!80016 NOT ENFORCED/i.test(join(tokens.slice(end, end + 8)));
    if (!isZoned || !isHeld) continue;
    relaxed.push(...tokens.slice(i + 1, end), { kind: 'word', text: ' NOT ENFORCED' });
    checks.push(name.slice(1, -1).replaceAll('``', '`'));
    i = end - 1;
  }
  return checks.length === 0 ? none : { table: { ...table, createStatement: join(relaxed) }, checks };
}

/** The name, in backticks, of a named check whose word CHECK is at this index. */
function namedCheck(tokens: readonly Token[], at: number): string | undefined {
  const { kind, text } = tokens[at]!;
  if (kind !== 'word' || !/^check$/i.test(text)) return undefined;
  const before = tokens
    .slice(0, at)
    .filter((token) => token.kind !== 'space')
    .slice(-2);
  return /^constraint$/i.test(before[0]?.text ?? '') && before[1]?.kind === 'name'
    ? before[1].text
    : undefined;
}

function endOfBrackets(tokens: readonly Token[], from: number): number {
  let depth = 0;
  for (let i = from; i < tokens.length; i++) {
    if (tokens[i]!.kind !== 'symbol') continue;
    if (tokens[i]!.text === '(') depth++;
    if (tokens[i]!.text === ')' && --depth === 0) return i + 1;
  }
  return tokens.length;
}

/**
 * Enforces checks again, in a time zone in which the rows pass them.
 *
 * @returns notes for people: checks that the rows pass in no known zone, which remain unenforced
 * @throws BackupError `database-…`
 */
export async function settleChecks(
  connection: Connection,
  { table, checks }: RelaxedTable,
  source: Pick<ServerDescription, 'systemTimeZone' | 'timeZone'>,
  signal: AbortSignal,
): Promise<readonly RestoreNote[]> {
  const notes: RestoreNote[] = [];
  const zones = new Set(['+00:00', source.timeZone, source.systemTimeZone, ...offsets()]);
  for (const check of checks) {
    if (await enforce(connection, table.name, check, zones, signal)) continue;
    const message =
      `CHECK "${check}" of table "${table.name}" is not enforced: its rows pass it in no known time zone.` +
      ' They were written by sessions in different time zones.';
    notes.push({ code: 'definition-changed', message });
  }
  return notes;
}

async function enforce(
  connection: Connection,
  table: string,
  check: string,
  zones: Iterable<string>,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    for (const zone of zones) {
      try {
        await connection.query(`SET SESSION time_zone = ${quoteText(zone)}`);
        await connection.query(`ALTER TABLE ${quoteName(table)} ALTER CHECK ${quoteName(check)} ENFORCED`, {
          signal,
        });
        return true;
      } catch (error) {
        if (serverErrorNumber(error) === undefined) throw error;
      }
    }
    return false;
  } finally {
    if (!connection.lost) await connection.query("SET SESSION time_zone = '+00:00'").catch(() => undefined);
  }
}

/** Every whole hour: a check that fails in the zones of the source usually fails at its first row. */
function* offsets(): Generator<string> {
  for (let hours = -12; hours <= 14; hours++) {
    if (hours !== 0) yield `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:00`;
  }
}
