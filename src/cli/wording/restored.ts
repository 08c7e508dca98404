import { escapeControls } from '../../escape-controls.js';
import { formatBytes, formatCount, formatSeconds, plural } from '../../quantities.js';
import type { RestorePlan } from '../../recovery/plan/plan-restore.js';
import { missingSentence } from '../../recovery/restore/missing.js';
import type { RestoreRights } from '../../recovery/restore/own-account.js';
import type { PartialRestore, RestoreReport } from '../../recovery/restore/restore-report.js';
import type { SalvagedTable, SalvageReport } from '../../recovery/salvage-archive.js';
import { formatPairs } from '../pairs.js';
import { forScreen } from './hints.js';
import { localTime } from './local-time.js';

export function renderPlan(plan: RestorePlan): string {
  const marks = { blocks: 'In the way', changes: 'Would change', note: 'Note' };
  const pairs = formatPairs([
    ['Target', `${plan.database} on ${plan.server.vendor} ${plan.server.version}`],
    ['Original', `${plan.source.vendor} ${plan.source.version}`],
    [
      'Would load',
      `${plural(plan.tables.length, 'table')}, ${formatCount(plan.rows)} rows, ${formatBytes(plan.plainBytes)}`,
    ],
    ['Possible', plan.possible ? 'yes' : 'no'],
  ]);
  const obstacles = plan.obstacles.map(
    ({ severity, message }) => `${marks[severity]}: ${escapeControls(message)}`,
  );
  return [pairs, '', ...obstacles, 'Nothing was changed.'].join('\n');
}

/** What was salvaged of a damaged archive. The loss comes first, so that nobody overlooks it. */
export function renderSalvage({ restore, whole, tables, absent, losses, unproven }: SalvageReport): string {
  if (whole) {
    const lost =
      restore.outcome === 'complete' ? 'Nothing was lost.' : 'Nothing of the archive itself was lost.';
    return `${renderRestore(restore)}\n\n${lost}`;
  }
  const [headline = 'The archive is damaged.', ...others] = losses;
  const cut = tables.filter((table) => !table.whole);
  const isKnown = ({ lost }: SalvagedTable): boolean => lost.some(({ lastPart }) => lastPart !== null);
  const known = cut
    .filter(isKnown)
    .map(
      ({ name, rows, expectedRows }) =>
        `${escapeControls(name)}: ${formatCount(rows)} of ${expectedRows === null ? 'an unknown number of' : formatCount(expectedRows)} rows`,
    );
  return [
    escapeControls(headline),
    '',
    ...listed('Absent', absent),
    'Lost:',
    ...known,
    ...others.map(escapeControls),
    ...(unproven.count > 0 && unproven.fate === 'left-out'
      ? ['Somebody who could write into the database may have forged them. --unproven restores them anyway.']
      : []),
    ...listed(
      'Possibly incomplete',
      cut.filter((table) => !isKnown(table)),
    ),
    '',
    renderRestore(restore),
  ].join('\n');
}

function listed(word: string, tables: readonly { readonly name: string }[]): readonly string[] {
  if (tables.length === 0) return [];
  return [
    `${word} (${formatCount(tables.length)}): ${tables.map(({ name }) => escapeControls(name)).join(', ')}`,
  ];
}

export function renderRestore(report: RestoreReport): string {
  const rows = report.tables.reduce((sum, table) => sum + table.rows, 0);
  const seconds = secondsUntil(report, report.finishedAt);
  const pairs = formatPairs([
    ['Database', report.database],
    ['As of', localTime(report.snapshotAt)],
    [
      'Restored',
      `${plural(report.tables.length, 'table')}, ${formatCount(rows)} rows, ${plural(report.objects.length, 'object')}`,
    ],
    ['Took', formatSeconds(seconds)],
    ...(report.scheduleUsableAt === undefined
      ? []
      : [
          [
            'Schedule',
            `usable after ${formatSeconds(secondsUntil(report, report.scheduleUsableAt))}`,
          ] as const,
        ]),
    ['Rights', inWords(report.rights)],
    ...(report.definers.length === 0
      ? []
      : [['Acts for', escapeControls(report.definers.join(', '))] as const]),
  ]);
  const notes = report.notes.map(({ message }) => escapeControls(forScreen(message)));
  return [
    ...(report.outcome === 'complete' ? [] : [...missingLines(report), '']),
    pairs,
    ...(notes.length === 0 ? [] : ['', ...notes]),
  ].join('\n');
}

function secondsUntil({ startedAt }: RestoreReport, moment: string): number {
  return (Date.parse(moment) - Date.parse(startedAt)) / 1000;
}

function inWords(rights: RestoreRights): string {
  if (rights.kind === 'own-account') return 'of an account of its own, on this database alone';
  return rights.isPrivileged
    ? 'of the login, on other databases too'
    : 'of the login, on this database alone';
}

// Missing tables come first: their rows are missing too.
function missingLines({ missing }: PartialRestore): readonly string[] {
  const tables = missing.filter(({ kind }) => kind === 'table').map(({ name }) => escapeControls(name));
  const others = plural(missing.length - tables.length, 'other object');
  return [
    tables.length === 0
      ? `All rows are restored, but ${plural(missing.length, 'object')} cannot be made in the target:`
      : `INCOMPLETE: ${plural(tables.length, 'table')} with all rows (${tables.join(', ')})${missing.length === tables.length ? '' : ` and ${others}`} cannot be made in the target:`,
    ...missing.map((each) => escapeControls(missingSentence(each))),
    'Remove the cause and run the same command again: it retries only these.',
  ];
}
