import type { AuditLog } from '../../audit.js';
import type { LoadMethod } from '../load/table-loader.js';
import type { RestoreProgress } from './restore-report.js';

/**
 * What a restore does only when it is asked to, since an archive may come from anybody: files of tables where
 * their definitions want them (`directories`), and tables that are windows into other servers, files or
 * programs, as those of the engines FEDERATED, CONNECT, SPIDER and S3 are, or MERGE over another database
 * (`outside-engines`).
 */
export type RestoreAllowance = 'directories' | 'outside-engines';

/** Options of every way to restore. */
export interface RestoreOptions {
  /**
   * Drop what is in the target first. A database that is in use is refused all the same.
   *
   * @defaultValue false
   */
  readonly replace?: boolean | undefined;
  /**
   * Only these tables. From an archive that is read at any place, nothing of the others is fetched.
   * @defaultValue all
   */
  readonly tables?: readonly string[] | undefined;
  /** Whether views, triggers, routines and events are restored. @defaultValue true, false with `tables` */
  readonly objects?: boolean | undefined;
  /**
   * Whether triggers, routines, packages, events and views that act for somebody else are restored: programs,
   * which do what whoever wrote the archive wanted. Leave them out when it is not certain whose archive it
   * is. @defaultValue true
   */
  readonly programs?: boolean | undefined;
  /**
   * Whether a restore of the same archive that was interrupted goes on where it stopped. Only from an archive
   * that is read at any place. @defaultValue true
   */
  readonly resume?: boolean | undefined;
  /** Sessions that load at the same time, each a table of its own. @defaultValue 2 */
  readonly connections?: number | undefined;
  /**
   * Whether views, triggers and so on act for the user they acted for, or for whoever restores.
   *
   * @defaultValue 'keep'
   */
  readonly definers?: 'keep' | 'strip' | undefined;
  /** Whether events that ran at the source run again at the end. @defaultValue 'as-found' */
  readonly events?: 'as-found' | 'disabled' | undefined;
  /**
   * What to do about collations, storage engines and SQL modes that the target does not know: refuse, naming
   * them all, or let the nearest known one stand in for each, listed in the report. @defaultValue false
   */
  readonly adapt?: boolean | undefined;
  /** What a definition may reach beyond the target database. @defaultValue nothing */
  readonly allow?: readonly RestoreAllowance[] | undefined;
  /**
   * `auto` takes LOAD DATA LOCAL where the server allows it, INSERT of many rows elsewhere.
   *
   * @defaultValue 'auto'
   */
  readonly method?: LoadMethod | 'auto' | undefined;
  /**
   * Milliseconds without a byte taken or a word said after which a load that stands still is given up. After
   * the last row of a table the server gets longer, for it may build keys. @defaultValue 300_000
   */
  readonly standstillTimeout?: number | undefined;
  /** Where it is noted that something was restored, and how that ended. */
  readonly audit?: AuditLog | undefined;
  /** Called often. A throw in it ends the restore. */
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
  /** Ends the work early; what was asked for then rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
}
