/** The counts and sizes of past nights, in a small file of the spool beside the journal. */
import { join } from 'node:path';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import { allTables, type NightFacts, rememberedNights, type TableFacts } from '../../history/loss/facts.js';
import { isCount, isObject } from '../json-shapes.js';

/** More than five weeks of a thousand tables need, in characters. */
const longest = 16 * 1024 * 1024;
const mostTables = 20_000;

/** What is known of past nights; what cannot be read is not known. */
export async function readFacts(spoolFolder: string): Promise<readonly NightFacts[]> {
  const text = await readFileIfThere(pathIn(spoolFolder));
  if (text === null || text.length > longest) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.flatMap((each) => parseNight(each) ?? []) : [];
  } catch {
    return [];
  }
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

function parseNight(value: unknown): NightFacts | null {
  if (!isObject(value)) return null;
  const { night, scope, tables, version, purged } = value;
  if (typeof night !== 'string' || !/^\d{4}-\d\d-\d\d$/.test(night) || !isObject(tables)) return null;
  if (scope !== 'critical' && scope !== 'full') return null;
  const entries = Object.entries(tables);
  if (entries.length > mostTables) return null;
  const parsed: [string, TableFacts][] = [];
  for (const [name, each] of entries) {
    const table = parseTable(each);
    if (table === null) return null;
    parsed.push([name, table]);
  }
  return {
    night,
    scope,
    tables: Object.fromEntries(parsed),
    ...(typeof version === 'string' ? { version } : {}),
    ...(Array.isArray(purged) ? { purged: purged.filter((name) => typeof name === 'string') } : {}),
  };
}

function parseTable(value: unknown): TableFacts | null {
  if (!Array.isArray(value)) return null;
  const [rows, plainBytes, storedBytes, definition] = value as unknown[];
  if (!isCount(rows) || !isCount(plainBytes) || !isCount(storedBytes)) return null;
  return { rows, plainBytes, storedBytes, ...(typeof definition === 'string' ? { definition } : {}) };
}
