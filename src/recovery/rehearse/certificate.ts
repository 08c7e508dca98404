import { assertArgument } from '../../arguments.js';
import { escapeControls } from '../../escape-controls.js';
import { formatCount, formatSeconds } from '../../quantities.js';
import type { Difference } from '../compare/comparison.js';
import type { RestoreNote } from '../restore/restore-report.js';

/** A dated proof that an archive can be restored, and with what result. Holds no value of a row. */
export interface RestoreCertificate {
  /** ISO 8601, UTC. */
  readonly rehearsedAt: string;
  /** As in the label; null without one. */
  readonly archiveId: string | null;
  /** The database that was backed up. */
  readonly database: string;
  /** When the snapshot in the archive was taken. */
  readonly snapshotAt: string;
  /** The server it was restored on. */
  readonly server: string;
  /** What the restored database was compared with. */
  readonly provenAgainst: 'archive' | 'fingerprint' | 'source';
  /** Whether everything was restored without difference. */
  readonly equal: boolean;
  /** Each table that was compared. */
  readonly tables: readonly CertifiedTable[];
  /** Rows of all tables. */
  readonly rows: number;
  /** Views, triggers, routines, events and sequences. */
  readonly objects: number;
  /** How long the restore took. */
  readonly restoreSeconds: number;
  /** How long the comparison took. */
  readonly comparisonSeconds: number;
  /** The differences found. */
  readonly differences: readonly Difference[];
  /** What this rehearsal does not show. */
  readonly notTested: readonly string[];
  /** The notes of the restore. */
  readonly notes: readonly RestoreNote[];
}

/** A table that was restored. */
export interface CertifiedTable {
  /** As in the archive. */
  readonly name: string;
  /** Rows that were restored. */
  readonly rows: number;
  /** Hash of the content, computed by the server over all rows; independent of their order. Decimal text. */
  readonly hash: string;
}

/**
 * A certificate as a page for people.
 *
 * @example
 * ```ts
 * console.log(certificateText(await rehearseRestore(archive, server)));
 * ```
 */
export function certificateText(certificate: RestoreCertificate): string {
  assertArgument('certificate', certificate, 'object', {
    rehearsedAt: 'text',
    provenAgainst: 'text',
    tables: 'array',
    differences: 'array',
    notTested: 'array',
    notes: 'array',
  });
  const { equal, differences, notTested, notes, provenAgainst } = certificate;
  const against = {
    archive: 'the definitions and counts in the archive',
    fingerprint: 'the fingerprint taken of the original',
    source: 'the original database',
  }[provenAgainst];
  const lines = [
    `Restore rehearsal of ${certificate.rehearsedAt.slice(0, 10)}: ${equal ? 'PASSED' : 'FAILED'}`,
    '',
    `Database      ${certificate.database}`,
    `Archive       ${certificate.archiveId ?? 'unknown'}`,
    `State of      ${certificate.snapshotAt}`,
    `Restored on   ${certificate.server}, ${certificate.rehearsedAt}`,
    `Tables        ${formatCount(certificate.tables.length)}`,
    `Rows          ${formatCount(certificate.rows)}`,
    `Other objects ${formatCount(certificate.objects)}`,
    `Restore took  ${formatSeconds(certificate.restoreSeconds)}`,
    `Compared with ${against}, in ${formatSeconds(certificate.comparisonSeconds)}`,
  ];
  const list = (title: string, items: readonly string[]): void => {
    if (items.length > 0) lines.push('', title, ...items.map((item) => `- ${item}`));
  };
  list(
    'Differences',
    differences.map((difference) => difference.message),
  );
  list('Not tested', notTested);
  list(
    'Notes',
    notes.map((note) => note.message),
  );
  return `${lines.map(escapeControls).join('\n')}\n`;
}
