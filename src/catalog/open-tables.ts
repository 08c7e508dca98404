import type { Connection, QueryOptions, TextRow } from '../database/connection.js';
import { lostAtTable } from '../database/lost-at-table.js';
import { serverAnswer, serverErrorNumber } from '../database/server-failures.js';
import { foldName, type NameJudge } from '../database/server-names.js';
import { rowsOf } from '../database/statements.js';
import { BackupError, isBackupError } from '../errors.js';
import { type Definitions, definitionIn, definitionQuestion } from './definitions.js';

/** Result of opening all tables. */
export interface TableFindings {
  readonly definitions: Definitions;
  /** What is wrong with a table, by name. */
  readonly damage: ReadonlyMap<string, string>;
  /** The tables of `damage` that may be intact. */
  readonly outOfReach: ReadonlySet<string>;
}

/**
 * Opens every table with a statement of its own, so that the server's warnings can be assigned to it. A
 * server that repairs tables automatically drops rows while opening one, and reports that only to the session
 * that opened it (F9).
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
    // A lock, a missing privilege or a lost connection says nothing about the table.
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
 * The damage that `SHOW WARNINGS` reports after the first use of a table: crashed, repaired, rows dropped.
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

/** Why the server does not find a table that exists. */
export const otherCapitals =
  'its file name has capital letters, and this server (lower_case_table_names) looks for lower case only';

/** Why a table that may be intact cannot be opened; undefined when the fault is in the table itself. */
function whyOutOfReach(name: string, errno: number | undefined, server: NameJudge): string | undefined {
  // Unknown engine; disabled engine.
  if (errno === 1286 || errno === 1289)
    return 'its storage engine does not run on this server, which answers';
  // The table is listed, but not found under its lower-case name.
  if (errno === 1146 && foldName(name, server) !== name) {
    return `${otherCapitals}; it answers`;
  }
  return undefined;
}
