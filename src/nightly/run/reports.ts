import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import { makeFolder } from '../../files/sync.js';
import { fromJson } from '../../shapes.js';
import { type BackupReport, type DestinationReport, outcomesByRank } from './backup-report.js';
import { isBackupReport } from './report-shape.js';

/**
 * Stores a report in the spool: in `reports` by its night, and as `last-report.json`. A later run of a night
 * adds to the results of an earlier one and removes none; a run by hand has a report of its own.
 *
 * @param spool - its folder
 * @throws BackupError `storage-…`
 */
export async function keepReport(spool: string, report: BackupReport, scheduled: boolean): Promise<void> {
  const folder = join(spool, 'reports');
  const last = join(spool, 'last-report.json');
  await makeFolder(folder, 0o700);
  const { night, startedAt } = report;
  const byHand = `${night}-by-hand-${startedAt.replace(/\D/g, '').slice(0, 14)}`;
  const path = join(folder, `${scheduled ? night : byHand}.json`);
  const earlier = scheduled ? await readReport(path) : null;
  const kept = earlier?.night === night ? joinReports(earlier, report) : report;
  const text = format(kept);
  await replaceFile(path, text);
  const before = scheduled ? null : await readReport(last);
  if (before?.night === night && worthOf(before) > worthOf(report)) return;
  await replaceFile(last, text);
}

/** Joins two runs of one night: the best outcome of each destination, and what either of them found. */
export function joinReports(earlier: BackupReport, later: BackupReport): BackupReport {
  const destinations = later.destinations.map((after) => {
    const before = earlier.destinations.find(({ destination }) => destination === after.destination);
    return before === undefined ? after : joinDestinations(before, after);
  });
  const asked = new Set(destinations.map(({ destination }) => destination));
  // The plan may have lost one since.
  destinations.push(...earlier.destinations.filter(({ destination }) => !asked.has(destination)));
  // The later run may have found a change.
  const { unchangedSince: _, ...read } = earlier;
  const before = later.database === undefined ? earlier : read;
  const isBetter = worthOf(later) >= worthOf(earlier);
  return {
    ...(isBetter ? { ...before, ...later } : { ...later, ...before }),
    startedAt: earlier.startedAt,
    finishedAt: later.finishedAt,
    outcome: outcomeOf(destinations),
    destinations,
    ...joinLists(earlier, later, 'changes', 'looksLikeLoss', 'openingFindings'),
    warnings: [...earlier.warnings, ...later.warnings],
  };
}

function joinDestinations(before: DestinationReport, after: DestinationReport): DestinationReport {
  const best =
    outcomesByRank.indexOf(before.outcome) > outcomesByRank.indexOf(after.outcome) ? before : after;
  // As the place was when it was looked at last.
  const { lastVerifiedAt, head, readSince } = { ...before, ...after };
  return {
    ...best,
    caughtUp: [...before.caughtUp, ...after.caughtUp],
    removed: [...before.removed, ...after.removed],
    ...(lastVerifiedAt === undefined ? {} : { lastVerifiedAt }),
    ...(head === undefined ? {} : { head }),
    ...(readSince === undefined ? {} : { readSince }),
    ...joinLists(before, after, 'troubles', 'unproven'),
  };
}

/** What stands in either list, each once. A list that both lack stays away. */
function joinLists<From extends object, Name extends keyof From>(
  earlier: From,
  later: From,
  ...names: readonly Name[]
): Pick<From, Name> {
  const lists = names.flatMap((name) => {
    const all = [earlier[name], later[name]].flatMap(
      (list) => (Array.isArray(list) ? list : []) as unknown[],
    );
    const once = all.filter((item, i) => all.findIndex((each) => isDeepStrictEqual(each, item)) === i);
    return once.length === 0 ? [] : [[name, once]];
  });
  return Object.fromEntries(lists) as Pick<From, Name>;
}

/** The outcome of all destinations together. */
export function outcomeOf(
  destinations: readonly Pick<DestinationReport, 'outcome'>[],
): BackupReport['outcome'] {
  const due = destinations.filter(({ outcome }) => outcome !== 'not-due' && outcome !== 'not-eligible');
  if (due.length === 0) return 'nothing-due';
  const verified = due.filter(({ outcome }) => outcome === 'verified').length;
  if (verified === due.length) return 'complete';
  return verified > 0 ? 'partial' : 'failed';
}

function worthOf({ outcome }: BackupReport): number {
  return ['nothing-due', 'failed', 'partial', 'complete'].indexOf(outcome);
}

async function readReport(path: string): Promise<BackupReport | null> {
  // What cannot be read may be replaced.
  const report = fromJson((await readFileIfThere(path).catch(() => null)) ?? '');
  return isBackupReport(report) ? report : null;
}

function format(report: BackupReport): string {
  return `${JSON.stringify(report, null, 1)}\n`;
}
