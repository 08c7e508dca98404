/** The counts and sizes of past nights, in a small file of the spool beside the journal. */
import { join } from 'node:path';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import { allTables, type NightFacts, rememberedNights, type TableFacts } from '../../history/loss/facts.js';
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

/** What is known of past nights; what cannot be read is not known. */
export async function readFacts(spoolFolder: string): Promise<readonly NightFacts[]> {
  const json = await readFileIfThere(pathIn(spoolFolder));
  if (json === null || json.length > longest) return [];
  const value = fromJson(json);
  return Array.isArray(value) ? value.flatMap((each) => parseNight(each) ?? []) : [];
}

/** Keeps the facts of the newest nights. @throws BackupError `storage-…` */
export async function keepFacts(spoolFolder: string, nights: readonly NightFacts[]): Promise<void> {
  const newest = [...nights].sort((a, b) => (a.night < b.night ? 1 : -1)).slice(0, rememberedNights);
  await replaceFile(pathIn(spoolFolder), `${JSON.stringify(newest.map(formatNight))}\n`);
}

/** A person has looked at it all: later nights are held against the newest one and none before it. */
export async function startFactsAnew(spoolFolder: string): Promise<void> {
  const [newest, ...older] = [...(await readFacts(spoolFolder))].sort((a, b) => (a.night < b.night ? 1 : -1));
  if (newest === undefined) return;
  await keepFacts(spoolFolder, [{ ...newest, purged: [allTables] }, ...older]);
}

function pathIn(spoolFolder: string): string {
  return join(spoolFolder, 'facts.json');
}

// Tables as lists, as their names alone would make most of the file otherwise.
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
  replica: optional(oneOf('follows', 'stopped', 'waits')),
  purged: optional(listOf(text)),
});

function parseNight(value: unknown): NightFacts | null {
  if (!isNight(value)) return null;
  const { night, scope, version, content, replica, purged } = value;
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
    ...(replica === undefined ? {} : { replica }),
    ...(purged === undefined ? {} : { purged }),
  };
}

/** A table as {@link formatNight} writes it. */
function isTable(value: unknown): value is readonly [number, number, number, string?] {
  if (!Array.isArray(value)) return false;
  const [rows, plainBytes, storedBytes, definition] = value;
  return [rows, plainBytes, storedBytes].every(count) && optional(text)(definition);
}
