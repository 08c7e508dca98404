import { chacha20 } from '@noble/ciphers/chacha.js';
import { engine } from '#engine';
import type { RangeSource } from '../../bytes.js';
import { BackupError, isBackupError } from '../../errors.js';
import { chunkBytes, chunkNonce, openChunk, sealedChunkBytes } from '../age/stream.js';
import { tarBlockBytes } from '../tar.js';

const tagBytes: number = sealedChunkBytes - chunkBytes;
const windowBytes: number = 16 * sealedChunkBytes;
// By how many chunks the number of the last chunk may differ from the one that the file's size suggests.
const mostShiftedChunks = 64;
// A block of ChaCha20.
const glanceBytes = 64;

/**
 * The chunks of a damaged file that still authenticate, and their positions. Chunks are tried at their own
 * position. If bytes were lost or inserted, they are also tried from the end backwards.
 */
export class ChunkMap {
  /** Offset in the file by chunk number. */
  readonly #offsets: ReadonlyMap<number, number>;
  readonly #sealed: RangeSource;
  readonly #key: Uint8Array;
  /** Number of the last chunk and bytes in it, if the end of the file is there. */
  readonly #last: { readonly index: number; readonly length: number } | undefined;
  /** Bytes of the content, if the end of the file is there; otherwise the end of the last good chunk. */
  readonly size: number;
  readonly #ahead: ReadAhead;
  #kept: { readonly index: number; readonly plain: Uint8Array } | undefined;

  private constructor(
    sealed: RangeSource,
    key: Uint8Array,
    offsets: ReadonlyMap<number, number>,
    last: { readonly index: number; readonly length: number } | undefined,
  ) {
    this.#sealed = sealed;
    this.#ahead = new ReadAhead(sealed);
    this.#key = key;
    this.#offsets = offsets;
    this.#last = last;
    this.size =
      last === undefined ? (highest(offsets) + 1) * chunkBytes : last.index * chunkBytes + last.length;
  }

  /**
   * Tries every chunk of a file.
   *
   * @param payloadOffset - start of the first chunk
   */
  static async make(
    sealed: RangeSource,
    payloadOffset: number,
    key: Uint8Array,
    signal?: AbortSignal,
  ): Promise<ChunkMap> {
    const trial = new ChunkTrial(sealed, key, signal);
    const offsets = new Map<number, number>();
    for (
      let index = 0, at = payloadOffset;
      at + sealedChunkBytes <= sealed.size;
      index++, at += sealedChunkBytes
    ) {
      if (await trial.opens(index, at, sealedChunkBytes, false)) offsets.set(index, at);
    }
    await findSwapped(trial, offsets, sealed.size, payloadOffset);
    const last =
      (await findLastInside(trial, offsets, sealed.size, payloadOffset)) ??
      (await findLast(trial, sealed.size, payloadOffset));
    if (last !== undefined) {
      offsets.set(last.index, last.at);
      // If nothing was lost or inserted, this stops at once, at a chunk that was found already.
      let at = last.at - sealedChunkBytes;
      for (let index = last.index - 1; index >= 0 && at >= payloadOffset; index--, at -= sealedChunkBytes) {
        if (offsets.get(index) === at) break;
        if (!(await trial.opens(index, at, sealedChunkBytes, false))) break;
        offsets.set(index, at);
      }
    }
    return new ChunkMap(sealed, key, offsets, last);
  }

  /** Whether the end of the file is there. */
  get hasEnd(): boolean {
    return this.#last !== undefined;
  }

  /** Number of chunks that authenticate. */
  get goodChunks(): number {
    return this.#offsets.size;
  }

  /** Whether every chunk of a range of the content authenticates. */
  holds(offset: number, length: number): boolean {
    if (offset < 0 || offset + length > this.size) return false;
    const last = Math.floor((offset + Math.max(1, length) - 1) / chunkBytes);
    for (let index = Math.floor(offset / chunkBytes); index <= last; index++) {
      if (!this.#offsets.has(index)) return false;
    }
    return true;
  }

  /** Start of the next chunk at or after `offset` that authenticates; the size if there is none. */
  nextGood(offset: number): number {
    for (let index = Math.ceil(offset / chunkBytes); index * chunkBytes < this.size; index++) {
      if (this.#offsets.has(index)) return index * chunkBytes;
    }
    return this.size;
  }

  /**
   * Reads content that {@link holds}.
   *
   * @throws BackupError `archive-damaged` where a chunk does not authenticate
   */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const plain = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const index = Math.floor((offset + done) / chunkBytes);
      const chunk = await this.#open(index);
      const from = offset + done - index * chunkBytes;
      const piece = chunk.subarray(from, Math.min(chunk.length, from + length - done));
      if (piece.length === 0) throw lost();
      plain.set(piece, done);
      done += piece.length;
    }
    return plain;
  }

  /** The content as ranges, with zeros where it is lost: no JSON and no header contains as many zeros. */
  asRanges(): RangeSource {
    return {
      size: this.size,
      read: async (offset, length) => {
        const plain = new Uint8Array(length);
        for (let at = offset; at < offset + length; ) {
          const end = Math.min(offset + length, (Math.floor(at / chunkBytes) + 1) * chunkBytes);
          if (this.holds(at, end - at)) plain.set(await this.read(at, end - at), at - offset);
          at = end;
        }
        return plain;
      },
    };
  }

  async #open(index: number): Promise<Uint8Array> {
    if (this.#kept?.index === index) return this.#kept.plain;
    const at = this.#offsets.get(index);
    if (at === undefined) throw lost();
    const isLast = index === this.#last?.index;
    const length = isLast ? this.#last!.length + tagBytes : sealedChunkBytes;
    // Reading file after file uses every chunk; reading a single part uses only its own chunks.
    const isNext = this.#kept !== undefined && this.#kept.index === index - 1;
    const sealed = await (isNext ? this.#ahead : this.#sealed).read(at, length);
    const plain = openChunk(sealed, this.#key, index, isLast, engine);
    this.#kept = { index, plain };
    return plain;
  }
}

/** The highest number of a chunk that was found; -1 if there is none. */
function highest(offsets: ReadonlyMap<number, number>): number {
  let index = -1;
  for (const each of offsets.keys()) index = Math.max(index, each);
  return index;
}

function lost(): BackupError {
  return new BackupError('archive-damaged', 'This part of the archive is lost.');
}

/** Chunks at each other's positions. */
async function findSwapped(
  trial: ChunkTrial,
  offsets: Map<number, number>,
  fileSize: number,
  payloadOffset: number,
): Promise<void> {
  const missing: number[] = [];
  const count = Math.floor((fileSize - payloadOffset) / sealedChunkBytes);
  for (let index = 0; index < count; index++) if (!offsets.has(index)) missing.push(index);
  // After a shift no chunk is at its position, and trying every chunk at every position would take too long.
  if (missing.length < 2 || missing.length > mostShiftedChunks) return;
  for (const place of missing) {
    const at = payloadOffset + place * sealedChunkBytes;
    for (const index of missing) {
      if (offsets.has(index) || index === place) continue;
      if (await trial.opens(index, at, sealedChunkBytes, false)) offsets.set(index, at);
    }
  }
}

interface LastChunk {
  readonly index: number;
  readonly at: number;
  /** Bytes of content in it. */
  readonly length: number;
}

/** For a file with bytes behind its end: the last chunk directly follows the others. */
async function findLastInside(
  trial: ChunkTrial,
  offsets: ReadonlyMap<number, number>,
  fileSize: number,
  payloadOffset: number,
): Promise<LastChunk | undefined> {
  const index = highest(offsets) + 1;
  const at = payloadOffset + index * sealedChunkBytes;
  for (let length = tarBlockBytes; length <= chunkBytes; length += tarBlockBytes) {
    if (at + length + tagBytes > fileSize) return undefined;
    if (await trial.opensAsLast(index, at, length)) return { index, at, length };
  }
  return undefined;
}

/**
 * For a last chunk at the end of the file. Its length is a multiple of tar blocks; few numbers are possible.
 */
async function findLast(
  trial: ChunkTrial,
  fileSize: number,
  payloadOffset: number,
): Promise<LastChunk | undefined> {
  const likely = Math.floor((fileSize - payloadOffset - 1) / sealedChunkBytes);
  const expected = fileSize - payloadOffset - likely * sealedChunkBytes - tagBytes;
  const lengths = [expected];
  for (let length = tarBlockBytes; length <= chunkBytes; length += tarBlockBytes) lengths.push(length);
  for (let shift = 0; shift <= mostShiftedChunks; shift++) {
    for (const index of shift === 0 ? [likely] : [likely + shift, likely - shift]) {
      if (index < 0) continue;
      for (const length of lengths) {
        const at = fileSize - length - tagBytes;
        if (length <= 0 || at < payloadOffset) continue;
        if (await trial.opensAsLast(index, at, length)) return { index, at, length };
      }
    }
  }
  return undefined;
}

/** Tries chunks at positions. */
class ChunkTrial {
  readonly #sealed: ReadAhead;
  readonly #key: Uint8Array;

  constructor(sealed: RangeSource, key: Uint8Array, signal: AbortSignal | undefined) {
    this.#sealed = new ReadAhead(sealed, signal);
    this.#key = key;
  }

  async opens(index: number, at: number, length: number, last: boolean): Promise<boolean> {
    const sealed = await this.#sealed.read(at, length);
    try {
      openChunk(sealed, this.#key, index, last, engine);
      return true;
    } catch (error) {
      if (isBackupError(error, 'archive-damaged')) return false;
      throw error;
    }
  }

  /**
   * Whether the last chunk is at a position, with so many bytes of content. A tar ends with zeros, so
   * decrypting one block at the end rules out nearly all of thousands of positions.
   */
  async opensAsLast(index: number, at: number, length: number): Promise<boolean> {
    if (length % tarBlockBytes !== 0) return false;
    const end = await this.#sealed.read(at + length - glanceBytes, glanceBytes);
    // Block 0 of the key stream is used for the key of the tag.
    const counter = length / glanceBytes;
    const plain = chacha20(this.#key, chunkNonce(index, true), end, undefined, counter);
    return plain.every((byte) => byte === 0) && this.opens(index, at, length + tagBytes, true);
  }
}

/** A source that is read in larger pieces than requested. */
class ReadAhead {
  readonly #source: RangeSource;
  readonly #signal: AbortSignal | undefined;
  #window: { readonly from: number; readonly bytes: Uint8Array } = { from: 0, bytes: new Uint8Array(0) };

  constructor(source: RangeSource, signal?: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    const { from, bytes } = this.#window;
    if (at < from || at + length > from + bytes.length) {
      // Reading forwards the window starts at the chunk; reading backwards it ends with it.
      const start = at < from ? Math.max(0, at + length - windowBytes) : at;
      const size = Math.min(windowBytes, this.#source.size - start);
      const options = { signal: this.#signal };
      this.#window = { from: start, bytes: await this.#source.read(start, size, options) };
    }
    const start = at - this.#window.from;
    return this.#window.bytes.subarray(start, start + length);
  }
}
