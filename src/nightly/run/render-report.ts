import { describeOpening } from '../../admin/opening.js';
import { assertArgument } from '../../arguments.js';
import { describeLeftOut } from '../../catalog/describe-left-out.js';
import { escapeControls } from '../../escape-controls.js';
import { describeUnchanged } from '../../history/loss/findings.js';
import { formatBytes, formatSeconds, plural } from '../../quantities.js';
import type { BackupReport, CopyReport, DestinationReport, ReportedChange } from './backup-report.js';

const titles: Readonly<Record<BackupReport['outcome'], string>> = {
  complete: 'every copy that was due is stored and verified',
  failed: 'NO COPY COULD BE MADE',
  'nothing-due': 'nothing was to be done',
  partial: 'NOT EVERY COPY COULD BE MADE',
};

const places: Readonly<Record<DestinationReport['destination'], string>> = {
  hq: 'Headquarters',
  local: 'Local network path',
};

const changed: Readonly<Record<ReportedChange['what'], string>> = {
  'key-holder': 'Who can open the copies',
  'network-path': 'The network path',
  recipient: 'The key that opens the copies',
  status: 'Whether backups are on',
};

/**
 * A report as plain text, for a log, a mail or a person on the telephone.
 *
 * @example
 * ```ts
 * console.log(renderReport(await runSupplementalBackup(plan)));
 * ```
 */
export function renderReport(report: BackupReport): string {
  assertArgument('report', report, 'object', {
    practiceId: 'text',
    night: 'text',
    outcome: 'text',
    destinations: 'array',
    warnings: 'array',
  });
  const { database, keyHolder, consistency } = report;
  const lines = [
    `Supplemental backup of practice ${report.practiceId}, night of ${report.night}: ${titleOf(report)}.`,
    `From ${report.startedAt} to ${report.finishedAt}.`,
  ];
  if (database !== undefined) lines.push(`Database ${database.name} on ${database.server}.`);
  if (keyHolder !== undefined) {
    const how =
      keyHolder.unlock === 'stored-hash'
        ? ' (from the password hash in the database, until the next login makes a better key)'
        : '';
    lines.push(`Opens with the password of ${keyHolder.userName} (user ${keyHolder.userNum})${how}.`);
  }
  for (const { id, owner, createdAt } of report.recoveryKits ?? []) {
    lines.push(`Also opens with the recovery kit of ${createdAt.slice(0, 10)} (${id}), kept by ${owner}.`);
  }
  if (report.opening !== undefined) {
    const { userName, lastOpenedAt, places } = report.opening;
    lines.push(`Last opened by a person: ${describeOpening({ userName, lastOpenedAt, places })}.`);
  }
  if (report.signedWith !== undefined) lines.push(`The notes are signed with ${report.signedWith}.`);
  for (const sentence of report.openingFindings ?? []) lines.push(`CHECK THIS: ${sentence}`);
  if (consistency !== undefined) {
    const locked = formatSeconds(report.lockSeconds ?? 0);
    lines.push(
      consistency.kind === 'consistent'
        ? `All tables are of one moment. The office could not write for ${locked}.`
        : `The tables are not all of one moment: ${consistency.reason}. The office could not write for ${locked}.`,
    );
  }
  if (report.unchangedSince !== undefined) lines.push(describeUnchanged(report.unchangedSince));
  for (const destination of report.destinations) lines.push('', ...renderDestination(destination));
  if (report.looksLikeLoss !== undefined) {
    lines.push('', 'DATA SEEMS TO BE LOST. No copy is removed until this is acknowledged:');
    lines.push(...report.looksLikeLoss.map((sentence) => `  ${sentence}`));
  }
  if (report.rehearsal !== undefined) {
    lines.push(
      '',
      `Rehearsal of a restore: ${report.rehearsal.ok ? 'good' : 'FAILED'}. ${report.rehearsal.summary}`,
    );
  }
  if (report.changes !== undefined) {
    lines.push('', 'Changed since the last night:');
    for (const { what, before, after } of report.changes) {
      lines.push(`  ${changed[what]}: "${before}" became "${after}".`);
    }
  }
  if (report.warnings.length > 0) {
    lines.push('', 'Warnings:', ...report.warnings.map(({ message }) => `  ${message}`));
  }
  return `${lines.map(escapeControls).join('\n')}\n`;
}

function titleOf({ outcome, destinations }: BackupReport): string {
  const isSealed = destinations.some((each) => each.outcome === 'waiting');
  return outcome === 'failed' && isSealed
    ? 'NO COPY IS STORED YET; the sealed copy waits for the next run'
    : titles[outcome];
}

function renderDestination(report: DestinationReport): string[] {
  const { copy, error, store } = report;
  const place = `${places[report.destination]}${store === undefined ? '' : ` (${store})`}`;
  const lines: string[] = [];
  switch (report.outcome) {
    case 'verified':
      lines.push(`${place}: stored, read back and found whole.`);
      break;
    case 'waiting':
      lines.push(`${place}: NOT STORED YET. The sealed copy waits in the spool; the next run sends it.`);
      break;
    case 'failed':
      lines.push(`${place}: FAILED.`);
      break;
    case 'not-due':
      lines.push(`${place}: not due this night.`);
      break;
    case 'not-eligible':
      lines.push(`${place}: not possible.`);
      break;
  }
  for (const reason of report.ineligible ?? []) lines.push(`  ${reason.sentence}`);
  if (error !== undefined) lines.push(`  ${error.message}`);
  if (copy !== undefined) lines.push(...renderCopy(copy));
  for (const late of report.caughtUp) lines.push(`  The copy of ${late.night} arrived too: ${late.key}`);
  if (report.removed.length > 0)
    lines.push(`  ${plural(report.removed.length, 'older copy was', 'older copies were')} removed.`);
  if (report.head !== undefined) {
    lines.push(`  Signed note ${report.head.number} is the newest here (SHA-256 ${report.head.hash}).`);
  }
  if (report.readSince !== undefined) {
    lines.push(`  Every copy here was read back whole since ${report.readSince}.`);
  }
  for (const key of report.unproven ?? []) lines.push(`  NOT PROVEN: ${key} could not be read back.`);
  for (const sentence of report.troubles ?? []) lines.push(`  CHECK THIS: ${sentence}`);
  if (report.outcome !== 'verified' && report.lastVerifiedAt !== undefined) {
    lines.push(`  The newest verified copy here is of ${report.lastVerifiedAt}.`);
  }
  return lines;
}

function renderCopy(copy: CopyReport): string[] {
  return [
    `  ${copy.scope === 'full' ? 'A full copy' : 'The critical tables'}: ${plural(copy.tables, 'table')}, ${plural(copy.rows, 'row')}, ${formatBytes(copy.plainBytes)} of data in ${formatBytes(copy.bytes)}.`,
    `  ${copy.key}`,
    `  SHA-256 ${copy.sha256}`,
    ...describeLeftOut(copy.leftOut).map((line) => `  ${line}`),
  ];
}
