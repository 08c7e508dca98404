import { quoted } from './model.js';
import type { Blocks, TableValues, Values } from './oracles.js';

/** A violation of the law. */
export interface Finding {
  /** What was lost, changed or refused, without what differs between two cases of the same kind. */
  readonly kind: string;
  /** For people: values may be in it, which are nobody's. */
  readonly detail: string;
}

/** A database as the judge sees it. */
export interface Look {
  readonly blocks: Blocks;
  /** The vendor's tool could not show all of it. */
  readonly isPartial: boolean;
  readonly values: Values;
  readonly database: string;
}

/** What differs between two cases of one kind: names, numbers, values. */
export function masked(text: string): string {
  return text
    .replace(/`(?:[^`]|``)*`/g, '`_`')
    .replace(/"[^"]*"/g, '"_"')
    .replace(/'(?:[^'\\]|''|\\.)*'/g, "'_'")
    .replace(/\b[0-9a-f]{6,}\b/gi, 'H')
    .replace(/(?<![A-Za-z_])\d+/g, 'N')
    .replace(/\s+/g, ' ')
    .slice(0, 230);
}

function keysOf(only: ReadonlySet<string> | undefined, ...all: readonly Blocks[]): readonly string[] {
  const keys = [...new Set(all.flatMap((blocks) => [...blocks.keys()]))];
  if (only === undefined) return keys;
  const spellings = [...only].flatMap((name) => [name, name.toLowerCase()]);
  const wanted = new Set(spellings.map((name) => `TABLE ${Buffer.from(quoted(name)).toString('latin1')}`));
  return keys.filter((key) => wanted.has(key));
}

export function changedBlocks(
  before: Look,
  ours: Look,
  only: ReadonlySet<string> | undefined,
): readonly string[] {
  return keysOf(only, before.blocks, ours.blocks).filter(
    (key) => before.blocks.get(key) !== ours.blocks.get(key),
  );
}

function tablesOf({ values }: Look, only: ReadonlySet<string> | undefined): readonly string[] {
  return [...values.keys()].filter((name) => only === undefined || only.has(name));
}

const wholeOf = (values: TableValues | string | undefined): string =>
  typeof values === 'object' ? values.whole : (values ?? 'absent');

const tableIn = ({ values }: Look, name: string): TableValues | string | undefined =>
  values.get(name) ?? values.get(name.toLowerCase());

export function changedTables(
  before: Look,
  ours: Look,
  only: ReadonlySet<string> | undefined,
): readonly string[] {
  return tablesOf(before, only).filter(
    (name) => wholeOf(before.values.get(name)) !== wholeOf(tableIn(ours, name)),
  );
}

/** The law for definitions: what the vendor's tool kept, or made of it, is the measure. */
export function judgeBlocks(
  before: Look,
  ours: Look,
  theirs: Look,
  only: ReadonlySet<string> | undefined,
  bothChange: string[],
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const key of keysOf(only, before.blocks, ours.blocks, theirs.blocks)) {
    const [was, is, control] = [before.blocks.get(key), ours.blocks.get(key), theirs.blocks.get(key)];
    if (is === was || is === control) continue;
    const [kind] = key.split(' ');
    const [left, right] = firstDifference(was ?? '', is ?? '');
    const what =
      is === undefined
        ? `${kind} is lost`
        : was === undefined
          ? `${kind} appears`
          : `${kind}: ${changeIn(left, right)}`;
    // A definition without its rows is nothing kept: whoever lists the table as missing has lost no more.
    const withoutRows =
      kind === 'TABLE' &&
      rowsDiffer(before, theirs, key) &&
      (is === undefined || !rowsDiffer(before, ours, key));
    // What the vendor's tool did not see need not be new.
    const unseen = was === undefined && before.isPartial;
    if (control !== was || withoutRows || unseen) bothChange.push(`definition, each otherwise: ${what}`);
    else findings.push({ kind: `definition: ${what}`, detail: `${key}\nwas  ${left}\nis   ${right}` });
  }
  return findings;
}

function rowsDiffer(before: Look, copy: Look, key: string): boolean {
  const name = [...before.values.keys()].find(
    (one) => key === `TABLE ${Buffer.from(quoted(one)).toString('latin1')}`,
  );
  return name !== undefined && wholeOf(before.values.get(name)) !== wholeOf(tableIn(copy, name));
}

function firstDifference(left: string, right: string): readonly [string, string] {
  const [a, b] = [left.split('\n'), right.split('\n')];
  const index = a.findIndex((line, i) => line !== b[i]);
  return [a[index === -1 ? b.length : index] ?? '', b[index === -1 ? a.length : index] ?? ''];
}

/** The words that differ, and the one before. */
function changeIn(left: string, right: string): string {
  const [a, b] = [left.split(/\s+/), right.split(/\s+/)];
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const cut = (words: readonly string[]): string =>
    masked(words.slice(start, Math.min(start + 4, words.length - end)).join(' ')).slice(0, 50);
  return `${masked(a[start - 1] ?? '').slice(-40)} ${cut(a)} => ${cut(b)}`;
}

/** The law for values. */
export function judgeValues(
  before: Look,
  ours: Look,
  theirs: Look,
  only: ReadonlySet<string> | undefined,
  bothChange: string[],
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const name of tablesOf(before, only)) {
    const [was, is, control] = [before.values.get(name), tableIn(ours, name), tableIn(theirs, name)];
    if (wholeOf(was) === wholeOf(is) || wholeOf(is) === wholeOf(control)) continue;
    if (typeof was !== 'object') continue;
    const definition = before.blocks.get(`TABLE ${Buffer.from(quoted(name)).toString('latin1')}`) ?? '';
    if (typeof is !== 'object') {
      const kept = wholeOf(control) === wholeOf(was);
      if (kept) findings.push({ kind: 'values: table is lost', detail: `${name}: ${is ?? 'absent'}` });
      continue;
    }
    for (const [column, { digest, shown }] of was.columns) {
      const here = is.columns.get(column);
      if (here?.digest === digest) continue;
      const there = typeof control === 'object' ? control.columns.get(column) : undefined;
      const type = typeOf(definition, column);
      const rows = was.rows === is.rows ? '' : `${is.rows < was.rows ? 'fewer' : 'more'} rows, `;
      const words =
        type.match(/^\w+|CHARACTER SET \w+|AUTO_INCREMENT|unsigned|GENERATED|STORED|VIRTUAL|ENGINE=\w+/g) ??
        [];
      const kind = `values: ${rows}${words.join(' ')}`;
      if (there?.digest !== digest && there?.digest !== here?.digest) bothChange.push(kind);
      else if (there?.digest === digest) {
        const now = here?.shown.filter((one) => !shown.includes(one)) ?? [];
        findings.push({
          kind,
          detail: `${name}.${column}\nwas ${shown.join(' ')}\nnew ${now.join(' ')}\n${type}`,
        });
      }
    }
  }
  return findings;
}

function typeOf(definition: string, column: string): string {
  const line = definition
    .split('\n')
    .find((one) => one.trim().startsWith(Buffer.from(quoted(column)).toString('latin1')));
  const engine = /ENGINE=\w+/.exec(definition)?.[0] ?? '';
  return `${
    line
      ?.trim()
      .replace(/^`(?:[^`]|``)*`/, '')
      .trim() ?? '?'
  } ${engine}`;
}
