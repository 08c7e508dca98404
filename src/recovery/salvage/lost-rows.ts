import { parseEntryName } from '../../archive/entry-names.js';
import type { Manifest } from '../../archive/model.js';
import type { FoundFile } from './find-files.js';

/** A run of rows that is lost. Rows are counted from 1 in the order in which they were backed up. */
export interface LostRows {
  /** First and last row; null where nobody can say any more. */
  readonly fromRow: number | null;
  readonly toRow: number | null;
  /** The column parts they stood in, first and last; `lastPart` is null when nobody knows how many followed. */
  readonly firstPart: number;
  readonly lastPart: number | null;
}

/**
 * The rows of a table that are not among the parts found.
 *
 * @param found - in order
 */
export function lostRows(
  table: number,
  found: readonly FoundFile[],
  manifest: Manifest | null,
): readonly LostRows[] {
  const there = new Set<number>();
  for (const { kind } of found) if (kind.kind === 'rows') there.add(kind.sequence);
  return manifest === null ? gapsBetween(found) : gapsByManifest(table, there, manifest);
}

function gapsByManifest(table: number, there: ReadonlySet<number>, manifest: Manifest): readonly LostRows[] {
  const gaps: LostRows[] = [];
  let row = 0;
  for (const entry of manifest.entries) {
    const kind = parseEntryName(entry.name);
    if (kind.kind !== 'rows' || kind.table !== table) continue;
    const rows = entry.rows ?? 0;
    if (!there.has(kind.sequence)) {
      const before = gaps.at(-1);
      const joins = before?.lastPart === kind.sequence - 1;
      if (joins) gaps.pop();
      gaps.push({
        fromRow: joins ? before.fromRow : row + 1,
        toRow: row + rows,
        firstPart: joins ? before.firstPart : kind.sequence,
        lastPart: kind.sequence,
      });
    }
    row += rows;
  }
  return gaps;
}

/** Parts that are missing between others are surely lost; whether any followed the last one, nobody knows. */
function gapsBetween(found: readonly FoundFile[]): readonly LostRows[] {
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
