import type { Manifest } from '../../model/parts.js';
import { type EntryKind, parseEntryName } from '../entry-names.js';
import type { FoundFile } from './find-files.js';

/** A run of rows that is lost. Rows are counted from 1 in the order in which they were backed up. */
export interface LostRows {
  /** First and last row; null where nobody can say any more. */
  readonly fromRow: number | null;
  /** Last row that is lost; null where it is not known. */
  readonly toRow: number | null;
  /**
   * The column parts they stood in, first and last; `lastPart` is null when nobody knows how many followed.
   */
  readonly firstPart: number;
  /** Last part that is lost; null where it is not known. */
  readonly lastPart: number | null;
}

/**
 * The rows that the manifest tells of and that are not among the parts found, by table: one look at the
 * manifest for all tables, as both may be large.
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

/** Parts that are missing between others are surely lost; whether any followed the last one, nobody knows. */
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
