import { isErrorCode } from '../../../error-advice.js';
import { type Activity, BackupError, isBackupError } from '../../../errors.js';
import type { FolderTrouble } from '../../../files/look-at-folder.js';
import type { StoredObject, TransferProgress } from '../../adapter.js';
import type { FileSystemStorageOptions } from '../options.js';

/** Requests to the process that works on a share. */
export type Request =
  | {
      readonly id: number;
      readonly call: 'put' | 'get' | 'stat' | 'list' | 'delete' | 'look';
      readonly options: FileSystemStorageOptions;
      /** A key, or the prefix of a list. */
      readonly name: string;
      readonly source?: { readonly size: number; readonly sha256?: string };
      readonly ifAbsent?: boolean;
      /** Whether a look is to write too. */
      readonly write?: boolean;
      readonly range?: { readonly offset: number; readonly length?: number | undefined };
    }
  /** More bytes to be stored; null when that was all. */
  | { readonly id: number; readonly chunk: Uint8Array | null }
  /** A piece of a list or an object was consumed, and there is room for more. */
  | { readonly id: number; readonly taken: true }
  | { readonly id: number; readonly stop: true };

/** A request that begins something. */
export type Asked = Extract<Request, { readonly call: string }>;

/** What it answers. */
export type Reply =
  | { readonly ready: true }
  /** The folder has just answered. */
  | { readonly beat: true }
  | { readonly id: number; readonly items: readonly (StoredObject | Uint8Array)[] }
  /** There is room for the source: read it now. */
  | { readonly id: number; readonly opened: true }
  | { readonly id: number; readonly taken: true }
  | { readonly id: number; readonly progress: TransferProgress }
  | { readonly id: number; readonly result: Result }
  | { readonly id: number; readonly failure: Failure };

/** The result of an operation. */
export type Result = StoredObject | FolderTrouble | null | undefined;

/** The object that was stored or found; null if there is none. */
export function objectIn(result: Result): StoredObject | null {
  return result !== null && result !== undefined && 'key' in result ? result : null;
}

/** What is wrong with a folder; null when nothing is. */
export function troubleIn(result: Result): FolderTrouble | null {
  return result !== null && result !== undefined && 'trouble' in result ? result : null;
}

/** So many messages with bytes or objects may be under way at once. */
export const messagesUnderWay = 8;

/** An error, as it is sent between two processes. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly activity?: Activity | undefined;
  readonly details?: BackupError['details'];
}

export function pack(thrown: unknown): Failure {
  if (!(thrown instanceof Error)) return { name: 'Error', message: String(thrown) };
  const { name, message } = thrown;
  if (isBackupError(thrown)) {
    const { code, happened, activity, details } = thrown;
    return { name, message: happened, code, activity, details };
  }
  const code = 'code' in thrown ? { code: String(thrown.code) } : {};
  return { name, message, ...code };
}

export function unpack({ name, message, code = '', activity, details }: Failure): Error {
  if (name === 'BackupError' && isErrorCode(code)) {
    return new BackupError(code, message, { activity, details: { ...details } });
  }
  if (name === 'RangeError') return new RangeError(message);
  if (name === 'TypeError') return new TypeError(message);
  return Object.assign(new Error(message), code !== '' && { code });
}
