import { absentTables, leaveOutWithoutTables } from '../../catalog/objects-without-tables.js';
import { compareNames } from '../../database/identifiers.js';
import type { DumpSummary, SchemaObject } from '../../model/parts.js';
import { readCapabilities } from '../adapt/capabilities.js';
import { namesDatabase, namesDatabaseSentence } from '../ddl/names-database.js';
import { actsFor, isProgram } from '../ddl/programs.js';
import { usualName } from '../ddl/table-statement.js';
import { checkDefinitions, showAlike } from './check-definitions.js';
import { keepCheckWords } from './check-words.js';
import { restoreEventStates } from './events.js';
import type { MissingObject } from './missing.js';
import { markMissing } from './missing-mark.js';
import { dropJournal } from './restore-journal.js';
import { restoreObjects, restoreSequences } from './restore-objects.js';
import {
  incompleteSentence,
  leftOutSentence,
  type RestoredTable,
  type RestoreReport,
} from './restore-report.js';
import type { RestoreRun } from './restore-run.js';
import { settleChecks } from './settle-checks.js';
import { settleComputed } from './settle-computed.js';

/**
 * Completes a restore after all rows that the server accepts: foreign keys, objects and event states. Then
 * the journal is dropped, and what is missing is listed in a table instead.
 */
export async function finishRestore(
  run: RestoreRun,
  tables: readonly RestoredTable[],
  objects: readonly SchemaObject[],
  summary: DumpSummary,
): Promise<RestoreReport> {
  const { connection } = run.schema;
  const { tables: chosen, objects: wanted = chosen === undefined } = run.options;
  for (const table of summary.tables) {
    if (table.incomplete === undefined || chosen?.includes(table.name) === false) continue;
    run.notes.push({ code: 'table-incomplete', message: incompleteSentence(table) });
  }
  await settleTables(run);
  const absent = run.missingTables.map(({ name }) => usualName(name));
  run.lack(await run.foreignKeys.add(connection, absent, run.signal));
  await keepWordsOfChecks(run);
  await checkMade(run);
  const sequences = objects.filter(({ kind }) => kind === 'sequence');
  const toBeMade = wanted ? withTheirTables(run, objects, summary) : sequences;
  const made = await makeObjects(run, withoutMissingTables(run, await withoutPrograms(run, toBeMade)));
  const [first, ...others] = allMissing(run);
  await markMissing(connection, run.workKey, allMissing(run));
  await dropJournal(connection);
  run.finish();
  return {
    database: run.target.database,
    startedAt: run.startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    snapshotAt: summary.snapshotAt,
    ...(run.scheduleUsableAt === undefined ? {} : { scheduleUsableAt: run.scheduleUsableAt.toISOString() }),
    tables,
    objects: made.map(({ kind, name }) => ({ kind, name })),
    ...(first === undefined
      ? { outcome: 'complete', missing: [] }
      : { outcome: 'partial', missing: [first, ...others] }),
    method: run.method.method,
    rights: run.rights,
    definers: run.options.definers === 'strip' ? [] : definersOf(made),
    notes: run.notes,
  };
}

function noteNames(run: RestoreRun, objects: readonly SchemaObject[]): void {
  const { name, server } = run.source;
  if (name === run.target.database) return;
  for (const object of objects) {
    if (!namesDatabase(object, name, server.lowerCaseTableNames !== 0)) continue;
    run.notes.push({ code: 'names-its-source', message: namesDatabaseSentence(object, name) });
  }
}

async function settleTables(run: RestoreRun): Promise<void> {
  const passed = new Set([...run.standing, ...run.missingTables.map(({ name }) => name)]);
  for (const table of run.accepted.values()) {
    if (passed.has(table.name)) continue;
    const note = await settleComputed(run.schema.connection, table, run.source.server, run.signal);
    if (note !== undefined) run.notes.push(note);
  }
  for (const relaxed of run.relaxed) {
    if (passed.has(relaxed.table.name)) continue;
    run.notes.push(...(await settleChecks(run.schema.connection, relaxed, run.source.server, run.signal)));
  }
}

async function keepWordsOfChecks(run: RestoreRun): Promise<void> {
  const told = new Set(run.missingTables.map(({ name }) => name));
  const made = [...run.accepted.values()].filter(({ name }) => !told.has(name));
  const names = { source: run.source.name, target: run.target.database };
  await keepCheckWords(run.schema.connection, made, names, run.capabilities, run.signal);
}

/** Compares the created definitions with the intended ones; missing tables are reported elsewhere. */
async function checkMade(run: RestoreRun): Promise<void> {
  const journey = {
    source: run.source.name,
    target: run.target.database,
    sameServer: showAlike(run.source.server, run.capabilities),
  };
  const told = new Set(allMissing(run).map(({ kind, name, table }) => (kind === 'table' ? name : table)));
  const made = [...run.accepted.values()].filter(({ name }) => !told.has(name) && !run.standing.has(name));
  run.notes.push(...(await checkDefinitions(run.schema.connection, made, journey, run.signal)));
}

/**
 * Leaves out objects whose tables are absent, if the archive does not list them or only some tables were
 * selected.
 */
function withTheirTables(
  run: RestoreRun,
  objects: readonly SchemaObject[],
  summary: DumpSummary,
): readonly SchemaObject[] {
  const { kept, leftOut } = leaveOutWithoutTables(
    objects,
    absentTables(summary, run.options.tables),
    run.source.name,
  );
  for (const { kind, name, reason } of leftOut) {
    run.notes.push({ code: 'left-out', message: leftOutSentence(kind, name, reason) });
  }
  return kept;
}

/**
 * Objects that need a missing table are listed as missing too: a trigger that is created nevertheless would
 * refuse every later change.
 */
function withoutMissingTables(run: RestoreRun, objects: readonly SchemaObject[]): readonly SchemaObject[] {
  const absent = new Set(run.missingTables.map(({ name }) => name));
  const { kept, leftOut } = leaveOutWithoutTables(objects, absent, run.source.name, 'the target');
  const reasons = new Map(leftOut.map(({ kind, name, reason }) => [`${kind} ${name}`, reason]));
  for (const { kind, name, table } of objects) {
    const reason = reasons.get(`${kind} ${name}`);
    if (reason === undefined) continue;
    const message = `${reason[0]!.toUpperCase()}${reason.slice(1)}.`;
    run.lack([{ kind, name, ...(table === undefined ? {} : { table }), errno: 0, message }]);
  }
  return kept;
}

async function withoutPrograms(
  run: RestoreRun,
  objects: readonly SchemaObject[],
): Promise<readonly SchemaObject[]> {
  if (run.options.programs !== false) return objects;
  const [row] = await run.server.connection.query('SELECT CURRENT_USER() AS me');
  const kept: SchemaObject[] = [];
  for (const object of objects) {
    if (!isProgram(object, row?.['me'] ?? '')) {
      kept.push(object);
      continue;
    }
    const definer = actsFor(object);
    const whom = definer === undefined ? '' : `, and runs with the rights of ${definer}`;
    const message = `The ${object.kind.replace('-', ' ')} "${object.name}" is left out: it is a program${whom}. It is restored only when programs are requested.`;
    run.notes.push({ code: 'left-out', message });
  }
  return kept;
}

async function makeObjects(
  run: RestoreRun,
  wanted: readonly SchemaObject[],
): Promise<readonly SchemaObject[]> {
  const { connection } = run.schema;
  const capabilities = await readCapabilities(connection, wanted);
  const accepted = wanted.map((object) => run.acceptance.object(object, capabilities));
  noteNames(run, accepted);
  const noSequences = await restoreSequences(connection, accepted, run.policy);
  const isProgram = accepted.some(({ kind }) => kind !== 'sequence');
  const programs = isProgram ? (await run.programs()).connection : connection;
  const outcome = await restoreObjects(programs, accepted, run.policy);
  run.lack([...noSequences, ...outcome.missing]);
  run.notes.push(...outcome.notes);
  const lost = new Set(noSequences.map(({ name }) => name));
  const sequences = accepted.filter(({ kind, name }) => kind === 'sequence' && !lost.has(name));
  const made = [...sequences, ...outcome.made];
  if ((run.options.events ?? 'as-found') === 'as-found') {
    const states = await restoreEventStates(programs, made, run.policy);
    run.lack(states.missing);
    run.notes.push(...states.notes);
  }
  return made;
}

/** The definers of objects. */
function definersOf(objects: readonly SchemaObject[]): readonly string[] {
  return [...new Set(objects.flatMap((object) => actsFor(object) ?? []))].sort(compareNames);
}

/** Everything that is missing, tables first. */
function allMissing(run: RestoreRun): readonly MissingObject[] {
  return [...run.missingTables, ...run.missing];
}
