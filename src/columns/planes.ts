/**
 * Byte planes: of many short numbers or strings first the first byte of each, then the second byte of each,
 * and so on, because bytes of the same place look alike. A plane whose bytes are all the same stands as one
 * byte.
 *
 *     planes  mask  plane[0] … plane[planes-1]
 *
 * `planes` is one byte; `mask` has one bit per plane, least significant first, 1 where it stands as one byte.
 */
import { engine } from '#engine';
import { type ByteBuilder, type ByteCursor, damagedPart } from './byte-cursor.js';

/** Most planes of one column. */
export const maxPlanes = 16;

/** Most bytes that {@link PlaneWriter} writes. */
export function planesBound(count: number, planes: number): number {
  return 1 + (planes >> 3) + 1 + count * planes;
}

/** Writes planes one after another. */
export class PlaneWriter {
  readonly #out: ByteBuilder;
  readonly #count: number;
  readonly #maskAt: number;
  #plane = 0;

  /** @param count - bytes per plane, at least 1 */
  constructor(out: ByteBuilder, count: number, planes: number) {
    this.#out = out;
    this.#count = count;
    out.byte(planes);
    this.#maskAt = out.position;
    // The builder starts as zeros, but a longer plane may have been written and taken back here.
    for (let i = 0; i < planes; i += 8) out.byte(0);
  }

  /**
   * Ends a plane whose bytes the caller has written.
   *
   * @param from - where they stand; at the builder's position or behind it
   */
  end(from: number = this.#out.position): void {
    const { bytes, position } = this.#out;
    const end = from + this.#count;
    // Native comparison with itself, moved by one.
    const isSame =
      bytes[from] === bytes[end - 1] &&
      engine.equalBytes(bytes.subarray(from, end - 1), bytes.subarray(from + 1, end));
    const length = isSame ? 1 : this.#count;
    if (isSame) this.#mark();
    if (from > position) bytes.copyWithin(position, from, from + length);
    this.#out.position = position + length;
    this.#plane++;
  }

  /** Adds a plane of zeros. */
  zeros(): void {
    this.#mark();
    this.#out.byte(0);
    this.#plane++;
  }

  #mark(): void {
    const at = this.#maskAt + (this.#plane >> 3);
    this.#out.bytes[at] = this.#out.bytes[at]! | (1 << (this.#plane & 7));
  }
}

/**
 * Reads planes. Those that stand as one byte come as one byte.
 *
 * @param count - bytes per plane
 * @param most - most planes that make sense
 */
export function readPlanes(input: ByteCursor, count: number, most: number): readonly Uint8Array[] {
  const planes = input.byte();
  if (planes > most) throw damagedPart('a value is longer than its column');
  const mask = input.take((planes + 7) >> 3);
  if (planes % 8 !== 0 && mask[mask.length - 1]! >> (planes % 8) !== 0) {
    throw damagedPart('it marks a plane that it does not have');
  }
  return Array.from({ length: planes }, (_, plane) => {
    const isSame = ((mask[plane >> 3]! >> (plane & 7)) & 1) !== 0;
    return input.take(isSame ? Math.min(1, count) : count);
  });
}
