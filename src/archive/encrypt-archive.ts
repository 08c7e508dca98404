import type { Recipient } from 'age-encryption';
import { engine } from '#engine';
import { assertArgument } from '../arguments.js';
import { iterateBytes, toReadableStream } from '../bytes.js';
import type { Label, Manifest, Part } from '../model/parts.js';
import { writeAge } from './age/encrypt.js';
import { checkRecipients } from './age/keys.js';
import { type LabelFields, labelRecipient, makeLabel } from './label.js';
import { startEagerly } from './start-eagerly.js';
import { writeTar } from './write-tar.js';

/** How an archive is sealed. */
export interface EncryptArchiveOptions {
  /** `age1…`, `age1pq1…`, or custom recipients. Each of their keys opens the archive. */
  readonly recipients: readonly (string | Recipient)[];
  /** The unencrypted label at the front. */
  readonly label: LabelFields;
  /** Ends the archive early; iterating it then throws the reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An archive while it is written: its bytes, to be iterated once. */
export interface SealedArchive extends AsyncIterable<Uint8Array> {
  /** The unencrypted label at the front. */
  readonly label: Label;
  /**
   * The manifest, once the last byte was delivered; rejects when the archive was not written to its end.
   * Awaiting it does not iterate the archive.
   */
  readonly manifest: Promise<Manifest>;
  /** The bytes as a web stream. */
  toReadableStream(): ReadableStream<Uint8Array>;
}

/**
 * Seals the parts of a dump into an archive: age over tar, written as a stream in constant memory.
 *
 * @example
 * ```ts
 * const archive = encryptArchive(dumpDatabase(database), { recipients: [recipient], label });
 * for await (const chunk of archive) await file.write(chunk);
 * console.log((await archive.manifest).tables.length, 'tables');
 * ```
 * @param parts - from `dumpDatabase`
 * @throws TypeError when a recipient or the label is invalid; while iterating, whatever `parts` throws,
 *   BackupError `dump-incomplete` when the summary lists other rows than the parts, and RangeError when the
 *   label calls a selection `full`, or everything `critical`
 */
export function encryptArchive(parts: AsyncIterable<Part>, options: EncryptArchiveOptions): SealedArchive {
  assertArgument('parts', parts, 'iterable');
  assertArgument('options', options, 'object', { recipients: 'array', label: 'object', signal: 'signal?' });
  checkRecipients(options.recipients);
  const { signal } = options;
  const label = makeLabel(options.label);
  const recipients = [...options.recipients, labelRecipient(label)];
  let settle: { resolve(manifest: Manifest): void; reject(reason: unknown): void };
  const manifest = new Promise<Manifest>((resolve, reject) => {
    settle = { resolve, reject };
  });
  // Callers need not use the manifest; then its failure must not count as an unhandled rejection.
  manifest.catch(() => undefined);
  let isTaken = false;

  async function* seal(): AsyncGenerator<Uint8Array> {
    let written: Manifest | null = null;
    const start = performance.now();
    // The first part may take a while, as the snapshot of a database does; the keys are made meanwhile.
    const coming = startEagerly(parts);
    try {
      const tar = writeTar(coming, label, (complete) => {
        written = complete;
      });
      yield* writeAge(engine, iterateBytes(tar, signal), recipients);
      settle.resolve(written!);
      if (engine.diagnosis.isOn) {
        const milliseconds = Math.round(performance.now() - start);
        const tables = written!.tables.length;
        engine.diagnosis.tell('sealed', { archiveId: label.archiveId, tables, milliseconds });
      }
    } catch (error) {
      settle.reject(error);
      throw error;
    } finally {
      // Rejects the manifest when the iteration was ended early. After `resolve` it has no effect.
      settle.reject(new DOMException('The archive was not written to its end.', 'AbortError'));
      await coming.return?.();
    }
  }

  const archive: SealedArchive = {
    label,
    manifest,
    [Symbol.asyncIterator]() {
      if (isTaken) throw new TypeError('a sealed archive can be iterated once');
      isTaken = true;
      return seal();
    },
    toReadableStream: () => toReadableStream(archive),
  };
  return archive;
}
