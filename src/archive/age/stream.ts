/**
 * The payload of an age file: the STREAM construction, ChaCha20-Poly1305 over chunks of 64 KiB. The nonce of
 * a chunk holds its number and a mark on the last one. No byte of a chunk is returned before the whole chunk
 * has authenticated. A file that ends early, or continues after its end, is an error.
 */

import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../../bytes.js';
import type { Engine } from '../../engine/engine.js';
import { BackupError } from '../../errors.js';
import type { ByteReader } from '../byte-reader.js';

/** Plaintext bytes per chunk; only the last one is shorter. */
export const chunkBytes: number = 64 * 1024;
const tagBytes = 16;
/** Bytes per chunk in the file. */
export const sealedChunkBytes: number = chunkBytes + tagBytes;
/** Bytes of the nonce before the first chunk. */
export const payloadNonceBytes = 16;
// Chunks per batch: large enough that generators and writes cost little, small enough to need little memory.
const batchChunks = 8;
const sealedBatchBytes: number = batchChunks * sealedChunkBytes;

/** The key of a payload. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdf(sha256, fileKey, nonce, utf8('payload'), 32);
}

/** Eleven bytes with the chunk's number, and one that is 1 on the last chunk. */
export function chunkNonce(index: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(3, Math.floor(index / 2 ** 32));
  view.setUint32(7, index >>> 0);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Seals a payload, chunk by chunk. The caller has written the nonce from which `key` was derived. */
export async function* sealPayload(
  source: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  engine: Engine,
): AsyncGenerator<Uint8Array> {
  // Holds an incomplete chunk; a complete one is sealed where it is.
  const rest = new Uint8Array(chunkBytes);
  let held = 0;
  let index = 0;
  let sealed = new Uint8Array(sealedBatchBytes);
  let filled = 0;
  const seal = (chunk: Uint8Array, isLast: boolean): void => {
    engine.seal(key, chunkNonce(index++, isLast), chunk, sealed.subarray(filled));
    filled += chunk.length + tagBytes;
  };
  const take = (): Uint8Array => {
    const batch = sealed.subarray(0, filled);
    sealed = new Uint8Array(sealedBatchBytes);
    filled = 0;
    return batch;
  };
  try {
    for await (const piece of source) {
      for (let from = 0; from < piece.length; ) {
        // Whether a full chunk is the last is known only when more bytes arrive.
        if (held === chunkBytes) {
          seal(rest, false);
          held = 0;
        } else if (held === 0 && piece.length - from > chunkBytes) {
          seal(piece.subarray(from, from + chunkBytes), false);
          from += chunkBytes;
        } else {
          const length = Math.min(chunkBytes - held, piece.length - from);
          rest.set(piece.subarray(from, from + length), held);
          held += length;
          from += length;
        }
        if (filled === sealedBatchBytes) yield take();
      }
    }
    seal(rest.subarray(0, held), true);
    // A copy, so that a small file does not keep a large buffer alive.
    yield sealed.slice(0, filled);
  } finally {
    rest.fill(0);
  }
}

/**
 * Opens a payload whose nonce was read already.
 *
 * @throws BackupError `archive-damaged` at the first chunk that does not authenticate, and when the last
 *   chunk is missing
 */
export async function* openPayload(
  sealed: ByteReader,
  key: Uint8Array,
  engine: Engine,
): AsyncGenerator<Uint8Array> {
  let index = 0;
  // A chunk is certainly not the last when at least one byte follows it.
  while (await sealed.fill(sealedChunkBytes + 1)) {
    const chunk = sealed.take(sealedChunkBytes);
    const plain = engine.open(key, chunkNonce(index, false), chunk);
    if (plain === null) {
      // Bytes follow the end of the file: the last chunk is valid, the rest is an error.
      const last = engine.open(key, chunkNonce(index, true), chunk);
      if (last === null) throw damagedChunk(index);
      yield last;
      throw damagedChunk(index + 1);
    }
    yield plain;
    index++;
  }
  const rest = sealed.take(sealed.available);
  const last = isLastChunk(rest, index) ? engine.open(key, chunkNonce(index, true), rest) : null;
  if (last !== null) {
    if (last.length > 0) yield last;
    return;
  }
  // The file was truncated between two chunks: this chunk is valid, but the last one is missing.
  const cut = rest.length === sealedChunkBytes ? engine.open(key, chunkNonce(index, false), rest) : null;
  if (cut !== null) {
    yield cut;
    index++;
  }
  throw damagedChunk(index);
}

// Only an empty file ends with an empty chunk.
function isLastChunk(sealed: Uint8Array, index: number): boolean {
  return sealed.length > tagBytes || (sealed.length === tagBytes && index === 0);
}

/**
 * Opens one chunk anywhere in a payload.
 *
 * @param index - 0 for the first
 * @param last - whether it is the last of the file
 * @throws BackupError `archive-damaged`
 */
export function openChunk(
  sealed: Uint8Array,
  key: Uint8Array,
  index: number,
  last: boolean,
  engine: Engine,
): Uint8Array {
  const isSound = last ? isLastChunk(sealed, index) : sealed.length === sealedChunkBytes;
  const plain = isSound ? engine.open(key, chunkNonce(index, last), sealed) : null;
  if (plain === null) throw damagedChunk(index);
  return plain;
}

/**
 * Size of the plaintext of a payload.
 *
 * @param sealedBytes - size of all chunks, without the nonce
 * @throws BackupError `archive-damaged` when no payload has that size
 */
export function plaintextBytes(sealedBytes: number): number {
  const chunks = Math.ceil(sealedBytes / sealedChunkBytes);
  const lastChunk = sealedBytes - (chunks - 1) * sealedChunkBytes;
  if (chunks < 1 || lastChunk < tagBytes || (lastChunk === tagBytes && chunks > 1)) {
    throw new BackupError('archive-damaged', 'The archive ends in the middle of its data.');
  }
  return sealedBytes - chunks * tagBytes;
}

function damagedChunk(index: number): BackupError {
  return new BackupError(
    'archive-damaged',
    `The archive is cut off or changed near byte ${index * chunkBytes} of its content.`,
    { details: { chunk: index } },
  );
}
