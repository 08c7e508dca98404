/** Random numbers that a seed repeats on every machine (xorshift128, seeded by splitmix32). */
export class Random {
  readonly #state: Uint32Array = new Uint32Array(4);

  constructor(seed: number) {
    let mixed = seed >>> 0;
    for (let i = 0; i < 4; i += 1) {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let word = mixed;
      word = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = (word ^ (word >>> 15)) >>> 0;
    }
  }

  #next(): number {
    const state = this.#state;
    let word = state[3]!;
    word ^= word << 11;
    word ^= word >>> 8;
    state[3] = state[2]!;
    state[2] = state[1]!;
    state[1] = state[0]!;
    word ^= state[0]! ^ (state[0]! >>> 19);
    state[0] = word >>> 0;
    return word >>> 0;
  }

  /** A whole number from 0 up to, not including, `end`. */
  int(end: number): number {
    return this.#next() % end;
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.int(high - low + 1);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.#next() < probability * 0x1_0000_0000;
  }

  pick<T>(choices: readonly T[]): T {
    const chosen = choices[this.int(choices.length)];
    if (choices.length === 0) throw new TypeError('nothing to pick from');
    return chosen!;
  }

  /** The choice, with this probability. */
  maybe<T>(probability: number, choice: () => T): T | undefined {
    return this.chance(probability) ? choice() : undefined;
  }

  /** Each with this probability, in their order. */
  some<T>(choices: readonly T[], probability: number): readonly T[] {
    return choices.filter(() => this.chance(probability));
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.int(256)));
  }
}
