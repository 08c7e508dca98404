import type { SchemaObjectKind, TableSummary } from '../../model/parts.js';
import type { LoadMethod } from '../load/table-loader.js';
import type { MissingObject } from './missing.js';
import type { RestoreRights } from './own-account.js';

/**
 * Result of a restore. `partial` is a database without something in the archive, which may be a table with
 * all its rows: check `missing` before the target is used.
 */
export type RestoreReport = CompleteRestore | PartialRestore;

/** Everything in the archive, or everything selected, is in the target. */
export interface CompleteRestore extends RestoreFacts {
  /** Nothing is missing. */
  readonly outcome: 'complete';
  /** Empty. */
  readonly missing: readonly [];
}

/** Something in the archive is not in the target. Everything else is, and the restore has finished. */
export interface PartialRestore extends RestoreFacts {
  /** Something is missing. */
  readonly outcome: 'partial';
  /**
   * What the target refused, each with the server's error number and message: tables first, which lack all
   * their rows, then what needs one of them, and whatever else was refused. Another restore from the same
   * archive into this target, with `resume` and without `replace`, tries only these again.
   */
  readonly missing: readonly [MissingObject, ...MissingObject[]];
}

/** Facts of every restore. */
export interface RestoreFacts {
  /** The target, as its server has it. */
  readonly database: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** When the restore ended; ISO 8601, UTC. */
  readonly finishedAt: string;
  /** When the snapshot in the archive was taken. */
  readonly snapshotAt: string;
  /**
   * When schedule, patients and their phone numbers were there with their keys; absent if they are not in the
   * archive, are missing, or the archive came as a stream. ISO 8601, UTC.
   */
  readonly scheduleUsableAt?: string;
  /** Tables that were restored. */
  readonly tables: readonly RestoredTable[];
  /** Views, triggers, routines and events that were restored. */
  readonly objects: readonly RestoredObject[];
  /** How rows were loaded. */
  readonly method: LoadMethod;
  /**
   * Definers of restored views and programs, `user@host`: these run with the definer's rights, whoever uses
   * them.
   */
  readonly definers: readonly string[];
  /** The account whose rights were used for the content of the archive. */
  readonly rights: RestoreRights;
  /** What a person should know: differences between the servers, objects that were already broken … */
  readonly notes: readonly RestoreNote[];
}

/** A table that is in the target, complete. */
export interface RestoredTable {
  /** As in the archive. */
  readonly name: string;
  /** Rows that are in it. */
  readonly rows: number;
}

/** An object that is not a table. */
export interface RestoredObject {
  /** View, trigger, routine, event and so on. */
  readonly kind: SchemaObjectKind;
  /** As in the archive. */
  readonly name: string;
}

/**
 * What a {@link RestoreNote} is about: something that the target lacks was replaced by something similar
 * (`adapted`); a view that was already broken is broken again (`broken-at-source`) or is missing
 * (`not-restored`); an object was created under another character set (`character-set-changed`); generated
 * columns have other values than the stored ones (`computed-differently`); a definition differs from the one
 * in the archive (`definition-changed`); an object names the database that it came from (`names-its-source`);
 * the time of an event has passed (`event-over`); the label of the archive is damaged, so its owner is not
 * proven (`label-damaged`); an object uses a table that is not in the archive (`left-out`); a table has no
 * rows (`definition-only`), only some (`rows-filtered`), or was damaged when it was copied
 * (`table-incomplete`); an interrupted restore was continued (`resumed`).
 */
export type RestoreNoteCode =
  | 'adapted'
  | 'broken-at-source'
  | 'character-set-changed'
  | 'computed-differently'
  | 'definition-changed'
  | 'definition-only'
  | 'event-over'
  | 'label-damaged'
  | 'left-out'
  | 'names-its-source'
  | 'not-restored'
  | 'resumed'
  | 'rows-filtered'
  | 'table-incomplete';

/** Something a person should know about a restored database. */
export interface RestoreNote {
  /** For programs. */
  readonly code: RestoreNoteCode;
  /** For people; holds no value of a row. */
  readonly message: string;
}

/** The sentence for a table that was incomplete when the archive was made. */
export function incompleteSentence({ name, rows, incomplete }: TableSummary): string {
  return `Table "${name}" is not complete in the archive, which holds ${rows} rows of it: ${incomplete}.`;
}

/** The sentence for a table whose files cannot be at the paths in its definition. */
export function displacedSentence(table: string): string {
  return `Table "${table}" is created without the disk paths that its definition names.`;
}

/** The sentence for a table whose name no server accepts for a new one. */
export function renamedSentence(table: string, made: string): string {
  return `Table "${table}" is made as "${made}": no server creates a table with the other name, which is that of an old file.`;
}

/** The sentence for an event that must not run any more. */
export function eventOverSentence(event: string): string {
  return `The time of event "${event}" has passed: it is created disabled, and does not run.`;
}

/** The sentence for an object that is left out with its tables. */
export function leftOutSentence(kind: string, name: string, reason: string): string {
  return `The ${kind} "${name}" is left out: ${reason}.`;
}

/** The sentence for a table with old versions of its rows, on a server that refuses them. */
export function historySentence(table: string): string {
  return `Table "${table}" has old versions of its rows, which only MariaDB 10.11 and newer accept.`;
}

/** Progress of a restore. */
export interface RestoreProgress {
  /**
   * Rows are loaded, keys of a table are built, or views, triggers and the like are created.
   * `schedule-usable` is reported once: the tables that an office needs to open are there with their keys,
   * and may be read while the rest is being loaded.
   */
  readonly phase: 'keys' | 'objects' | 'rows' | 'schedule-usable';
  /** The table or object in progress. */
  readonly table: string;
  /** Tables that are loaded completely. */
  readonly tablesDone: number;
  /** Known for an archive with random access. */
  readonly totalTables?: number;
  /** Rows loaded so far, of all tables. */
  readonly rows: number;
  /** Bytes of rows so far, before compression. */
  readonly plainBytes: number;
  /** Size of all rows to be loaded, before compression. */
  readonly totalPlainBytes?: number;
}
