import { createHash } from 'node:crypto';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { compareDatabases } from '../../src/recovery/compare/compare-databases.js';
import { CopyFailed, copyDatabase, tryAll } from './copy.js';
import type { Place } from './ground.js';
import {
  changedBlocks,
  changedTables,
  type Finding,
  judgeBlocks,
  judgeValues,
  type Look,
  masked,
} from './law.js';
import { type FuzzCase, quoted, scriptOf } from './model.js';
import { blocksOf, valuesOf } from './oracles.js';
import { dumpAll, dumpDefinitions, load } from './vendor.js';

export interface Verdict {
  readonly findings: readonly Finding[];
  /** Statements of the case that the source refused: not a fault, but less to look at. */
  readonly refusedStatements: readonly string[];
  /** The vendor's own way was asked, and failed. */
  readonly vendorFailed: boolean;
  /** Both ways changed the same things. */
  readonly bothChange: readonly string[];
  /** Tables of the source. */
  readonly tables: number;
}

const limit = 45_000;
/** What was broken before may be on the list of what is missing. */
const listOfMissing = 'supplemental_backup_missing';

function told(error: unknown): string {
  const words: string[] = [];
  for (let one: unknown = error; one instanceof Error; one = one.cause) {
    const { code } = one as { code?: unknown };
    if (one instanceof CopyFailed) words.push(one.step);
    else words.push(`${code === undefined ? '' : `${String(code)}: `}${one.message}`);
  }
  return words.join(' <- ');
}

/** Copies a case and judges the copy by the vendor's dump and by questions of its own. */
export async function judge(made: FuzzCase, source: Place, target: Place): Promise<Verdict> {
  const from: DatabaseAddress = { ...source.server.address, database: made.database };
  const to: DatabaseAddress = { ...target.server.address, database: made.copy };
  const names = [made.database, made.copy];
  const drop = [...new Set(names)].map((name) => `DROP DATABASE IF EXISTS ${quoted(name)}`);
  const clean = ['SET SESSION foreign_key_checks = 0', ...drop];
  const same = source === target;
  await tryAll(source.server.address, clean);
  if (!same) await tryAll(target.server.address, clean);
  await source.configure(made.sourceSettings);
  const built = await load(source.server.address, scriptOf(made), { force: true, charset: 'binary' });
  const created = await databaseStatement(from);
  const empty: Verdict = {
    findings: [],
    refusedStatements: built.complaints,
    vendorFailed: false,
    bothChange: [],
    tables: 0,
  };
  if (created === undefined) return empty;
  const createTarget = async (): Promise<void> => {
    const sql = created.replace(quoted(made.database), () => quoted(made.copy));
    await tryAll(target.server.address, [`DROP DATABASE IF EXISTS ${quoted(made.copy)}`, sql]);
  };
  const look = async (place: Place, address: DatabaseAddress): Promise<Look> => {
    const [dump, values, database] = await Promise.all([
      dumpDefinitions(address, place.ground),
      valuesOf(address),
      databaseStatement(address),
    ]);
    return {
      blocks: blocksOf(dump.output, names, source.foldsNames !== target.foldsNames),
      isPartial: dump.complaints.some((line) => !line.includes('generation_expression')),
      values,
      database: (database ?? '').replace(/`(?:[^`]|``)*`/, '`_`'),
    };
  };
  // The settings are for those who copy; whoever judges sees everything.
  const asFound = async (): Promise<void> => {
    await source.configure([]);
    if (!same) await target.configure([]);
  };
  const asSet = async (): Promise<void> => {
    await source.configure(made.sourceSettings);
    if (!same) await target.configure(made.targetSettings);
  };
  await asFound();
  const before = await look(source, from);
  const wanted = made.some.filter((name) => before.values.has(name));
  const only = made.route === 'some-tables' && wanted.length > 0 ? new Set(wanted) : undefined;
  const route = made.route === 'some-tables' && only === undefined ? 'archive' : made.route;
  await asSet();
  let refusal: unknown;
  const signal = AbortSignal.timeout(limit);
  try {
    await copyDatabase({
      made: { ...made, route, some: wanted },
      source: from,
      target: to,
      adapt: source.ground.kind !== target.ground.kind,
      createTarget,
      signal,
    });
  } catch (error) {
    refusal = signal.aborted ? new Error('it did not end in time') : error;
  }
  await asFound();
  const findings: Finding[] = [];
  const bothChange: string[] = [];
  const ours = refusal === undefined ? await look(target, to) : undefined;
  const differs =
    ours !== undefined &&
    (changedBlocks(before, ours, only).length > 0 ||
      changedTables(before, ours, only).length > 0 ||
      (ours.database !== before.database && only === undefined));
  let vendorFailed = false;
  if (refusal !== undefined || differs) {
    if (ours !== undefined && source.ground.kind === target.ground.kind && only === undefined) {
      findings.push(...(await comparerFindings(from, to, before, ours)));
    }
    await asSet();
    const whole = await dumpAll(from, source.ground, only === undefined ? [] : [...only]);
    await tryAll(target.server.address, [
      'SET SESSION foreign_key_checks = 0',
      `DROP DATABASE IF EXISTS ${quoted(made.copy)}`,
    ]);
    await createTarget();
    const loaded = await load(to, whole.output, { force: true });
    vendorFailed = whole.complaints.length > 0 || loaded.complaints.length > 0;
    await asFound();
    const theirs = await look(target, to);
    if (refusal !== undefined) {
      const words = told(refusal);
      // What never ends is a fault whatever others do.
      if (!vendorFailed || signal.aborted)
        findings.push({ kind: `refused: ${masked(words)}`, detail: words });
      else
        bothChange.push(
          `refused by both: ${masked(words)} | ${masked([...whole.complaints, ...loaded.complaints][0] ?? '')}`,
        );
    } else if (ours !== undefined) {
      findings.push(
        ...judgeBlocks(before, ours, theirs, only, bothChange),
        ...judgeValues(before, ours, theirs, only, bothChange),
      );
      if (only === undefined && ours.database !== before.database && ours.database !== theirs.database) {
        findings.push({
          kind: `database: ${masked(before.database)}`,
          detail: `${before.database}\n${ours.database}\n${theirs.database}`,
        });
      }
    }
  } else if (made.seed % 6 === 0 && only === undefined && !ours?.values.has(listOfMissing)) {
    const { differences } = await compareDatabases(from, to);
    // A script leaves out views that were broken before, which the vendor's dump does not show either.
    const [first] = differences.filter(
      ({ kind, name, aspect }) =>
        !(kind === 'view' && aspect === 'missing-right' && !before.blocks.has(`VIEW ${quoted(name)}`)),
    );
    if (first !== undefined)
      findings.push({
        kind: `comparer sees what is not there: ${first.aspect}`,
        detail: JSON.stringify(first),
      });
  }
  return {
    findings,
    refusedStatements: built.complaints,
    vendorFailed,
    bothChange,
    tables: before.values.size,
  };
}

async function comparerFindings(
  from: DatabaseAddress,
  to: DatabaseAddress,
  before: Look,
  ours: Look,
): Promise<readonly Finding[]> {
  try {
    const { equal } = await compareDatabases(from, to);
    const changed = changedTables(before, ours, undefined);
    if (!equal || changed.length === 0) return [];
    return [{ kind: 'comparer says equal where values differ', detail: changed.join(', ') }];
  } catch (error) {
    return [{ kind: `comparer: ${masked(told(error))}`, detail: told(error) }];
  }
}

async function databaseStatement(address: DatabaseAddress): Promise<string | undefined> {
  const { database, ...server } = address;
  const connection = await openConnection(server);
  try {
    const [answer] = await connection.queryEach([`SHOW CREATE DATABASE ${quoted(database!)}`]);
    return answer?.rows?.[0]?.['Create Database'] ?? undefined;
  } finally {
    await connection.close();
  }
}

/** Short and the same on every machine: to tell whether two cases fail alike. */
export function marksOf({ findings }: Verdict): ReadonlySet<string> {
  return new Set(findings.map(({ kind }) => kind.slice(0, 90)));
}

export function markOf(kind: string): string {
  return createHash('sha1').update(kind.slice(0, 90)).digest('hex').slice(0, 6);
}
