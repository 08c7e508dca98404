import { engine } from '#engine';
import { assertByteSource } from '../arguments.js';
import { failed, note } from '../audit.js';
import type { ByteSource } from '../bytes.js';
import type { Label, Part } from '../model/parts.js';
import { takePayloadKey } from './age/decrypt.js';
import { stanzasOf, takeHeader } from './age/header.js';
import { openPayload } from './age/stream.js';
import { ByteReader } from './byte-reader.js';
import { labelOf } from './label.js';
import { readTar } from './read-tar.js';
import { type ArchiveKeys, checkKeys, unlockFileKey } from './unlock.js';

/** Keys and options of {@link decryptArchive}. */
export interface DecryptArchiveOptions extends ArchiveKeys {
  /** Ends the reading early; iterating it then throws the reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An archive being read: its parts, to be iterated once. */
export interface OpenedArchive extends AsyncIterable<Part> {
  /**
   * What stands on the outside, authenticated; null when the file was encrypted by other means. Asking for it reads no
   * further than the header; it rejects when the keys do not open the archive.
   */
  readonly label: Promise<Label | null>;
}

/**
 * Opens an archive and gives back the parts of the dump, as a stream in constant memory.
 *
 * Strict: bytes come only from chunks that have authenticated, every file is checked against the manifest, and the
 * last part, `summary`, comes only when all before it was confirmed. Whoever acts on parts before that must be ready
 * to undo.
 *
 * @example
 * ```ts
 * for await (const part of decryptArchive(store.get(key), { password })) console.log(part.kind);
 * ```
 * @param source - the archive
 * @throws BackupError `wrong-key`, `archive-damaged`, `archive-unsupported` or `archive-limit-exceeded`, while iterating
 * @throws TypeError when no key is given or an identity is none
 */
export function decryptArchive(source: ByteSource, options: DecryptArchiveOptions): OpenedArchive {
  assertByteSource('source', source);
  checkKeys(options);
  const reader = new ByteReader(source, options.signal);
  let unlocked: Promise<{ readonly label: Label | null; readonly fileKey: Uint8Array }> | null = null;
  const unlock = () => {
    // What cannot be opened is not read on, and its source let go, whoever asked first.
    unlocked ??= unlockArchive(reader, options).catch(async (error: unknown) => {
      await reader.close();
      throw error;
    });
    return unlocked;
  };
  let isTaken = false;

  async function* open(): AsyncGenerator<Part> {
    let key: Uint8Array | null = null;
    try {
      const { label, fileKey } = await unlock();
      key = await takePayloadKey(reader, fileKey);
      yield* readTar(new ByteReader(openPayload(reader, key, engine)), label);
    } finally {
      key?.fill(0);
      await reader.close();
    }
  }

  return {
    get label() {
      const label = unlock().then((opened) => opened.label);
      label.catch(() => undefined);
      return label;
    },
    [Symbol.asyncIterator]() {
      if (isTaken) throw new TypeError('an opened archive can be iterated once');
      isTaken = true;
      return open();
    },
  };
}

/** Reads the header of an archive and unlocks it. */
export async function unlockArchive(
  reader: ByteReader,
  keys: ArchiveKeys,
): Promise<{ readonly label: Label | null; readonly fileKey: Uint8Array }> {
  const start = performance.now();
  const header = await takeHeader(reader);
  const label = labelOf(await stanzasOf(header));
  const deed = { action: 'open', archiveId: label?.archiveId ?? null } as const;
  try {
    const fileKey = await unlockFileKey(header, label, keys);
    await note(keys.audit, { ...deed, outcome: 'done' });
    if (engine.diagnosis.isOn) {
      const milliseconds = Math.round(performance.now() - start);
      engine.diagnosis.tell('unlocked', {
        archiveId: label?.archiveId,
        headerBytes: header.length,
        milliseconds,
      });
    }
    return { label, fileKey };
  } catch (error) {
    await note(keys.audit, failed(deed, error));
    throw error;
  }
}
