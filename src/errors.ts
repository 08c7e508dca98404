/**
 * The one error family of the library: {@link BackupError}, told apart by a closed union of codes.
 *
 * Every code carries three plain sentences for the person who reads it: what happened, what is still safe, and what
 * to do. Programmer mistakes are not in the family: they are `TypeError` and `RangeError` naming the argument.
 */

/** What a reader of an error needs to know about its code. Rendered into `docs/ERRORS.md`. */
export interface ErrorExplanation {
  /** What happened, in one sentence without names. */
  readonly what: string;
  /** What is still safe. */
  readonly safe: string;
  /** What to do next. */
  readonly action: string;
}

/** Every code a {@link BackupError} can have. */
export type BackupErrorCode =
  | 'already-running'
  | 'archive-damaged'
  | 'archive-limit-exceeded'
  | 'archive-unsupported'
  | 'database-connection-lost'
  | 'database-query-failed'
  | 'database-query-interrupted'
  | 'database-unreachable'
  | 'destination-missing'
  | 'dump-incomplete'
  | 'lock-not-granted'
  | 'no-usable-admin'
  | 'not-eligible'
  | 'password-refused'
  | 'privilege-missing'
  | 'restore-changed-data'
  | 'restore-failed'
  | 'schema-changed'
  | 'settings-invalid'
  | 'storage-exists'
  | 'storage-full'
  | 'storage-not-found'
  | 'storage-permanent'
  | 'storage-transient'
  | 'table-damaged'
  | 'target-refused'
  | 'verification-failed'
  | 'window-closed'
  | 'wrong-key';

/** The page of every code; `docs/ERRORS.md` is generated from it. */
export const errorExplanations: Readonly<Record<BackupErrorCode, ErrorExplanation>> = {
  'already-running': {
    what: 'Another backup of this practice, or another restore into this database, is still running.',
    safe: 'That run goes on undisturbed and nothing was written by this one.',
    action:
      'Wait for it to finish. If its process lives no more, the guard of a backup frees itself at the next start, and a restore is let go when its connection ends (KILL on the database server).',
  },
  'archive-damaged': {
    what: 'The archive is damaged or incomplete: a part of it does not authenticate or does not parse.',
    safe: 'Nothing of a damaged part was used, and other copies of the archive are not affected.',
    action:
      'Fetch the archive again or take another copy; as a last resort salvage restores the parts that are whole.',
  },
  'archive-limit-exceeded': {
    what: 'The archive asks for more memory or work than a genuine one ever does.',
    safe: 'Reading stopped before the limit was passed.',
    action: 'Do not trust this file; take another copy.',
  },
  'archive-unsupported': {
    what: 'This is not a supplemental backup archive, or it was written by a newer version of the format.',
    safe: 'The file was not changed.',
    action: 'Check that it is the right file (it ends in .tar.age), and update the software if it is newer.',
  },
  'database-connection-lost': {
    what: 'The connection to the database server was lost before the work was done.',
    safe: 'The database is not changed by a backup, and no unfinished archive is visible under a final name.',
    action: 'Check that the server is running and run again.',
  },
  'database-query-failed': {
    what: 'The database server refused a statement.',
    safe: 'The database is not changed by a backup, and no unfinished archive is visible under a final name.',
    action: 'Read the error number of the server in the details; the server manual explains it.',
  },
  'database-query-interrupted': {
    what: 'The database server ended a statement early: it was killed or ran into a time limit.',
    safe: 'The database is not changed by a backup, and no unfinished archive is visible under a final name.',
    action:
      'Run again; if it happens again, look for a job or a setting on the server that ends long statements.',
  },
  'database-unreachable': {
    what: 'The database server could not be reached, or it refused the login.',
    safe: 'Nothing was read and nothing was written.',
    action: 'Check that the server is running and that host, port, user and password are right.',
  },
  'destination-missing': {
    what: 'The place for the backup copy does not exist or cannot be written.',
    safe: 'Copies made earlier are not touched.',
    action: 'Check the path or the share, its permissions and that the other computer is switched on.',
  },
  'dump-incomplete': {
    what: 'Fewer or other rows were read than the table holds.',
    safe: 'No archive was published that claims this table complete.',
    action: 'Run again; if it happens again, check the table (CHECK TABLE … EXTENDED) before anything else.',
  },
  'lock-not-granted': {
    what: 'A table was not to be had in time: somebody had locked it, or had waited too long for our own read locks.',
    safe: 'The locks were let go, so that nobody in the office had to wait.',
    action:
      'Run again at a quieter time; look on the server for a long-running query, and for a program that locks tables without a pause.',
  },
  'no-usable-admin': {
    what: 'No administrator can be found for whom the backup could be sealed.',
    safe: 'Nothing was written: an archive that nobody can open, or that anybody can open, is never made.',
    action: 'Give an administrator a password and let him log in once, then run again.',
  },
  'not-eligible': {
    what: 'This practice is not eligible for a backup to this destination.',
    safe: 'Nothing was written.',
    action: 'Read the listed reasons; each says what would have to change.',
  },
  'password-refused': {
    what: 'The password is empty, or it is not the one of this administrator.',
    safe: 'No key was made or changed with it.',
    action: 'Type the password with which this administrator logs in; set one first where there is none.',
  },
  'privilege-missing': {
    what: 'The database user lacks a privilege that a complete copy or restore needs.',
    safe: 'Nothing was left out silently: the run stopped.',
    action: 'Grant the privilege that the details name to the database user.',
  },
  'restore-changed-data': {
    what: 'The target server warned while it took rows, and what it holds is not what it was given, or cannot be compared.',
    safe: 'The archive is not touched; the target is marked as incomplete.',
    action:
      'Restore to a server of the same kind and version, or read the listed warnings before accepting them.',
  },
  'restore-failed': {
    what: 'The restore stopped before everything was in the target.',
    safe: 'The archive is not touched; what is complete in the target is listed.',
    action: 'Remove the cause and run the restore again: it resumes where it stopped.',
  },
  'schema-changed': {
    what: 'Tables were altered while they were being read, again and again.',
    safe: 'No archive was published that mixes the two states.',
    action: 'Run again when the update or maintenance of the database has finished.',
  },
  'settings-invalid': {
    what: 'A setting has a value that cannot work.',
    safe: 'The settings stay as they were.',
    action: 'Correct the setting that the message names.',
  },
  'storage-exists': {
    what: 'An object of that name is already in the store, and it must not be overwritten.',
    safe: 'The existing object is not touched.',
    action: 'Choose another name, or compare the two objects.',
  },
  'storage-full': {
    what: 'There is not enough free space for the copy.',
    safe: 'Copies made earlier are not touched, and no partial copy is visible.',
    action: 'Free some space at the destination and run again.',
  },
  'storage-not-found': {
    what: 'There is no object of that name in the store.',
    safe: 'Nothing was changed.',
    action: 'List what is there, and check the name.',
  },
  'storage-permanent': {
    what: 'The store refused the operation, and trying again will not help.',
    safe: 'No partial object is visible.',
    action: 'Check the credentials, the permissions and the configuration of the store.',
  },
  'storage-transient': {
    what: 'The store could not be reached or had a passing fault.',
    safe: 'No partial object is visible, and what was already uploaded can be used again.',
    action: 'Try again later; the nightly run does so by itself.',
  },
  'table-damaged': {
    what: 'The server reports that a table is damaged, or that it repaired it and lost rows.',
    safe: 'No archive was published that claims this table complete; older archives are not touched.',
    action: 'Keep the older archives. Repair the table with the help of support, then run again.',
  },
  'target-refused': {
    what: 'The restore target is not empty, is a live practice, or cannot take what the archive holds.',
    safe: 'Nothing that was in the target before was changed.',
    action: 'Restore into a new database name, or say explicitly that the target may be replaced.',
  },
  'verification-failed': {
    what: 'What was read back from the store is not what was written.',
    safe: 'The run does not count as a success, and earlier copies are not touched.',
    action: 'Run again; if it happens again, do not trust this store: check its disk and network.',
  },
  'window-closed': {
    what: 'The night was over before the work was done.',
    safe: 'Nothing holds up the office, and what was already sealed or sent is used again on the next night.',
    action:
      'Nothing, if it happens once. If it happens often, give the backup more time or the office a faster line.',
  },
  'wrong-key': {
    what: 'The password or key does not open this archive.',
    safe: 'The archive is not touched; try as often as needed.',
    action:
      'Use the password that the named administrator had when the archive was made, or a newer one of the same person.',
  },
};

/** Facts for programs: names of tables and objects, numbers, reasons. Never a value of a row, a password or a key. */
export type ErrorDetails = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** Options of {@link BackupError}. */
export interface BackupErrorOptions {
  /** The lower-level error, if there was one. */
  readonly cause?: unknown;
  /** Facts for programs. */
  readonly details?: ErrorDetails | undefined;
}

/**
 * Every failure that is not a programmer's mistake. Its message says what happened, what is still safe and what to
 * do; `code` tells programs the same.
 *
 * @example
 * ```ts
 * // A store of one's own speaks the same language:
 * const refused = new BackupError('storage-transient', 'The bucket "copies" did not answer.', { details: { status: 503 } });
 * console.error(refused.code, refused.message);
 * ```
 */
export class BackupError extends Error {
  override readonly name: 'BackupError' = 'BackupError';
  /** Which of the closed set of failures this is. */
  readonly code: BackupErrorCode;
  /** Facts for programs. */
  readonly details: ErrorDetails;

  /**
   * Says what happened; what is safe and what to do come with the code.
   *
   * @param code - which failure
   * @param happened - one sentence that names the thing it happened to; holds no row value, password or key
   * @param options - cause and details
   */
  constructor(code: BackupErrorCode, happened: string, options: BackupErrorOptions = {}) {
    const { safe, action } = errorExplanations[code];
    super(
      `${happened} ${safe} ${action}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.details = options.details ?? {};
  }
}

/**
 * Whether something thrown is a {@link BackupError}, and of that code when one is given. Goes by the shape, so that
 * it also holds across two installed copies of the library.
 *
 * @example
 * ```ts
 * try {
 *   await openArchive(source, { password: 'not this one' });
 * } catch (error) {
 *   if (!isBackupError(error, 'wrong-key')) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export function isBackupError<Code extends BackupErrorCode = BackupErrorCode>(
  thrown: unknown,
  code?: Code,
): thrown is BackupError & { readonly code: Code } {
  if (!(thrown instanceof Error) || thrown.name !== 'BackupError' || !('code' in thrown)) return false;
  return code === undefined ? Object.hasOwn(errorExplanations, String(thrown.code)) : thrown.code === code;
}
