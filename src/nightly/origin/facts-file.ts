/** The counts and sizes of past nights, in a small file of the spool beside the journal. */
import { join } from 'node:path';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import { allTables, type NightFacts, rememberedNights, type TableFacts } from '../../history/loss/facts.js';
import { type LossThresholds, tablesToRemember } from '../../history/loss/judge-night.js';
import {
  count,
  fromJson,
  listOf,
  mapOf,
  objectOf,
  oneOf,
  optional,
  text,
  textLike,
  where,
} from '../../shapes.js';

/** More than five weeks of a thousand tables need, in characters. */
const longest = 16 * 1024 * 1024;
const mostTables = 20_000;
/** After so many nights with a table, its absence is a finding. */
const wholeNights = 8;

/** The facts of past nights; what cannot be read is ignored. */
export async function readFacts(spoolFolder: string): Promise<readonly NightFacts[]> {
  const json = await readFileIfThere(pathIn(spoolFolder));
  if (json === null || json.length > longest) return [];
  const value = fromJson(json);
  return Array.isArray(value) ? value.flatMap((each) => parseNight(each) ?? []) : [];
}

/**
 * Stores the facts of the newest nights: all tables of the last week; of earlier nights the tables whose rows
 * stay, and the sum of all others, because hundreds of tables of five weeks would be most of the work.
 *
 * @throws BackupError `storage-…`
 */
export async function keepFacts(
  spoolFolder: string,
  tonight: string,
  nights: readonly NightFacts[],
  thresholds: LossThresholds = {},
): Promise<void> {
  const newest = newestFirst(nights, tonight)
    .slice(0, rememberedNights)
    .map((night, i) => (i < wholeNights ? night : thinned(night, thresholds)));
  await replaceFile(pathIn(spoolFolder), `${JSON.stringify(newest.map(formatNight))}\n`);
}

/**
 * A person has acknowledged everything: later nights are compared with the newest one and none before it.
 *
 * @param tonight - nights that a wrong clock dated after it are not the newest
 */
export async function restartFacts(spoolFolder: string, tonight: string): Promise<void> {
  const [newest, ...others] = newestFirst(await readFacts(spoolFolder), tonight);
  if (newest === undefined) return;
  await keepFacts(spoolFolder, tonight, [{ ...newest, purged: [allTables] }, ...others]);
}

/** Nights that a clock dated after tonight come last: they may leave no room for those that are compared. */
function newestFirst(nights: readonly NightFacts[], tonight: string): readonly NightFacts[] {
  return [...nights].sort(
    (a, b) => Number(a.night > tonight) - Number(b.night > tonight) || (a.night < b.night ? 1 : -1),
  );
}

function thinned(night: NightFacts, thresholds: LossThresholds): NightFacts {
  if (night.tables[allTables] !== undefined) return night;
  const remembered = tablesToRemember(night, thresholds);
  const tables: Record<string, TableFacts> = {};
  const others = { rows: 0, plainBytes: 0, storedBytes: 0 };
  for (const [name, facts] of Object.entries(night.tables)) {
    if (remembered.has(name)) tables[name] = facts;
    else {
      others.rows += facts.rows;
      others.plainBytes += facts.plainBytes;
      others.storedBytes += facts.storedBytes;
    }
  }
  return { ...night, tables: { ...tables, [allTables]: others } };
}

function pathIn(spoolFolder: string): string {
  return join(spoolFolder, 'facts.json');
}

// Tables as lists, because member names would make most of the file.
function formatNight({ tables, ...night }: NightFacts): object {
  const lists = Object.entries(tables).map(([name, { rows, plainBytes, storedBytes, definition }]) => [
    name,
    [rows, plainBytes, storedBytes, ...(definition === undefined ? [] : [definition])],
  ]);
  return { ...night, tables: Object.fromEntries(lists) };
}

const isNight = objectOf({
  night: textLike(/^\d{4}-\d\d-\d\d$/),
  scope: oneOf('critical', 'full'),
  tables: where(mapOf(isTable), (tables) => Object.keys(tables).length <= mostTables),
  version: optional(text),
  content: optional(text),
  criticalContent: optional(text),
  replica: optional(oneOf('follows', 'stopped', 'waits')),
  purged: optional(listOf(text)),
  purgedElsewhere: optional(listOf(text)),
});

function parseNight(value: unknown): NightFacts | null {
  if (!isNight(value)) return null;
  const { night, scope, version, content, criticalContent, replica, purged, purgedElsewhere } = value;
  const tables = Object.entries(value.tables).map(
    ([name, [rows, plainBytes, storedBytes, definition]]) =>
      [name, { rows, plainBytes, storedBytes, ...(definition === undefined ? {} : { definition }) }] as const,
  );
  return {
    night,
    scope,
    tables: Object.fromEntries<TableFacts>(tables),
    ...(version === undefined ? {} : { version }),
    ...(content === undefined ? {} : { content }),
    ...(criticalContent === undefined ? {} : { criticalContent }),
    ...(replica === undefined ? {} : { replica }),
    ...(purged === undefined ? {} : { purged }),
    ...(purgedElsewhere === undefined ? {} : { purgedElsewhere }),
  };
}

/** A table as {@link formatNight} writes it; thousands are checked every night. */
function isTable(value: unknown): value is readonly [number, number, number, string?] {
  if (!Array.isArray(value)) return false;
  const definition: unknown = value[3];
  const isDefined = definition === undefined || text(definition);
  return isDefined && count(value[0]) && count(value[1]) && count(value[2]);
}
