import { createHash } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { collectBytes, concatBytes } from '../../bytes.js';
import { BackupError } from '../../errors.js';
import type { MessageOf, PieceClaim } from '../http/messages.js';
import type { Bucket } from './bucket.js';
import { removeOwn } from './claim.js';
import { readObject } from './read-object.js';

/** Largest part that is joined from pieces; it passes through the memory of HQ. */
const largestJoined = 64 * 1024 * 1024;

/** Where the pieces of one part lie until HQ joins them. */
export class StagedPieces {
  readonly #bucket: Bucket;
  readonly #md5: string;
  readonly #pieces: readonly PieceClaim[];
  readonly #under: string;

  /** @throws BackupError `storage-permanent` when the pieces do not make the part */
  constructor(
    bucket: Bucket,
    { key, uploadId, part, pieces }: Pick<MessageOf<'join'>, 'key' | 'part' | 'pieces' | 'uploadId'>,
  ) {
    const total = pieces.reduce((sum, one) => sum + one.size, 0);
    if (total !== part.size || total > largestJoined || pieces.some((one, i) => one.index !== i)) {
      throw new BackupError('storage-permanent', 'The pieces do not make a part.');
    }
    // The place cannot be guessed without the id of the upload.
    const place = createHash('sha256')
      .update(`${bucket.pathOf(key)}\n${uploadId}`)
      .digest('hex');
    this.#bucket = bucket;
    this.#md5 = part.md5;
    this.#pieces = pieces;
    this.#under = bucket.ownPath(`pieces/${place.slice(0, 40)}/${part.number}/`);
  }

  pathOf({ index, md5 }: PieceClaim): string {
    return `${this.#under}${index}-${md5}`;
  }

  /** The sizes of the pieces that are there, by path. */
  async present(): Promise<ReadonlyMap<string, number>> {
    const bucket = this.#bucket;
    const page = await bucket.typed(() =>
      bucket.send(new ListObjectsV2Command({ Bucket: bucket.name, Prefix: this.#under })),
    );
    // A piece that this page does not show is sent again, which does no harm.
    return new Map((page.Contents ?? []).map(({ Key, Size }) => [Key ?? '', Size ?? -1]));
  }

  /** The bytes of the part. @throws BackupError `storage-permanent` when their MD5 differs */
  async join(): Promise<Buffer> {
    const bodies: Uint8Array[] = [];
    for (const piece of this.#pieces) bodies.push(await this.#read(piece));
    const bytes = Buffer.from(concatBytes(bodies));
    if (createHash('md5').update(bytes).digest('hex') === this.#md5) return bytes;
    throw new BackupError('storage-permanent', 'The pieces do not make the part.');
  }

  async clear(): Promise<void> {
    await Promise.all(this.#pieces.map((piece) => removeOwn(this.#bucket, this.pathOf(piece))));
  }

  async #read(piece: PieceClaim): Promise<Uint8Array> {
    const bucket = this.#bucket;
    const chunks = readObject(
      bucket,
      'piece',
      {},
      (_, signal) =>
        bucket.send(new GetObjectCommand({ Bucket: bucket.name, Key: this.pathOf(piece) }), signal),
      async () => piece.size,
    );
    return collectBytes(chunks, piece.size);
  }
}
