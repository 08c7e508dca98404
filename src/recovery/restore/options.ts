import type { AuditLog } from '../../audit.js';
import type { LoadMethod } from '../load/table-loader.js';
import type { RestoreProgress } from './restore-report.js';

/**
 * What a restore does only when it is allowed, since an archive may come from anybody: files of tables at the
 * paths in their definitions (`directories`), and tables that access other servers, files or programs, as
 * those of the engines FEDERATED, CONNECT, SPIDER and S3 do, or MERGE over another database
 * (`outside-engines`).
 */
export type RestoreAllowance = 'directories' | 'outside-engines';

/** Options of every way to restore. */
export interface RestoreOptions {
  /**
   * Drop the target first. A database that is in use is refused nevertheless.
   *
   * @defaultValue false
   */
  readonly replace?: boolean | undefined;
  /**
   * Only these tables. Nothing of the others is fetched from an archive with random access.
   * @defaultValue all
   */
  readonly tables?: readonly string[] | undefined;
  /** Whether views, triggers, routines and events are restored. @defaultValue true, false with `tables` */
  readonly objects?: boolean | undefined;
  /**
   * Whether triggers, routines, packages, events, and views of another definer are restored: programs, which
   * do what the author of the archive wanted. Leave them out when it is not certain whose archive it is.
   * @defaultValue true
   */
  readonly programs?: boolean | undefined;
  /**
   * Whether an interrupted restore of the same archive is continued where it stopped. Only from an archive
   * with random access. @defaultValue true
   */
  readonly resume?: boolean | undefined;
  /** Sessions that load at the same time, each its own table. @defaultValue 2 */
  readonly connections?: number | undefined;
  /**
   * Whether views, triggers and so on keep their definer, or get the restoring user as definer.
   *
   * @defaultValue 'keep'
   */
  readonly definers?: 'keep' | 'strip' | undefined;
  /** Whether events that were enabled at the source are enabled at the end. @defaultValue 'as-found' */
  readonly events?: 'as-found' | 'disabled' | undefined;
  /**
   * What to do about collations, storage engines and SQL modes that the target lacks: refuse, naming them
   * all, or use the most similar one for each, listed in the report. @defaultValue false
   */
  readonly adapt?: boolean | undefined;
  /** What definitions may access outside of the target database. @defaultValue nothing */
  readonly allow?: readonly RestoreAllowance[] | undefined;
  /**
   * `auto` uses LOAD DATA LOCAL if the server allows it, else INSERT with many rows.
   *
   * @defaultValue 'auto'
   */
  readonly method?: LoadMethod | 'auto' | undefined;
  /**
   * Milliseconds without progress or reply after which a load fails. After the last row of a table the limit
   * is higher, since the server may build keys. @defaultValue 300_000
   */
  readonly standstillTimeout?: number | undefined;
  /** Receives an entry when something was restored, with the result. */
  readonly audit?: AuditLog | undefined;
  /** Called often. An exception ends the restore. */
  readonly onProgress?: ((progress: RestoreProgress) => void) | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
}
