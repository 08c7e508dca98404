import type { ReplayableSource } from '../adapter.js';

/** Bytes that look random, the same for the same seed, so that a part in the wrong place is noticed. */
export function bodyBytes(size: number, seed: number): Uint8Array {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = (seed * 2654435761 + 1) >>> 0 || 1;
  for (let i = 0; i < words.length; i += 1) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, size);
}

/** A source that gives its bytes in pieces of odd sizes. */
export function bodyOf(bytes: Uint8Array): ReplayableSource {
  return {
    size: bytes.length,
    async *open(start = 0, end = bytes.length) {
      for (let offset = start, step = 1; offset < end; offset += step, step = 65_537) {
        yield bytes.subarray(offset, Math.min(end, offset + step));
      }
    },
  };
}

/** A source that stops at a byte until it is told what then: to go on, to fail, or to end early. */
export interface HeldBody {
  readonly source: ReplayableSource;
  /** Resolves when the adapter has asked for bytes beyond the held place. */
  readonly reached: Promise<void>;
  release(outcome?: 'go-on' | 'end-early' | Error): void;
}

/** Makes a {@link HeldBody}. Once released, every further reading meets the same outcome at the same byte. */
export function holdBody(bytes: Uint8Array, at: number): HeldBody {
  let reach: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  let decide: (outcome: 'go-on' | 'end-early' | Error) => void = () => undefined;
  const decided = new Promise<'go-on' | 'end-early' | Error>((resolve) => {
    decide = resolve;
  });
  return {
    reached,
    release: (outcome = 'go-on') => decide(outcome),
    source: {
      size: bytes.length,
      async *open(start = 0, end = bytes.length) {
        if (start < at) yield bytes.subarray(start, Math.min(end, at));
        if (end <= at) return;
        reach();
        const outcome = await decided;
        if (outcome instanceof Error) throw outcome;
        if (outcome === 'end-early') return;
        yield bytes.subarray(Math.max(start, at), end);
      },
    },
  };
}
