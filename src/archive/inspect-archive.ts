import { assertOptions, assertSource } from '../arguments.js';
import { type ByteSource, isRangeSource, type RangeSource } from '../bytes.js';
import type { Label } from '../model/parts.js';
import { stanzasOf, takeHeader } from './age/header.js';
import { payloadNonceBytes, plaintextBytes } from './age/stream.js';
import { ByteReader } from './byte-reader.js';
import { labelOf, labelStanza } from './label.js';
import { chunksOfRanges } from './range-reader.js';

/** What an archive shows without a key. Nothing in it is authenticated. */
export interface ArchiveInspection {
  /** The unencrypted label; null when this is another age file. */
  readonly label: Label | null;
  /** Always false: only opening the archive authenticates its label. */
  readonly verified: false;
  /** Kinds of the recipients, such as `X25519` or `mlkem768x25519`. */
  readonly recipients: readonly string[];
  /** Bytes before the payload. */
  readonly headerBytes: number;
  /** Size of the file in bytes; null when the source does not report it. */
  readonly size: number | null;
  /** Size of the decrypted content in bytes; null when the source does not report its size. */
  readonly contentBytes: number | null;
}

/**
 * Reads the unencrypted part of an archive, without a key: what it is, whose it is, who can open it. From a
 * {@link RangeSource} only the first bytes are fetched.
 *
 * @throws BackupError `archive-unsupported` when it is not an age file or of a newer format;
 *   `archive-damaged` when its header does not parse or its size is impossible; `archive-limit-exceeded`
 * @example
 * ```ts
 * const { label } = await inspectArchive(source);
 * console.log(label?.createdAt, label?.keyHolder?.userName);
 * ```
 */
export async function inspectArchive(
  source: ByteSource | RangeSource,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ArchiveInspection> {
  assertSource('source', source);
  assertOptions(options);
  const { signal } = options;
  const reader = new ByteReader(isRangeSource(source) ? chunksOfRanges(source, signal) : source, signal);
  try {
    const header = await takeHeader(reader);
    const stanzas = await stanzasOf(header);
    const size = sizeOf(source);
    return {
      label: labelOf(stanzas),
      verified: false,
      recipients: stanzas.map((stanza) => stanza.args[0]!).filter((type) => type !== labelStanza),
      headerBytes: header.length,
      size,
      contentBytes: size === null ? null : plaintextBytes(size - header.length - payloadNonceBytes),
    };
  } finally {
    await reader.close();
  }
}

function sizeOf(source: ByteSource | RangeSource): number | null {
  if (source instanceof Uint8Array) return source.length;
  return 'size' in source && typeof source.size === 'number' ? source.size : null;
}
