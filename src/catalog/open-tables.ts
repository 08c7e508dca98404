import type { Connection, QueryOptions, TextRow } from '../database/connection.js';
import { lostAtTable } from '../database/lost-at-table.js';
import { serverAnswer, serverErrorNumber } from '../database/server-failures.js';
import { foldName, type NameJudge } from '../database/server-names.js';
import { rowsOf } from '../database/statements.js';
import { BackupError, isBackupError } from '../errors.js';
import { type Definitions, definitionIn, definitionQuestion } from './definitions.js';

/** What opening all tables told. */
export interface TableFindings {
  readonly definitions: Definitions;
  /** What is wrong with a table, by name. */
  readonly damage: ReadonlyMap<string, string>;
  /** Those of them that may be whole. */
  readonly outOfReach: ReadonlySet<string>;
}

/**
 * Opens every table by a statement of its own, so that what the server says about it carries its name. A
 * server that repairs by itself drops rows while opening, and tells only the session that opened (F9).
 */
export async function openTables(
  connection: Connection,
  names: readonly string[],
  options: QueryOptions,
): Promise<TableFindings> {
  const definitions = new Map<string, string | null>();
  const damage = new Map<string, string>();
  const outOfReach = new Set<string>();
  const answers = await connection.queryEach(
    names.flatMap((name) => [definitionQuestion(name), 'SHOW WARNINGS']),
    options,
  );
  for (const [i, name] of names.entries()) {
    const opened = answers[2 * i];
    const { error } = opened ?? {};
    if (error === undefined) {
      definitions.set(name, definitionIn(rowsOf(opened)));
      const told = damageToldBy(rowsOf(answers[2 * i + 1]));
      if (told !== undefined) damage.set(name, told);
      continue;
    }
    const answer = error instanceof BackupError ? serverAnswer(error) : undefined;
    // That it may not be opened now, or not by this login, says nothing about the table.
    const isAnswer = isBackupError(error, 'table-damaged') || isBackupError(error, 'database-query-failed');
    if (answer === undefined || !isAnswer) throw lostAtTable(error, name);
    definitions.set(name, null);
    const why = whyOutOfReach(name, serverErrorNumber(error), connection);
    if (why !== undefined) outOfReach.add(name);
    damage.set(name, `${why ?? 'the server answers'} ${answer}`);
  }
  return { definitions, damage, outOfReach };
}

/**
 * What SHOW WARNINGS after the first touch of a table says about damage, if it does: crashed, repaired, rows
 * dropped.
 */
export function damageToldBy(warnings: readonly TextRow[]): string | undefined {
  const codes = warnings.map((row) => Number(row['Code'])).filter((code) => damageCodes.has(code));
  if (codes.length === 0) return undefined;
  const counted = warnings
    .map((row) => /Number of rows changed from \d+ to \d+/.exec(row['Message'] ?? '')?.[0])
    .find((text) => text !== undefined);
  return `the server reports ${[...new Set(codes)].join(', ')}${counted === undefined ? '' : `: ${counted}`}`;
}

const damageCodes: ReadonlySet<number> = new Set([126, 127, 144, 145, 1034, 1194, 1195, 1296]);

/** Why a table is not found that is there. */
export const otherCapitals =
  'on the disk its name has capitals, where this server (lower_case_table_names) looks for none';

/** Why a table cannot be opened that may be whole; undefined when it is the table's own trouble. */
function whyOutOfReach(name: string, errno: number | undefined, server: NameJudge): string | undefined {
  // Unknown engine; one that is switched off.
  if (errno === 1286 || errno === 1289)
    return 'its storage engine does not run on this server, which answers';
  // No such table, though it is in the list: only small letters are looked for.
  if (errno === 1146 && foldName(name, server) !== name) {
    return `${otherCapitals}; it answers`;
  }
  return undefined;
}
