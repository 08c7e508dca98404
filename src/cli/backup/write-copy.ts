import type { KeyWarning } from '../../admin/key-warning.js';
import { encryptArchive } from '../../archive/encrypt-archive.js';
import type { Label } from '../../archive/index.js';
import { describeLeftOut } from '../../catalog/describe-left-out.js';
import { dumpDatabase } from '../../dump/dump-database.js';
import type { DumpProgress } from '../../dump/dump-record.js';
import type { Snapshot } from '../../dump/snapshot.js';
import { escapeControls } from '../../escape-controls.js';
import type { Manifest } from '../../model/parts.js';
import type { RetentionPolicy } from '../../nightly/retention.js';
import { formatBytes, formatCount, formatSeconds, plural } from '../../quantities.js';
import type { CommandLine, CommandResult } from '../command.js';
import { exitCodes } from '../exit-codes.js';
import type { SealForAdmin } from '../last-admin.js';
import { type Written, writeArchive } from '../output.js';
import { formatPairs } from '../pairs.js';
import { startProgress } from '../progress.js';
import { localTime } from '../wording/local-time.js';
import type { Kept, keepOnly } from './keep-option.js';
import type { NamedPlace } from './named-place.js';

/** What to copy, and where to. */
export interface CopyOrder {
  readonly snapshot: Snapshot;
  readonly out: string;
  readonly label: Pick<Label, 'archiveId' | 'createdAt' | 'database' | 'practiceId'>;
  readonly recipients: readonly string[];
  /** Null when it is not sealed for the last administrator. */
  readonly forAdmin: SealForAdmin | null;
  /** Which older copies to keep; null for all. */
  readonly policy: RetentionPolicy | null;
  /** Null when `out` names a file. */
  readonly place: NamedPlace | null;
}

/** Reads, seals and writes one copy, and removes older ones if there is a policy. */
export async function writeCopy(
  { snapshot, out, label, recipients, forAdmin, policy, place }: CopyOrder,
  line: CommandLine,
): Promise<CommandResult> {
  const progress = startProgress(line, 'Reading', 'bytes');
  try {
    const parts = dumpDatabase(snapshot, {
      signal: line.signal,
      onProgress: (done: DumpProgress) =>
        progress.update(done.plainBytes, Math.max(done.plainBytes, done.estimatedBytes)),
    });
    const seal = forAdmin?.seal ?? { recipients: [], unlock: [], warnings: [] };
    const { warnings, recipients: ofAdmin, ...holder } = seal;
    const archive = encryptArchive(parts, {
      recipients: [...ofAdmin, ...recipients],
      label: { ...label, scope: snapshot.selection.scope, ...holder },
      signal: line.signal,
    });
    archive.manifest.catch(() => undefined);
    await place?.prepare();
    const to = place?.out ?? out;
    const written = await writeArchive(archive, to, line);
    progress.finish();
    const manifest = await archive.manifest;
    const kept =
      place === null || policy === null
        ? null
        : await removeOlder(
            policy,
            {
              place,
              copy: copyOf(place, archive.label, written, manifest),
              admins: forAdmin?.admins ?? [],
            },
            line,
          );
    if (kept !== null && !line.json) {
      for (const { message } of kept.warnings) line.stderr.write(`${escapeControls(message)}\n`);
    }
    return {
      json: {
        out: to,
        ...written,
        label: archive.label,
        keyWarnings: warnings,
        summary: withoutEntries(manifest),
        ...(kept === null ? {} : { removed: kept.removed, keepWarnings: kept.warnings }),
      },
      text: render(to, written, manifest, warnings, kept),
      to: out === '-' ? 'stderr' : 'stdout',
      exitCode: kept?.isStopped === true ? exitCodes.interrupted : exitCodes.done,
    };
  } finally {
    progress.stop();
    await place?.tidy();
  }
}

async function removeOlder(...given: Parameters<typeof keepOnly>): Promise<Kept> {
  return (await import('./keep-option.js')).keepOnly(...given);
}

function copyOf(
  place: NamedPlace,
  { archiveId, scope }: Label,
  written: Written,
  manifest: Manifest,
): Parameters<typeof keepOnly>[1]['copy'] {
  const { key, night } = place;
  return {
    archiveId,
    key,
    night,
    scope,
    bytes: written.bytes,
    sha256: written.sha256,
    tables: manifest.tables.length,
    rows: manifest.tables.reduce((sum, { rows }) => sum + rows, 0),
    plainBytes: 0,
    leftOut: manifest.leftOut,
  };
}

function withoutEntries({ entries: _, ...summary }: Manifest): Omit<Manifest, 'entries'> {
  return summary;
}

function render(
  out: string,
  written: Written,
  manifest: Manifest,
  keyWarnings: readonly KeyWarning[],
  kept: Kept | null,
): string {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const seconds = (Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)) / 1000;
  const { consistency } = manifest;
  const notes = [
    ...describeLeftOut(manifest.leftOut),
    ...[...keyWarnings, ...manifest.warnings].map(({ message }) => message),
  ];
  const pairs = formatPairs([
    ['Archive', out],
    ['Size', `${formatBytes(written.bytes)}${written.readBack ? ', read back and found equal' : ''}`],
    ['Holds', `${plural(manifest.tables.length, 'table')}, ${formatCount(rows)} rows`],
    ['Taken', `${localTime(manifest.snapshotAt)}, ${formatSeconds(seconds)} of reading`],
    [
      'Consistent',
      consistency.kind === 'consistent' ? `yes, by ${consistency.by}` : `no: ${consistency.reason}`,
    ],
    ['Locked', `${formatSeconds(manifest.lockSeconds)} during which writes had to wait`],
    ...(kept === null
      ? []
      : [['Removed', plural(kept.removed.length, 'older copy', 'older copies')] as const]),
  ]);
  return [pairs, ...(notes.length === 0 ? [] : ['', ...notes.map(escapeControls)])].join('\n');
}
