import type { Manifest } from '../../model/parts.js';
import { type EntryKind, parseEntryName } from '../entry-names.js';
import type { FoundFile } from './find-files.js';

/** A run of lost rows. Rows are counted from 1 in the order in which they were backed up. */
export interface LostRows {
  /** First lost row; null if unknown. */
  readonly fromRow: number | null;
  /** Last lost row; null if unknown. */
  readonly toRow: number | null;
  /** First column part of the run; `lastPart` is null if the number of parts is unknown. */
  readonly firstPart: number;
  /** Last lost part; null if unknown. */
  readonly lastPart: number | null;
}

/**
 * The rows in the manifest that are not in the parts found, by table. One pass over the manifest for all
 * tables, since both may be large.
 */
export function gapsByManifest(
  manifest: Manifest,
  found: ReadonlyMap<number, readonly FoundFile[]>,
): ReadonlyMap<number, readonly LostRows[]> {
  const there = new Map<number, ReadonlySet<number>>();
  for (const [table, files] of found)
    there.set(table, new Set(files.flatMap(({ kind }) => sequenceIn(kind))));
  const gaps = new Map<number, LostRows[]>();
  const rowsBefore = new Map<number, number>();
  for (const entry of manifest.entries) {
    const kind = parseEntryName(entry.name);
    if (kind.kind !== 'rows') continue;
    const { table, sequence } = kind;
    const row = rowsBefore.get(table) ?? 0;
    const rows = entry.rows ?? 0;
    rowsBefore.set(table, row + rows);
    if (there.get(table)?.has(sequence) === true) continue;
    const own = gaps.get(table) ?? [];
    if (own.length === 0) gaps.set(table, own);
    const joined = own.at(-1)?.lastPart === sequence - 1 ? own.pop() : undefined;
    own.push({
      fromRow: joined?.fromRow ?? row + 1,
      toRow: row + rows,
      firstPart: joined?.firstPart ?? sequence,
      lastPart: sequence,
    });
  }
  return gaps;
}

function sequenceIn(kind: EntryKind): readonly number[] {
  return kind.kind === 'rows' ? [kind.sequence] : [];
}

/** Parts missing between others are lost. Whether there were more after the last one is unknown. */
export function gapsBetween(found: readonly FoundFile[]): readonly LostRows[] {
  const gaps: LostRows[] = [];
  let expected = 1;
  let row: number | null = 1;
  for (const { kind, rows } of found) {
    if (kind.kind !== 'rows') continue;
    if (kind.sequence > expected) {
      gaps.push({ fromRow: row, toRow: null, firstPart: expected, lastPart: kind.sequence - 1 });
      row = null;
    }
    if (row !== null) row += rows;
    expected = kind.sequence + 1;
  }
  gaps.push({ fromRow: row, toRow: null, firstPart: expected, lastPart: null });
  return gaps;
}
