import type { SchemaObjectKind, TableSummary } from '../../model/parts.js';
import type { LoadMethod } from '../load/table-loader.js';
import type { MissingObject } from './missing.js';
import type { RestoreRights } from './own-account.js';

/**
 * What a restore did. `partial` is a database without something of the archive, which may be a table with all
 * its rows: whoever goes on with it looks at `missing` first.
 */
export type RestoreReport = CompleteRestore | PartialRestore;

/** Everything of the archive, or of what was chosen of it, is in the target. */
export interface CompleteRestore extends RestoreFacts {
  /** Nothing is missing. */
  readonly outcome: 'complete';
  /** Empty. */
  readonly missing: readonly [];
}

/** Something of the archive is not in the target; everything else is, and the target is finished. */
export interface PartialRestore extends RestoreFacts {
  /** Not all is there. */
  readonly outcome: 'partial';
  /**
   * What the target did not take, each with the server's number and words: tables first, which are missing
   * with all their rows, then what needs one of them, and whatever else was refused. A restore from the same
   * archive into this target, `resume` and without `replace`, tries just these again.
   */
  readonly missing: readonly [MissingObject, ...MissingObject[]];
}

/** What is told of every restore. */
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
   * When schedule, patients and their phones were there with their keys; absent where they are not in the
   * archive, are missing, or it came as a stream. ISO 8601, UTC.
   */
  readonly scheduleUsableAt?: string;
  /** Tables that are back. */
  readonly tables: readonly RestoredTable[];
  /** Views, triggers, routines and events that are back. */
  readonly objects: readonly RestoredObject[];
  /** How rows were loaded. */
  readonly method: LoadMethod;
  /**
   * Users for whom restored views and programs act, `user@host`: who runs them runs them with the rights of
   * these.
   */
  readonly definers: readonly string[];
  /** With what rights the content of the archive was put to the server. */
  readonly rights: RestoreRights;
  /** What a person should know: differences between the servers, objects that were broken already … */
  readonly notes: readonly RestoreNote[];
}

/** A table that is in the target, complete. */
export interface RestoredTable {
  /** As in the archive. */
  readonly name: string;
  /** Rows that are in it. */
  readonly rows: number;
}

/** An object beside the tables. */
export interface RestoredObject {
  /** View, trigger, routine, event and so on. */
  readonly kind: SchemaObjectKind;
  /** As in the archive. */
  readonly name: string;
}

/**
 * What a {@link RestoreNote} is about: the nearest thing that the target knows stands in for another
 * (`adapted`); a view that was broken before is so again (`broken-at-source`) or is missing (`not-restored`);
 * an object is made under another character set (`character-set-changed`); generated columns came to other
 * values than were stored (`computed-differently`); a definition is not what the archive has
 * (`definition-changed`); an object speaks of the database it came from, by name (`names-its-source`); the
 * time of an event is over (`event-over`); the label of the archive is damaged, and nothing proves whose it
 * is (`label-damaged`); an object uses a table that is not in the archive (`left-out`); a table has no rows
 * (`definition-only`), only some (`rows-filtered`), or was damaged when it was copied (`table-incomplete`);
 * the restore went on with an earlier one (`resumed`).
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

/** What a person must know about a table that was not whole when the archive was made. */
export function incompleteSentence({ name, rows, incomplete }: TableSummary): string {
  return `Table "${name}" is not complete in the archive, which holds ${rows} rows of it: ${incomplete}.`;
}

/** Where a table's files cannot be where its definition wants them. */
export function displacedSentence(table: string): string {
  return `Table "${table}" is made without the places on the disk that its definition names.`;
}

/** A table whose name no server takes for a new one. */
export function renamedSentence(table: string, made: string): string {
  return `Table "${table}" is made as "${made}": no server makes a table of its name, which stands for an old file.`;
}

/** An event that must not run any more. */
export function eventOverSentence(event: string): string {
  return `The time of event "${event}" is over: it comes back disabled, and does not run.`;
}

/** What goes with tables that are not restored. */
export function leftOutSentence(kind: string, name: string, reason: string): string {
  return `The ${kind} "${name}" is left out: ${reason}.`;
}

/** Why a table with old versions of its rows cannot come back here. */
export function historySentence(table: string): string {
  return `Table "${table}" comes with old versions of its rows, which only MariaDB 10.11 and newer take.`;
}

/** How far a restore is. */
export interface RestoreProgress {
  /**
   * Rows go in, keys of a table are built, or views, triggers and the like are made. `schedule-usable` is
   * told once: what an office needs to open its doors is there with its keys, and may be read while the rest
   * comes.
   */
  readonly phase: 'keys' | 'objects' | 'rows' | 'schedule-usable';
  /** What is worked on. */
  readonly table: string;
  /** Tables that are loaded to their end. */
  readonly tablesDone: number;
  /** Known when the archive can be read at any place. */
  readonly totalTables?: number;
  /** Rows loaded so far, of all tables. */
  readonly rows: number;
  /** Bytes of rows so far, before compression. */
  readonly plainBytes: number;
  /** Size of all rows to be loaded, before compression. */
  readonly totalPlainBytes?: number;
}
