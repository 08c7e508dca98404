import { resolve } from 'node:path';
import { assertArgument } from '../../arguments.js';
import { BackupError, isBackupError } from '../../errors.js';
import { oneByOne } from '../../files/one-by-one.js';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import {
  fromJson,
  listOf,
  moment,
  objectOf,
  oneOf,
  optional,
  textLike,
  textUpTo,
  wholeFrom,
} from '../../shapes.js';

/** A recovery kit, as it is stored. Holds no secret: that is only on paper. */
export interface RecoveryKit {
  /** Names the kit on its sheets: eight lower-case hex digits. */
  readonly id: string;
  /** Who keeps it, as it stands on the sheets. */
  readonly owner: string;
  /** `age1…` or `age1pq1…`. */
  readonly recipient: string;
  /** On how many sheets it is: all words on one, or three of which any two give the words. */
  readonly sheets: 1 | 3;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** When it was confirmed with its words; until then no archive is sealed to it. */
  readonly confirmedAt?: string;
  /** When it was revoked: no archive is sealed to it from then on. */
  readonly revokedAt?: string;
}

/** All kits of a practice, those that were revoked as well. */
export interface KeptKits {
  /** Counts the changes. */
  readonly revision: number;
  /** Oldest first. */
  readonly kits: readonly RecoveryKit[];
}

/**
 * Where the kits of a practice are kept. Whoever can write there can add a key of their own to every archive
 * from then on, so it must be a place where the service alone writes.
 */
export interface KitStore {
  /** The stored kits; null if there are none. */
  load(options?: { readonly signal?: AbortSignal | undefined }): Promise<KeptKits | null>;
  /** @returns false, having stored nothing, if that revision or a later one exists */
  save(kits: KeptKits, options?: { readonly signal?: AbortSignal | undefined }): Promise<boolean>;
}

/** More than are needed in twenty years. */
export const mostKits = 100;

const isKit = objectOf<RecoveryKit>({
  id: textLike(/^[0-9a-f]{8}$/),
  owner: textUpTo(200),
  recipient: textLike(/^age1[0-9a-z]{20,3000}$/),
  sheets: oneOf(1, 3),
  createdAt: moment,
  confirmedAt: optional(moment),
  revokedAt: optional(moment),
});
const isKept = objectOf<KeptKits>({ revision: wholeFrom(1), kits: listOf(isKit, mostKits) });

/**
 * Keeps the kits in one file. The nights take `kits.json` in the spool folder unless told otherwise.
 *
 * @param options - `path`: the file; its folder must exist. On Unix only its owner can read it.
 * @example
 * ```ts
 * const kits = await createFileKits({ path: `${spool}/kits.json` }).load();
 * console.log(kits?.kits.length ?? 0);
 * ```
 */
export function createFileKits(options: { readonly path: string }): KitStore {
  assertArgument('options', options, 'object', { path: 'text' });
  const path = resolve(options.path);
  const load = async (): Promise<KeptKits | null> => {
    let text: string | null;
    try {
      text = await readFileIfThere(path);
    } catch (error) {
      throw unusable(path, error);
    }
    if (text === null) return null;
    const kept = fromJson(text);
    if (!isKept(kept)) throw unusable(path, undefined);
    return kept;
  };
  return {
    async load(io) {
      io?.signal?.throwIfAborted();
      return load();
    },
    save(kits, io) {
      return oneByOne(path, async () => {
        io?.signal?.throwIfAborted();
        if (((await load())?.revision ?? 0) >= kits.revision) return false;
        await replaceFile(path, `${JSON.stringify(kits, null, 2)}\n`).catch((error: unknown) => {
          throw isBackupError(error, 'storage-full') ? error : unusable(path, error);
        });
        return true;
      });
    },
  };
}

/** Those that archives are sealed to. */
export function activeKits(kept: KeptKits | null): readonly RecoveryKit[] {
  return (kept?.kits ?? []).filter(
    ({ confirmedAt, revokedAt }) => confirmedAt !== undefined && revokedAt === undefined,
  );
}

function unusable(path: string, cause: unknown): BackupError {
  return new BackupError('settings-invalid', `The file of recovery kits, ${path}, cannot be used.`, {
    cause,
    details: { path },
  });
}
