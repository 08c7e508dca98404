/**
 * How the bytes of a stretch repeat, and so how a compressor should treat it.
 *
 * - `text`: sequences of several bytes repeat
 * - `runs`: single bytes repeat in a row, and longer sequences do not: byte planes
 * - `noise`: nothing repeats, but some bytes are more frequent than others
 * - `random`: not even that; the bytes are stored uncompressed
 */
export type Texture = 'noise' | 'random' | 'runs' | 'text';

/** A stretch of bytes of one texture. */
export interface Stretch {
  readonly end: number;
  readonly start: number;
  readonly texture: Texture;
}

/** A shorter stretch is not worth a call of the compressor of its own. */
const worthwhileBytes = 32 * 1024;

/**
 * Joins neighbours of one texture, and appends short stretches to the one before them. Random stretches are
 * joined only with each other.
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
    // The longer of the two decides the texture.
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
