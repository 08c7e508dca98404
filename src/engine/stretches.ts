/**
 * How the bytes of a stretch are alike, and so what a compressor should look for.
 *
 * - `text`: words come again somewhere before
 * - `runs`: a byte comes several times in a row, and nothing longer than that comes again: byte planes
 * - `noise`: nothing comes again; only how often each byte stands there can be made use of
 * - `random`: not even that; the bytes had better be left as they are
 */
export type Texture = 'noise' | 'random' | 'runs' | 'text';

/** A stretch of bytes of one texture. */
export interface Stretch {
  readonly end: number;
  readonly start: number;
  readonly texture: Texture;
}

/** A shorter stretch is not worth a turn of a compressor of its own. */
const worthwhileBytes = 32 * 1024;

/**
 * Joins neighbours of one texture, and short stretches to the one before them. What is random is joined to
 * nothing else.
 *
 * @param stretches - one after another without a gap
 * @returns the same bytes in fewer stretches
 */
export function joinStretches(stretches: readonly Stretch[]): readonly Stretch[] {
  const joined: Stretch[] = [];
  for (const stretch of stretches) {
    const before = joined.at(-1);
    if (before === undefined || !belongTogether(before, stretch)) {
      joined.push(stretch);
      continue;
    }
    // The longer of the two says what they are.
    const { texture } = before.end - before.start >= stretch.end - stretch.start ? before : stretch;
    joined[joined.length - 1] = { start: before.start, end: stretch.end, texture };
  }
  return joined;
}

function belongTogether(a: Stretch, b: Stretch): boolean {
  if (a.texture === b.texture) return true;
  if (a.texture === 'random' || b.texture === 'random') return false;
  return isShort(a) || isShort(b);
}

function isShort({ start, end }: Stretch): boolean {
  return end - start < worthwhileBytes;
}
