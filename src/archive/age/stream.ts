/**
 * The payload of an age file: the STREAM construction, ChaCha20-Poly1305 over chunks of 64 KiB, where each
 * chunk's nonce counts up and marks the last one. No byte of a chunk is given out before the whole chunk has
 * authenticated, and a file that ends early, or goes on after its end, is an error.
 */

import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../../bytes.js';
import type { Engine } from '../../engine/engine.js';
import { BackupError } from '../../errors.js';
import type { ByteReader } from '../byte-reader.js';

/** Plaintext bytes per chunk; only the last one is shorter. */
export const CHUNK_BYTES: number = 64 * 1024;
const TAG_BYTES = 16;
/** Bytes per chunk as it stands in the file. */
export const SEALED_CHUNK_BYTES: number = CHUNK_BYTES + TAG_BYTES;
/** Bytes of the nonce before the first chunk. */
export const PAYLOAD_NONCE_BYTES = 16;
// Chunks handled at a time: large enough that generators and writes cost nothing, small enough to be little
// in memory.
const BATCH_CHUNKS = 8;
const SEALED_BATCH_BYTES: number = BATCH_CHUNKS * SEALED_CHUNK_BYTES;

/** The key of a payload. */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hkdf(sha256, fileKey, nonce, utf8('payload'), 32);
}

/** Eleven bytes that count chunks, and one that is 1 on the last. */
function chunkNonce(index: number, last: boolean): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(3, Math.floor(index / 2 ** 32));
  view.setUint32(7, index >>> 0);
  nonce[11] = last ? 1 : 0;
  return nonce;
}

/** Seals a payload, chunk by chunk. The caller has written the nonce that `key` came from. */
export async function* sealPayload(
  source: AsyncIterable<Uint8Array>,
  key: Uint8Array,
  engine: Engine,
): AsyncGenerator<Uint8Array> {
  // What came of a chunk that is not whole yet; a whole one is sealed where it lies.
  const rest = new Uint8Array(CHUNK_BYTES);
  let held = 0;
  let index = 0;
  let sealed = new Uint8Array(SEALED_BATCH_BYTES);
  let filled = 0;
  const seal = (chunk: Uint8Array, isLast: boolean): void => {
    engine.seal(key, chunkNonce(index++, isLast), chunk, sealed.subarray(filled));
    filled += chunk.length + TAG_BYTES;
  };
  const take = (): Uint8Array => {
    const batch = sealed.subarray(0, filled);
    sealed = new Uint8Array(SEALED_BATCH_BYTES);
    filled = 0;
    return batch;
  };
  try {
    for await (const piece of source) {
      for (let from = 0; from < piece.length; ) {
        // Only when more has come is it clear that a whole chunk is not the end.
        if (held === CHUNK_BYTES) {
          seal(rest, false);
          held = 0;
        } else if (held === 0 && piece.length - from > CHUNK_BYTES) {
          seal(piece.subarray(from, from + CHUNK_BYTES), false);
          from += CHUNK_BYTES;
        } else {
          const length = Math.min(CHUNK_BYTES - held, piece.length - from);
          rest.set(piece.subarray(from, from + length), held);
          held += length;
          from += length;
        }
        if (filled === SEALED_BATCH_BYTES) yield take();
      }
    }
    seal(rest.subarray(0, held), true);
    // A copy, so that a small file does not hold on to room for a large one.
    yield sealed.slice(0, filled);
  } finally {
    rest.fill(0);
  }
}

/**
 * Opens a payload whose nonce was already taken.
 *
 * @throws BackupError `archive-damaged` at the first chunk that does not authenticate, and where an end is
 *   missing
 */
export async function* openPayload(
  sealed: ByteReader,
  key: Uint8Array,
  engine: Engine,
): AsyncGenerator<Uint8Array> {
  let index = 0;
  // A chunk is known not to be the last only when at least one byte follows it.
  while (await sealed.fill(SEALED_CHUNK_BYTES + 1)) {
    const count = Math.min(BATCH_CHUNKS, Math.floor((sealed.available - 1) / SEALED_CHUNK_BYTES));
    const plain = new Uint8Array(count * CHUNK_BYTES);
    for (let i = 0; i < count; i++) {
      const into = plain.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES);
      const chunk = sealed.take(SEALED_CHUNK_BYTES);
      if (engine.open(key, chunkNonce(index, false), chunk, into)) {
        index++;
        continue;
      }
      // A file with something behind its end: the last chunk is good, and the rest is wrong all the same.
      const good = engine.open(key, chunkNonce(index, true), chunk, into) ? i + 1 : i;
      if (good > 0) yield plain.subarray(0, good * CHUNK_BYTES);
      throw damagedChunk(index + good - i);
    }
    yield plain;
  }
  const rest = sealed.take(sealed.available);
  const plain = new Uint8Array(Math.max(0, rest.length - TAG_BYTES));
  if (isLastChunk(rest, index) && engine.open(key, chunkNonce(index, true), rest, plain)) {
    if (plain.length > 0) yield plain;
    return;
  }
  // A file cut between two chunks: the chunk is good, and the end is missing all the same.
  if (rest.length === SEALED_CHUNK_BYTES && engine.open(key, chunkNonce(index, false), rest, plain)) {
    yield plain;
    index++;
  }
  throw damagedChunk(index);
}

// Only an empty file ends with an empty chunk.
function isLastChunk(sealed: Uint8Array, index: number): boolean {
  return sealed.length > TAG_BYTES || (sealed.length === TAG_BYTES && index === 0);
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
  const plain = new Uint8Array(Math.max(0, sealed.length - TAG_BYTES));
  const isSound = last ? isLastChunk(sealed, index) : sealed.length === SEALED_CHUNK_BYTES;
  if (!isSound || !engine.open(key, chunkNonce(index, last), sealed, plain)) throw damagedChunk(index);
  return plain;
}

/**
 * Size of the plaintext of a payload.
 *
 * @param sealedBytes - size of all chunks, without the nonce
 * @throws BackupError `archive-damaged` when no payload has that size
 */
export function plaintextBytes(sealedBytes: number): number {
  const chunks = Math.ceil(sealedBytes / SEALED_CHUNK_BYTES);
  const lastChunk = sealedBytes - (chunks - 1) * SEALED_CHUNK_BYTES;
  if (chunks < 1 || lastChunk < TAG_BYTES || (lastChunk === TAG_BYTES && chunks > 1)) {
    throw new BackupError('archive-damaged', 'The archive ends in the middle of its data.');
  }
  return sealedBytes - chunks * TAG_BYTES;
}

function damagedChunk(index: number): BackupError {
  return new BackupError(
    'archive-damaged',
    `The archive is cut off or changed near byte ${index * CHUNK_BYTES} of its content.`,
    { details: { chunk: index } },
  );
}
