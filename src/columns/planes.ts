/**
 * Byte planes: the first byte of each of many short numbers or strings, then the second byte of each, and so
 * on, because bytes of the same position are alike. A plane whose bytes are all equal is stored as one byte.
 *
 *     planes  mask  plane[0] … plane[planes-1]
 *
 * `planes` is one byte; `mask` has one bit per plane, least significant first, 1 if it is stored as one byte.
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
    // The builder starts with zeros, but an encoding that was tried before may have written here.
    for (let i = 0; i < planes; i += 8) out.byte(0);
  }

  /**
   * Ends a plane whose bytes the caller has written.
   *
   * @param from - start of those bytes; the builder's position or behind it
   */
  end(from: number = this.#out.position): void {
    const { bytes, position } = this.#out;
    const end = from + this.#count;
    // A native comparison of the plane with itself, shifted by one byte.
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
 * Reads planes. A plane of equal bytes is returned as one byte.
 *
 * @param count - bytes per plane
 * @param most - most planes that the column can have
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
