import { readFileSync, writeFileSync } from 'node:fs';
import type { BenchDatabase, Machine } from './bench-server.js';
import { type Result, type Row, rounded } from './rounds.js';

/** What is compared with what. */
export interface Ratio {
  readonly name: string;
  readonly value: number;
  /** At most so much was asked for. */
  readonly asked?: number;
}

/** A benchmark's outcome. */
export interface Outcome {
  readonly machine: Machine;
  readonly database: BenchDatabase;
  readonly results: readonly Result[];
  readonly ratios: readonly Ratio[];
  /** Programs that could not be had. */
  readonly missing: readonly string[];
}

/** One measure of one contestant over the same of another; undefined when one of them did not run. */
export function ratioOf(
  name: string,
  measure: (row: Row) => number,
  ours: Row | undefined,
  theirs: Row | undefined,
  asked?: number,
): Ratio | undefined {
  if (ours === undefined || theirs === undefined || measure(theirs) === 0) return undefined;
  const value = rounded(measure(ours) / measure(theirs));
  return { name, value, ...(asked === undefined ? {} : { asked }) };
}

/** The one with the least of something. */
export function least(rows: readonly Row[], measure: (row: Row) => number): Row | undefined {
  return [...rows].sort((a, b) => measure(a) - measure(b))[0];
}

/** The record: medians and ratios. */
export function recordOf({ machine, database, results, ratios }: Outcome): object {
  return {
    machine,
    database,
    rows: results.map(
      ({ name, wallSeconds, cpuSeconds, peakRssMb, sizeMb }): Row => ({
        name,
        wallSeconds,
        cpuSeconds,
        peakRssMb,
        sizeMb,
      }),
    ),
    ratios: Object.fromEntries(ratios.map(({ name, value }) => [name, value])),
  };
}

/** The same as two tables of Markdown, which also read well on a terminal. */
export function renderOutcome(outcome: Outcome): string {
  const { machine, database, results, ratios, missing } = outcome;
  const rows = results.map((row) => [
    row.name,
    `${row.wallSeconds.toFixed(2)} (${row.fastest.toFixed(2)}–${row.slowest.toFixed(2)})`,
    row.cpuSeconds.toFixed(2),
    (row.cpuSeconds - row.serverCpuSeconds).toFixed(2),
    row.serverCpuSeconds.toFixed(2),
    row.peakRssMb.toFixed(0),
    row.sizeMb === 0 ? '' : row.sizeMb.toFixed(1),
  ]);
  const parts = [
    `${machine.cores} cores of ${machine.processor}, ${machine.memoryGb} GB, ${machine.system}, Node.js ${machine.node}.`,
    `Database: ${database.tables} tables, about ${database.rows} rows, ${database.dataMb} MB of data files, on ${database.server}.`,
    '',
    ...table(
      ['', 'wall, s (least–most)', 'CPU, s', 'of it client', 'of it server', 'peak RSS, MB', 'size, MB'],
      rows,
    ),
  ];
  if (ratios.length > 0) {
    const cells = ratios.map(({ name, value, asked }) => [
      name,
      value.toFixed(2),
      asked === undefined ? '' : asked.toFixed(2),
    ]);
    parts.push('', ...table(['ratio', 'measured', 'asked: at most'], cells));
  }
  if (missing.length > 0)
    parts.push('', `Missing on this machine, and so not measured: ${missing.join(', ')}.`);
  return parts.join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((title, column) =>
    Math.max(...[head, ...rows].map((row) => row[column]!.length), title.length),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return [line(head), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}

/** Prints the outcome, and writes record and page where asked. */
export function publish(
  outcome: Outcome,
  section: string,
  to: { readonly json: string | undefined; readonly markdown: string | undefined },
): void {
  const text = renderOutcome(outcome);
  process.stdout.write(`\n${text}\n`);
  if (to.json !== undefined) writeFileSync(to.json, `${JSON.stringify(recordOf(outcome), null, 2)}\n`);
  if (to.markdown !== undefined) replaceSection(to.markdown, section, text);
}

/** Replaces what stands on a page between `<!-- section -->` and `<!-- /section -->`. */
export function replaceSection(page: string, section: string, text: string): void {
  const before = readFileSync(page, 'utf8');
  const [from, to] = [`<!-- ${section} -->`, `<!-- /${section} -->`];
  const start = before.indexOf(from);
  const end = before.indexOf(to);
  if (start < 0 || end < start) throw new RangeError(`${page} has no section ${section}`);
  writeFileSync(page, `${before.slice(0, start + from.length)}\n${text}\n${before.slice(end)}`);
}
