import type { ArchiveReader } from '../../archive/index.js';
import { absentTables, leaveOutWithoutTables } from '../../catalog/objects-without-tables.js';
import type { DatabaseAddress } from '../../database/address.js';
import type { Difference } from '../compare/comparison.js';
import type { SchemaFacts } from '../compare/schema-facts.js';
import { type DatabaseFingerprint, openSide } from '../compare/side.js';
import { atRest } from '../ddl/object-statement.js';
import { missingSentence } from '../restore/missing.js';
import type { RestoreReport } from '../restore/restore-report.js';

/** Differences between a rehearsal and the original that are expected. */
export interface Expected {
  /** Tables that are restored without rows. */
  readonly definitionOnly: ReadonlySet<string>;
  /** Objects that are not in the archive. */
  readonly leftOut: ReadonlySet<string>;
  /** Definitions of the original; undefined if none of its events differ. */
  readonly original: SchemaFacts | undefined;
}

/** @param against - the original, or its fingerprint */
export async function readExpected(
  source: ArchiveReader,
  differences: readonly Difference[],
  against: DatabaseAddress | DatabaseFingerprint,
  session: { readonly signal?: AbortSignal | undefined },
): Promise<Expected> {
  const definitionOnly = new Set<string>();
  for (const { name } of source.manifest.tables) {
    if ((await source.table(name, session)).definitionOnly !== undefined) definitionOnly.add(name);
  }
  const leftOut = new Set(source.manifest.leftOut.map(({ kind, name }) => `${kind} ${name}`));
  if (!differences.some(({ kind }) => kind === 'event'))
    return { definitionOnly, leftOut, original: undefined };
  const side = await openSide(against, session);
  await side.close();
  return { definitionOnly, leftOut, original: side.definitions };
}

/** Whether a difference from the original is a fault of the restore. */
export function isOne(
  { kind, name, aspect, fact }: Difference,
  { definitionOnly, leftOut, original }: Expected,
  copy: SchemaFacts,
): boolean {
  if (aspect === 'missing-right' && leftOut.has(`${kind} ${name}`)) return false;
  if (kind === 'table') {
    if (aspect === 'rows' || aspect === 'content') return !definitionOnly.has(name);
    // The next AUTO_INCREMENT value may have increased since. That no value is given out twice is checked
    // separately.
    return !(aspect === 'definition' && fact === 'next number');
  }
  if (kind === 'event' && aspect === 'definition') {
    // Events are disabled in the scratch database, whatever their state in the original.
    if (fact === 'status') return false;
    const [ours, theirs] = [copy, original].map((facts) =>
      facts?.objects.get(`event ${name}`)?.facts.get('statement'),
    );
    if (fact === 'statement' && ours !== undefined && theirs !== undefined)
      return atRest(ours) !== atRest(theirs);
  }
  return true;
}

/** Tables whose next AUTO_INCREMENT value is below that of the original. */
export async function lostNumbers(
  source: ArchiveReader,
  copy: SchemaFacts,
  tables: readonly string[] | undefined,
): Promise<readonly Difference[]> {
  const differences: Difference[] = [];
  for (const { name } of source.manifest.tables) {
    if (tables !== undefined && !tables.includes(name)) continue;
    const found = copy.tables.get(name);
    const wanted = nextNumber((await source.table(name)).createStatement);
    if (found === undefined || nextNumber(found.statement) >= wanted) continue;
    const message = `The next AUTO_INCREMENT value of table "${name}" is ${nextNumber(found.statement)}, and was ${wanted}: values would be given out twice.`;
    differences.push({ kind: 'table', name, aspect: 'definition', message });
  }
  return differences;
}

function nextNumber(createStatement: string): bigint {
  return BigInt(/^\) ENGINE=\S+(?: \S+)*? AUTO_INCREMENT=(\d+)/m.exec(createStatement)?.[1] ?? 1);
}

/** Whether two statements create the same table, apart from the next AUTO_INCREMENT value. */
export function sameStatement(wanted: string, found: string | undefined): boolean {
  // The names of the databases differ, and qualify names.
  const plain = (text: string): string =>
    text
      .replaceAll(/`(?:[^`]|``)*`\.(?=`)/g, '')
      .replace(/^(\) ENGINE=\S+(?: \S+)*?) AUTO_INCREMENT=\d+/m, '$1');
  return found !== undefined && plain(wanted) === plain(found);
}

/** Objects of the archive that are not in the copy: a server may accept an event, and drop it. */
export async function lostObjects(source: ArchiveReader, copy: SchemaFacts): Promise<readonly Difference[]> {
  const { name: database } = await source.database();
  const absent = absentTables(source.manifest, undefined);
  const { kept } = leaveOutWithoutTables(await source.objects(), absent, database);
  const fold = (key: string): string => (copy.lowerCaseTableNames === 0 ? key : key.toLowerCase());
  const there = new Set([...copy.objects.keys()].map(fold));
  return kept
    .filter(({ kind, name }) => !there.has(fold(`${kind} ${name}`)))
    .map(({ kind, name }) => ({
      kind,
      name,
      aspect: 'missing-right',
      message: `${kind} "${name}" is missing.`,
    }));
}

/** Replaces a difference by what the restore reported as missing, which has the server's message. */
export function withMissing<Found extends { readonly differences: readonly Difference[] }>(
  found: Found,
  { missing }: Pick<RestoreReport, 'missing'>,
): Found {
  const told = missing.map((each): Difference => {
    const message = missingSentence(each);
    const { kind, name, table = '' } = each;
    return kind === 'key' || kind === 'check' || kind === 'foreign-key'
      ? { kind: 'table', name: table, aspect: 'definition', message }
      : { kind, name, aspect: 'missing-right', message };
  });
  const isTold = ({ kind, name, aspect }: Difference): boolean =>
    aspect === 'missing-right' && told.some((each) => each.kind === kind && each.name === name);
  return { ...found, differences: [...told, ...found.differences.filter((each) => !isTold(each))] };
}
