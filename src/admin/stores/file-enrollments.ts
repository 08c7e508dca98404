import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { assertArgument } from '../../arguments.js';
import { BackupError, isBackupError } from '../../errors.js';
import { systemCodeOf } from '../../files/failures.js';
import { oneByOne } from '../../files/one-by-one.js';
import { replaceFile } from '../../files/replace-file.js';
import { anyObject, fromJson } from '../../shapes.js';
import {
  type Enrollment,
  type EnrollmentStore,
  leavesRoom,
  parseEnrollment,
  unreadable,
} from '../enrollment.js';

/**
 * Stores enrolments in one file, for a service that may not write to the practice's database. Each change
 * replaces the file in one step, so that a power cut leaves the old one or the new one. Only one process may
 * write to it at a time.
 *
 * @param options - `path`: the file; its folder must exist. On Unix only its owner can read it.
 * @example
 * ```ts
 * const store = createFileEnrollments({ path: `${spool}/administrators.json` });
 * const seal = await sealFor(lastAdmin, { store });
 * console.log(seal.recipients);
 * ```
 */
export function createFileEnrollments(options: { readonly path: string }): EnrollmentStore {
  assertArgument('options', options, 'object', { path: 'text' });
  const { path } = options;
  return {
    async load(userNum, io) {
      return readEntry(await readEntries(path, io?.signal), userNum);
    },
    save(enrollment, io) {
      return oneByOne(resolve(path), async () => {
        io?.signal?.throwIfAborted();
        const entries = await readEntries(path, io?.signal);
        const { userNum, revision } = enrollment;
        if ((readEntry(entries, userNum)?.revision ?? 0) >= revision) return false;
        await writeFile(path, { ...entries, [userNum]: enrollment });
        return true;
      });
    },
    discardUnreadable(userNum, io) {
      return oneByOne(resolve(path), async () => {
        const entries = await readEntries(path, io?.signal);
        try {
          const entry = readEntry(entries, userNum);
          if (entry !== null && !leavesRoom(entry)) throw unreadable(userNum);
        } catch {
          const { [userNum]: _, ...others } = entries;
          await writeFile(path, others);
        }
      });
    },
  };
}

type Entries = Readonly<Record<string, unknown>>;

function readEntry(entries: Entries, userNum: string): Enrollment | null {
  if (!Object.hasOwn(entries, userNum)) return null;
  return parseEnrollment(JSON.stringify(entries[userNum]), userNum);
}

async function readEntries(path: string, signal: AbortSignal | undefined): Promise<Entries> {
  let text: string;
  try {
    text = await readFile(path, { encoding: 'utf8', signal });
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return {};
    throw signal?.aborted === true ? signal.reason : unusable(path, error);
  }
  const value = fromJson(text);
  if (!anyObject(value)) throw unusable(path, undefined);
  return value;
}

async function writeFile(path: string, entries: Entries): Promise<void> {
  try {
    await replaceFile(path, `${JSON.stringify(entries, null, 2)}\n`);
  } catch (error) {
    throw isBackupError(error, 'storage-full') ? error : unusable(path, error);
  }
}

function unusable(path: string, cause: unknown): BackupError {
  return new BackupError('settings-invalid', `The file of backup keys, ${path}, cannot be used.`, {
    cause,
    details: { path },
  });
}
