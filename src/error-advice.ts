/** What is still safe and what to do, for every error code and activity. */

import type { Shape } from './shapes.js';

/**
 * The activity during which an error happened: a database was copied (`backup`) or restored (`restore`), a
 * copy was transferred to its store (`store`), something was only read (`read`), settings or keys of
 * administrators were saved (`settings`), or another command ran (`tool`).
 */
export type Activity = 'backup' | 'read' | 'restore' | 'settings' | 'store' | 'tool';

/** Advice for the person who reads an error. */
export interface ErrorAdvice {
  /** What is still safe. */
  readonly safe: string;
  /** What to do next. */
  readonly action: string;
}

/** Explanation of an error code; shown in `docs/ERRORS.md`. */
export interface ErrorExplanation extends ErrorAdvice {
  /** What happened, in one sentence without names. */
  readonly what: string;
  /** The activities during which it can happen, with advice that differs from the general one. */
  readonly during: Readonly<Partial<Record<Activity, Partial<ErrorAdvice>>>>;
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
  | 'source-changed'
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

const targetSafe = 'The archive is not touched, and a target that was begun stays marked as incomplete.';
const targetAgain = 'run the restore again: from an archive file it goes on where it stopped';
const readingSafe = 'Reading changed nothing.';
const backupSafe =
  'The database is not changed by a backup, and no unfinished archive is visible under a final name.';
const settingsSafe = 'The change may or may not have been saved; nothing else was changed.';
const statementSafe =
  'Statements that the server confirmed have taken effect; the last one may or may not have.';

/** The explanations of all codes; `docs/ERRORS.md` is generated from them. */
export const errorExplanations: Readonly<Record<BackupErrorCode, ErrorExplanation>> = {
  'already-running': {
    what: 'Another backup of this practice, or another restore into this database, is still running.',
    safe: 'That run goes on undisturbed and nothing was written by this one.',
    action: 'Wait for it to finish.',
    during: {
      backup: {
        action: 'Wait for it to finish. If its process is dead, the next run takes over.',
      },
      restore: {
        action:
          'Wait for it to finish. If its process is dead, it ends with its connection (KILL on the database server).',
      },
    },
  },
  'archive-damaged': {
    what: 'The archive is damaged or incomplete: a part of it does not authenticate or does not parse.',
    safe: 'Nothing of a damaged part was used, and other copies of the archive are not affected.',
    action:
      'Fetch the archive again or take another copy; as a last resort salvage restores the parts that are whole.',
    during: {
      read: {},
      restore: {
        safe: 'Nothing of a damaged part was used, other copies of the archive are not affected, and a target that was begun stays marked as incomplete.',
      },
      store: {
        safe: 'Earlier copies are not touched.',
        action: 'Run again; if it happens again, check the disk and network of the store.',
      },
      tool: {},
    },
  },
  'archive-limit-exceeded': {
    what: 'The archive needs more memory or work than any genuine archive.',
    safe: 'Reading stopped before the limit was passed.',
    action: 'Do not trust this file; take another copy.',
    during: { read: {}, restore: {}, tool: {} },
  },
  'archive-unsupported': {
    what: 'This is not a supplemental backup archive, or it was written by a newer version of the format.',
    safe: 'The file was not changed.',
    action: 'Check that it is the right file (it ends in .tar.age), and update the software if it is newer.',
    during: { read: {}, restore: {}, tool: {} },
  },
  'database-connection-lost': {
    what: 'The connection to the database server was lost before the work was done.',
    safe: statementSafe,
    action: 'Check that the server is running and run again.',
    during: {
      backup: { safe: backupSafe },
      read: { safe: readingSafe },
      restore: { safe: targetSafe, action: `Check that the server is running and ${targetAgain}.` },
      settings: {
        safe: settingsSafe,
        action: 'Check that the server is running, and make the change again where it is missing.',
      },
      tool: {},
    },
  },
  'database-query-failed': {
    what: 'The database server refused a statement.',
    safe: 'The statement had no effect.',
    action: 'Read the error number of the server in the details; the server manual explains it.',
    during: {
      backup: { safe: backupSafe },
      read: { safe: readingSafe },
      restore: {
        safe: targetSafe,
        action: `Read the error number of the server in the details, which its manual explains; remove the cause and ${targetAgain}.`,
      },
      settings: {},
      tool: {},
    },
  },
  'database-query-interrupted': {
    what: 'The database server ended a statement early: it was killed or ran into a time limit.',
    safe: 'The statement had no effect.',
    action:
      'Run again; if it happens again, look for a job or a setting on the server that ends long statements.',
    during: {
      backup: { safe: backupSafe },
      read: { safe: readingSafe },
      restore: {
        safe: targetSafe,
        action: `Look for a job or a setting on the server that ends long statements, and ${targetAgain}.`,
      },
      settings: {},
      tool: {},
    },
  },
  'database-unreachable': {
    what: 'The database server could not be reached, or it refused the login.',
    safe: 'Nothing was read and nothing was written over this connection.',
    action: 'Check that the server is running and that host, port, user and password are right.',
    during: {
      backup: { safe: backupSafe },
      read: { safe: readingSafe },
      restore: { safe: targetSafe },
      settings: { safe: 'The settings stay as they were.' },
      tool: {},
    },
  },
  'destination-missing': {
    what: 'The place for the backup copy does not exist or cannot be written.',
    safe: 'Copies made earlier are not touched.',
    action: 'Check the path or the share, its permissions and that the other computer is switched on.',
    during: { backup: {}, read: { safe: readingSafe }, restore: { safe: targetSafe }, store: {}, tool: {} },
  },
  'dump-incomplete': {
    what: 'Fewer or other rows were read than the table holds.',
    safe: 'No archive was published that claims this table complete.',
    action: 'Run again; if it happens again, check the table (CHECK TABLE … EXTENDED) before anything else.',
    during: { backup: {}, read: { safe: readingSafe }, restore: { safe: targetSafe } },
  },
  'lock-not-granted': {
    what: 'A table could not be locked in time: somebody else had locked it, or had waited too long for our read locks.',
    safe: 'This run holds no locks any more.',
    action:
      'Run again at a quieter time; look on the server for a long-running query, and for a program that locks tables without a pause.',
    during: {
      backup: { safe: 'The locks were released, so that nobody in the office had to wait.' },
      read: { safe: readingSafe },
      restore: {
        safe: targetSafe,
        action: `Close all programs that use the target, and ${targetAgain}.`,
      },
      settings: {
        safe: 'The statement had no effect.',
        action: 'Try again in a moment; look on the server for a program that holds locks for long.',
      },
    },
  },
  'no-usable-admin': {
    what: 'There is no administrator for whom the backup can be sealed.',
    safe: 'Nothing was written: an archive that nobody can open, or that anybody can open, is never made.',
    action: 'Give an administrator a password, let that person log in once, then run again.',
    during: { backup: {}, tool: {} },
  },
  'not-eligible': {
    what: 'This practice is not eligible for a backup to this destination.',
    safe: 'Nothing was written.',
    action: 'Read the listed reasons; each says what would have to change.',
    during: { backup: {} },
  },
  'password-refused': {
    what: 'The password is empty, or it is not the one of this administrator.',
    safe: 'No key was made or changed with it.',
    action: 'Type the password with which this administrator logs in; set one first where there is none.',
    during: { settings: {}, tool: {} },
  },
  'privilege-missing': {
    what: 'The database user lacks a privilege that a complete copy or restore needs.',
    safe: 'Nothing was left out silently: the run stopped.',
    action: 'Grant the privilege that the details name to the database user.',
    during: {
      backup: {},
      read: { safe: readingSafe },
      restore: {
        safe: targetSafe,
        action: `Grant the privilege that the details name to the database user of the target, and ${targetAgain}.`,
      },
      settings: { safe: 'The statement had no effect.' },
      tool: {},
    },
  },
  'restore-changed-data': {
    what: 'The target server warned while it loaded rows, and its rows differ from those of the archive, or cannot be compared.',
    safe: 'The archive is not touched; the table is left out of the target, and listed as missing.',
    action:
      'Restore to a server of the same kind and version, or read the listed warnings before accepting them.',
    during: { restore: {} },
  },
  'restore-failed': {
    what: 'The restore stopped before everything was in the target.',
    safe: 'The archive is not touched; what is complete in the target is listed.',
    action: 'Remove the cause and run the restore again: it resumes where it stopped.',
    during: { restore: {} },
  },
  'schema-changed': {
    what: 'Tables were altered while they were being read, again and again.',
    safe: 'No archive was published that mixes the two states.',
    action: 'Run again when the update or maintenance of the database has finished.',
    during: { backup: {}, read: { safe: readingSafe }, restore: { safe: targetSafe } },
  },
  'settings-invalid': {
    what: 'A setting has a value that cannot work.',
    safe: 'Nothing was done with it.',
    action: 'Correct the setting that the message names.',
    during: {
      backup: { safe: 'No copy was made with it, and copies made earlier are not touched.' },
      read: { safe: readingSafe },
      settings: { safe: 'The settings stay as they were.' },
      tool: {},
    },
  },
  'source-changed': {
    what: 'The file to be stored was changed or damaged after it was made.',
    safe: 'Nothing of it was published, and copies made earlier are not touched.',
    action:
      'Make the copy again. If it happens again, check the disk and memory of the computer that makes the copies, and look for a program that changes its files.',
    during: { store: {}, tool: {} },
  },
  'storage-exists': {
    what: 'An object of that name is already in the store, and it must not be overwritten.',
    safe: 'The existing object is not touched.',
    action: 'Choose another name, or compare the two objects.',
    during: { store: {}, tool: {} },
  },
  'storage-full': {
    what: 'There is not enough free space for the copy.',
    safe: 'Copies made earlier are not touched, and no partial copy is visible.',
    action: 'Free some space at the destination and run again.',
    during: {
      backup: { action: 'Free some space on the disk that the message names and run again.' },
      settings: {
        safe: 'What was stored before is not affected.',
        action: 'Free some space on the disk and try again.',
      },
      store: {},
      tool: {},
    },
  },
  'storage-not-found': {
    what: 'There is no object of that name in the store.',
    safe: 'Nothing was changed.',
    action: 'List what is there, and check the name.',
    during: {
      read: {},
      restore: { safe: targetSafe },
      store: { safe: 'Copies made earlier are not touched.' },
      tool: {},
    },
  },
  'storage-permanent': {
    what: 'The store refused the operation, and trying again will not help.',
    safe: 'The content of the store is unchanged.',
    action: 'Check the credentials, the permissions and the configuration of the store.',
    during: {
      read: {},
      restore: { safe: targetSafe },
      settings: { safe: 'What was stored before is not affected.' },
      store: { safe: 'No partial object is visible.' },
      tool: {},
    },
  },
  'storage-transient': {
    what: 'The store could not be reached or had a temporary fault.',
    safe: 'Everything visible in the store is complete.',
    action: 'Try again later.',
    during: {
      read: {},
      restore: { safe: targetSafe, action: `Check the line to the store and ${targetAgain}.` },
      settings: { safe: 'What was stored before is not affected.' },
      store: {
        safe: 'No partial object is visible, and what was already uploaded can be used again.',
        action: 'Try again later; the nightly run does so by itself.',
      },
      tool: {},
    },
  },
  'table-damaged': {
    what: 'The server reports that a table is damaged, or that it repaired it and lost rows.',
    safe: 'This program repaired and removed nothing.',
    action: 'Repair the table with the help of support, then run again.',
    during: {
      backup: {
        safe: 'No archive was published that claims this table complete; older archives are not touched.',
        action: 'Keep the older archives. Repair the table with the help of support, then run again.',
      },
      read: {},
      restore: {
        safe: targetSafe,
        action:
          'Check the disk and the error log of the target server, and restore into a new database, better on another disk.',
      },
      settings: { safe: 'What was stored before is not affected.' },
      tool: {},
    },
  },
  'target-refused': {
    what: 'The restore target is not empty, is a live practice, or cannot take what the archive holds.',
    safe: 'Nothing that was in the target before was changed.',
    action: 'Restore into a new database name, or say explicitly that the target may be replaced.',
    during: { restore: {} },
  },
  'verification-failed': {
    what: 'What was read back from the store is not what was written.',
    safe: 'What was read was not used, and other copies are not touched.',
    action: 'Try again; if it happens again, do not trust this store: check its disk and network.',
    during: {
      read: {},
      restore: {
        safe: 'The archive was not used.',
        action: 'Use the right file, or another copy of it.',
      },
      store: {
        safe: 'The run does not count as a success, and earlier copies are not touched.',
        action: 'Run again; if it happens again, do not trust this store: check its disk and network.',
      },
      tool: {},
    },
  },
  'window-closed': {
    what: 'The night was over before the work was done.',
    safe: 'Earlier copies are not touched. What was sealed is sent on the next night, unless a newer copy replaces it.',
    action: 'Nothing, if it happens once. If it happens often, give the backup more time or a faster line.',
    during: { backup: {}, store: {} },
  },
  'wrong-key': {
    what: 'The password or key does not open this archive.',
    safe: 'The archive is not touched; try as often as needed.',
    action:
      'Use the password that the named administrator had when the archive was made, or a newer one of the same person.',
    during: { read: {}, restore: {}, tool: {} },
  },
};

/** Whether a value is an error code. */
export const isErrorCode: Shape<BackupErrorCode> = (code): code is BackupErrorCode =>
  typeof code === 'string' && Object.hasOwn(errorExplanations, code);

/** The advice for a code, during an activity if one is known. */
export function adviceOn(code: BackupErrorCode, activity: Activity | undefined): ErrorAdvice {
  const { safe, action, during } = errorExplanations[code];
  return { safe, action, ...(activity === undefined ? {} : during[activity]) };
}
