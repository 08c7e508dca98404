import { wholeStanzasOf } from '../../src/archive/age/damaged-header.js';
import { takeHeader } from '../../src/archive/age/header.js';
import { ByteReader } from '../../src/archive/byte-reader.js';
import { inspectArchive } from '../../src/archive/index.js';
import type { KitFault } from '../../src/archive/kit-words.js';
import { labelStanza } from '../../src/archive/label.js';
import { chunksOfRanges } from '../../src/archive/range-reader.js';
import type { RangeSource } from '../../src/bytes.js';
import { type BackupError, isBackupError } from '../../src/errors.js';
import type { Inspected, Problem } from './protocol.js';
import { NoKeyFile } from './unlock.js';

/** A file as a source of ranges. */
export function rangesOf(file: Blob): RangeSource {
  return {
    size: file.size,
    async read(offset, length, options) {
      options?.signal?.throwIfAborted();
      if (offset < 0 || length < 0 || offset + length > file.size)
        throw new RangeError(`range ${offset}+${length} is outside of ${file.size} bytes`);
      return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    },
  };
}

/** The label of a file. */
export async function inspectFile(file: File): Promise<Inspected> {
  const { name, size } = file;
  try {
    const { label } = await inspectArchive(rangesOf(file));
    return { name, size, label, problem: null };
  } catch (error) {
    return { name, size, label: null, problem: await outsideProblem(file, error) };
  }
}

const firstLine = 'age-encryption.org/v1\n';

async function outsideProblem(file: File, error: unknown): Promise<Problem | null> {
  if (!isBackupError(error)) return problemOf(error);
  const start = await file.slice(0, firstLine.length).text();
  if (start !== firstLine) return { kind: 'foreign' };
  switch (error.code) {
    case 'archive-unsupported':
      return { kind: 'future' };
    case 'archive-limit-exceeded':
      return { kind: 'limits' };
    default:
      // A key file still opens the content; the page then says that the label is lost.
      return (await hasWayIn(file)) ? null : { kind: 'beginning-damaged' };
  }
}

/** Whether a header that is damaged still holds something that a key may open. */
async function hasWayIn(file: File): Promise<boolean> {
  const reader = new ByteReader(chunksOfRanges(rangesOf(file)));
  try {
    return wholeStanzasOf(await takeHeader(reader)).some(({ args }) => args[0] !== labelStanza);
  } catch (error) {
    if (isBackupError(error)) return false;
    throw error;
  } finally {
    await reader.close();
  }
}

const kitFaults: Readonly<Record<Exclude<KitFault, 'other-kit'>, Problem['kind']>> = {
  checksum: 'kit-checksum',
  count: 'kit-count',
  'one-sheet': 'kit-one-sheet',
  'unknown-word': 'kit-unknown-word',
};

/** What is wrong with the words of a kit; null if it is something else. */
function kitProblem({ details }: BackupError): Problem | null {
  const { reason, word } = details;
  const kind = Object.entries(kitFaults).find(([fault]) => fault === reason)?.[1];
  if (kind === undefined) return null;
  return { kind, ...(typeof word === 'number' ? { word } : {}) };
}

/** A failure, as the page describes it. */
export function problemOf(error: unknown): Problem {
  if (error instanceof NoKeyFile) return { kind: 'no-key-file' };
  if (error instanceof DOMException) return { kind: error.name === 'AbortError' ? 'stopped' : 'gone' };
  if (!isBackupError(error)) {
    const detail = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { kind: 'unexpected', detail };
  }
  switch (error.code) {
    case 'wrong-key':
      return kitProblem(error) ?? { kind: 'wrong-key' };
    case 'archive-unsupported':
      return { kind: 'future' };
    case 'archive-limit-exceeded':
      return { kind: 'limits' };
    case 'archive-damaged':
      return { kind: 'damaged' };
    default:
      return { kind: 'unexpected', detail: error.code };
  }
}
