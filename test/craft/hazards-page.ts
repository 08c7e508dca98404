import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { projectRoot } from '../support/project.js';
import { tortureDefinitions } from '../torture/index.js';

const page = join(projectRoot, 'docs', 'HAZARDS.md');
const folder = join(projectRoot, 'test');

/** A test with ids in front of its name, as in "R1, F9: …". */
export interface HazardTest {
  readonly ids: readonly string[];
  /** Such as `dump/dump-faults`. */
  readonly file: string;
  readonly name: string;
}

/** The ids of all hazards, in the order of their page. */
export function knownHazards(): readonly string[] {
  return [...readFileSync(page, 'utf8').matchAll(/^### ([A-Z]\d{1,2}): /gm)].map(([, id]) => id!);
}

/** All tests that are about a hazard, file by file. */
export function hazardTests(): readonly HazardTest[] {
  return readdirSync(folder, { recursive: true })
    .map((file) => String(file).split(sep).join('/'))
    .filter((file) => file.endsWith('.test.ts'))
    .sort()
    .flatMap((file) => testsIn(file));
}

function testsIn(file: string): readonly HazardTest[] {
  const text = readFileSync(join(folder, file), 'utf8');
  const named = text.matchAll(/(['"`])((?:[A-Z]\d{1,2}, )*[A-Z]\d{1,2}): (.*?)\1/g);
  return [...named].map(([, , ids, name]) => ({
    ids: ids!.split(', '),
    file: file.slice(0, -'.test.ts'.length),
    name: name!.replaceAll(/\$\{.*?\}/g, '…').replaceAll('`', ''),
  }));
}

/**
 * `docs/HAZARDS.md` with what is tested where, made from the names of the tests; the rest of it is written by
 * hand.
 */
export function renderHazardsPage(): string {
  const tests = hazardTests();
  const [front, ...chapters] = readFileSync(page, 'utf8')
    .replaceAll(/^Tested: .*\n+/gm, '')
    .split(/^(?=##)/m);
  return [front, ...chapters.map((chapter) => withTests(chapter, tests))].join('');
}

function withTests(chapter: string, tests: readonly HazardTest[]): string {
  const [, id] = /^### ([A-Z]\d{1,2}): /.exec(chapter) ?? [];
  if (id === undefined) return chapter;
  const own = tests.filter(({ ids }) => ids.includes(id));
  const files = [...new Set(own.map(({ file }) => file))];
  const told = files.map((file) => `${file}, “${own.find((test) => test.file === file)!.name}”`);
  const cases = tortureDefinitions.filter((each) => each.id === id).length;
  if (cases > 0) told.push(`the torture database (${cases === 1 ? 'one case' : `${cases} cases`})`);
  return `${chapter.trimEnd()}\n\nTested: ${told.join('; ')}.\n\n`;
}
