import { serverAnswer } from '../database/server-failures.js';
import { BackupError } from '../errors.js';
import type { DumpWarning, LeftOut } from '../model/parts.js';

/** Lists of a server that live in tables of its own, which can be missing, damaged or switched off. */
export type ServerList = 'events' | 'routines';

const kindsIn: Readonly<Record<ServerList, readonly LeftOut['kind'][]>> = {
  events: ['event'],
  routines: ['function', 'procedure'],
};

/** How the objects of a list are named when nobody knows their names. */
const everyOne = '(all)';

/** What is left out because the server cannot show it, and the warning that says so. */
export interface Unseen {
  readonly leftOut: readonly LeftOut[];
  readonly warning: DumpWarning;
}

/**
 * What goes missing with a list. A copy of all the rows is worth more than none, and from a server in trouble
 * most of all.
 *
 * @param error - what the server answered
 * @param names - what is in the list, where that is known all the same
 * @throws the error, when it is not about the list: a connection, a privilege
 */
export function unseen(list: ServerList, error: unknown, names: readonly string[] = [everyOne]): Unseen {
  const answer = error instanceof BackupError ? serverAnswer(error) : undefined;
  if (!(error instanceof BackupError) || answer === undefined || !aboutList.has(error.code)) throw error;
  return missing(list, names, `the server cannot show its ${list} (it answers ${answer})`);
}

/** Events that a server has and does not show. */
export function unseenEvents(names: readonly string[]): Unseen {
  return missing(
    'events',
    names,
    'the event scheduler of the server is off for good, and the server shows no event',
  );
}

function missing(list: ServerList, names: readonly string[], reason: string): Unseen {
  return {
    leftOut: kindsIn[list].flatMap((kind) => names.map((name) => ({ kind, name, reason }))),
    warning: {
      code: `${list}-unseen`,
      message: `No ${list} are in this copy: ${reason}. Have that mended, and copy again.`,
    },
  };
}

const aboutList: ReadonlySet<string> = new Set(['database-query-failed', 'table-damaged']);
