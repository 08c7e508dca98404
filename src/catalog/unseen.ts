import { serverAnswer } from '../database/server-failures.js';
import { BackupError } from '../errors.js';
import type { DumpWarning, LeftOut } from '../model/parts.js';

/** Lists that a server keeps in system tables of its own, which can be missing, damaged or disabled. */
export type ServerList = 'events' | 'routines';

const kindsIn: Readonly<Record<ServerList, readonly LeftOut['kind'][]>> = {
  events: ['event'],
  routines: ['function', 'procedure'],
};

/** Stands for all objects of a list whose names are unknown. */
const allNames = '(all)';

/** What is left out because the server cannot show it, and the warning that says so. */
export interface Unseen {
  readonly leftOut: readonly LeftOut[];
  readonly warning: DumpWarning;
}

/**
 * What a copy lacks when a list cannot be read. A copy of all rows is better than none, above all from a
 * damaged server.
 *
 * @param error - the server's error
 * @param names - the objects in the list, if known from elsewhere
 * @throws the error, when its cause is not the list, such as a lost connection or a missing privilege
 */
export function unseen(list: ServerList, error: unknown, names: readonly string[] = [allNames]): Unseen {
  const answer = error instanceof BackupError ? serverAnswer(error) : undefined;
  if (!(error instanceof BackupError) || answer === undefined || !aboutList.has(error.code)) throw error;
  return missing(list, names, `the server cannot show its ${list} (it answers ${answer})`);
}

/** The same for events that a server has and does not show. */
export function unseenEvents(names: readonly string[]): Unseen {
  return missing(
    'events',
    names,
    'the event scheduler of the server is disabled, so the server shows no events',
  );
}

function missing(list: ServerList, names: readonly string[], reason: string): Unseen {
  return {
    leftOut: kindsIn[list].flatMap((kind) => names.map((name) => ({ kind, name, reason }))),
    warning: {
      code: `${list}-unseen`,
      message: `No ${list} are in this copy: ${reason}. Repair that, and back up again.`,
    },
  };
}

const aboutList: ReadonlySet<string> = new Set(['database-query-failed', 'table-damaged']);
