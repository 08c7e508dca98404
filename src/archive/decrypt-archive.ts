import { engine } from '#engine';
import { assertByteSource } from '../arguments.js';
import { failed, note } from '../audit.js';
import type { ByteSource } from '../bytes.js';
import type { Label, Part } from '../model/parts.js';
import { takePayloadKey } from './age/decrypt.js';
import { takeHeader } from './age/header.js';
import { openPayload } from './age/stream.js';
import { ByteReader } from './byte-reader.js';
import { readTar } from './read-tar.js';
import {
  type ArchiveKeys,
  checkKeys,
  readLabel,
  type UnlockedHeader,
  unlockArchiveHeader,
} from './unlock.js';

/** Keys and options of {@link decryptArchive}. */
export interface DecryptArchiveOptions extends ArchiveKeys {
  /** Ends the reading early; iterating it then throws the reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An archive being read: its parts, to be iterated once. */
export interface OpenedArchive extends AsyncIterable<Part> {
  /**
   * The label, authenticated; null when the file was not made by this library. Reading it reads only the
   * header. Rejects when the keys do not open the archive.
   */
  readonly label: Promise<Label | null>;
  /** Whether the label is damaged and was ignored; only ever true with `withoutLabel`. */
  readonly isLabelDamaged: Promise<boolean>;
}

/**
 * Opens an archive and returns the parts of the dump, as a stream in constant memory.
 *
 * Strict: it returns bytes only from chunks that have authenticated, checks every file against the manifest,
 * and returns the last part, `summary`, only when everything before it was confirmed. Whoever acts on parts
 * before that must be able to undo it.
 *
 * @example
 * ```ts
 * for await (const part of decryptArchive(store.get(key), { password })) console.log(part.kind);
 * ```
 * @param source - the archive
 * @throws BackupError `wrong-key`, `archive-damaged`, `archive-unsupported` or `archive-limit-exceeded`,
 * while iterating
 * @throws TypeError when no key is given or an identity is invalid
 */
export function decryptArchive(source: ByteSource, options: DecryptArchiveOptions): OpenedArchive {
  assertByteSource('source', source);
  checkKeys(options);
  const reader = new ByteReader(source, options.signal);
  let unlocked: Promise<UnlockedHeader> | null = null;
  const unlock = () => {
    // If the archive cannot be opened, reading stops and the source is released.
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

  const ask = <Answer>(answer: (opened: UnlockedHeader) => Answer): Promise<Answer> => {
    const asked = unlock().then(answer);
    asked.catch(() => undefined);
    return asked;
  };
  return {
    get label() {
      return ask(({ label }) => label);
    },
    get isLabelDamaged() {
      return ask(({ isLabelDamaged }) => isLabelDamaged);
    },
    [Symbol.asyncIterator]() {
      if (isTaken) throw new TypeError('an opened archive can be iterated once');
      isTaken = true;
      return open();
    },
  };
}

/** The decrypted content of an archive: a tar. */
export interface ArchiveContent extends AsyncIterable<Uint8Array> {
  /** Whether the label is damaged and was ignored; only ever true with `withoutLabel`. */
  readonly isLabelDamaged: boolean;
}

/**
 * Decrypts an archive to its tar. It returns bytes only from chunks that have authenticated.
 *
 * @throws BackupError `wrong-key`, `archive-damaged`, `archive-unsupported` or `archive-limit-exceeded`
 */
export async function decryptContent(
  source: ByteSource,
  options: DecryptArchiveOptions,
): Promise<ArchiveContent> {
  const reader = new ByteReader(source, options.signal);
  try {
    const { fileKey, isLabelDamaged } = await unlockArchive(reader, options);
    const key = await takePayloadKey(reader, fileKey);
    return { isLabelDamaged, [Symbol.asyncIterator]: () => readContent(reader, key) };
  } catch (error) {
    await reader.close();
    throw error;
  }
}

async function* readContent(reader: ByteReader, key: Uint8Array): AsyncGenerator<Uint8Array> {
  try {
    yield* openPayload(reader, key, engine);
  } finally {
    key.fill(0);
    await reader.close();
  }
}

/** Reads the header of an archive and unlocks it. */
export async function unlockArchive(reader: ByteReader, keys: ArchiveKeys): Promise<UnlockedHeader> {
  const start = performance.now();
  const header = await takeHeader(reader);
  const claimed = await readLabel(header);
  try {
    const unlocked = await unlockArchiveHeader(header, claimed, keys);
    const archiveId = unlocked.label?.archiveId ?? null;
    await note(keys.audit, { action: 'open', archiveId, outcome: 'done' });
    if (engine.diagnosis.isOn) {
      const milliseconds = Math.round(performance.now() - start);
      engine.diagnosis.tell('unlocked', {
        archiveId: unlocked.label?.archiveId,
        headerBytes: header.length,
        milliseconds,
      });
    }
    return unlocked;
  } catch (error) {
    await note(keys.audit, failed({ action: 'open', archiveId: claimed.label?.archiveId ?? null }, error));
    throw error;
  }
}
