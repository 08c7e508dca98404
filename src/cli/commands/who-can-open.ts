import { describeFinding, describeOpening } from '../../admin/opening.js';
import { readAdmins } from '../../admin/read-admins.js';
import { type AdminOpening, readOpenings } from '../../admin/record-opening.js';
import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import { createDatabaseEnrollments } from '../../admin/stores/database-enrollments.js';
import { type ArchiveAccess, type CanOpenMap, whoCanOpen } from '../../admin/who-can-open.js';
import { inspectArchive, type Label } from '../../archive/index.js';
import { openConnection } from '../../database/connection.js';
import { type BackupError, isBackupError } from '../../errors.js';
import { escapeControls } from '../../escape-controls.js';
import { describeOrigin, type OriginBeside } from '../../history/note-beside.js';
import type { Command, CommandLine } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { exitCodeOf } from '../exit-codes.js';
import { openLocation } from '../location.js';
import { readOrigin } from '../origin.js';

/** `who-can-open`: whose password opens which archive. */
export const whoCanOpenCommand: Command = {
  name: 'who-can-open',
  help: `Show whose password opens which archive, and warn when only one person's does.
Goes by the labels, which need no key and are not proven by one.

Usage: supplemental-backup who-can-open ARCHIVE… [OPTIONS]

  ARCHIVE…           paths or s3://bucket/key, all of one practice
  --source URL       the practice's database, to see who is an admin today and
                     when one last opened a copy:
                     mysql://user@host:port/database; password in MYSQL_PWD
  --json             one JSON document
`,
  options: { source: { type: 'string' } },
  positionals: { least: 1, most: Number.POSITIVE_INFINITY },
  async run(given, line) {
    const labels: Label[] = [];
    const names = new Map<string, string>();
    const origins = new Map<string, OriginBeside>();
    const unlabelled: string[] = [];
    const unreadable: Unreadable[] = [];
    for (const location of given.positionals) {
      const label = await labelOf(location, line).catch((error: unknown) => {
        line.signal.throwIfAborted();
        if (!isBackupError(error)) throw error;
        unreadable.push({ archive: location, error });
        return undefined;
      });
      if (label === undefined) continue;
      if (label === null) unlabelled.push(location);
      else {
        labels.push(label);
        origins.set(label.archiveId, label.origin);
        names.set(label.archiveId, location);
      }
    }
    // One that cannot be read hides no other; when there is no other, it is the failure.
    const [first] = unreadable;
    if (first !== undefined && unreadable.length === given.positionals.length) throw first.error;
    const source = given.text('source');
    const today = source === undefined ? undefined : await adminsOf(source, line);
    const map = whoCanOpen(labels, today === undefined ? {} : { admins: today.admins });
    return {
      json: {
        archives: map.archives.map((access) => ({
          archive: names.get(access.archiveId),
          origin: origins.get(access.archiveId),
          ...access,
        })),
        unlabelled,
        unreadable: unreadable.map(({ archive, error }) => ({ archive, code: error.code })),
        warnings: map.warnings,
        ...(today === undefined ? {} : { openings: today.openings }),
      },
      text: [
        render(map, { names, origins }, unlabelled, unreadable),
        ...(today === undefined ? [] : renderOpenings(today.openings)),
      ].join('\n'),
      ...(first !== undefined && { exitCode: exitCodeOf(first.error) }),
    };
  },
};

interface Unreadable {
  readonly archive: string;
  readonly error: BackupError;
}

async function labelOf(
  location: string,
  line: CommandLine,
): Promise<(Label & { readonly origin: OriginBeside }) | null> {
  const archive = await openLocation(location, line);
  try {
    const { label } = await inspectArchive(archive, { signal: line.signal });
    if (label === null) return null;
    return { ...label, origin: await readOrigin(location, { ...label, size: archive.size }, line) };
  } finally {
    await archive.close();
  }
}

async function adminsOf(
  source: string,
  line: CommandLine,
): Promise<{ readonly admins: readonly AdminCandidate[]; readonly openings: readonly AdminOpening[] }> {
  const address = readDatabaseUrl(source, 'source', line.env);
  const io = { signal: line.signal };
  const connection = await openConnection(address, io);
  try {
    const admins = await readAdmins(connection, io);
    return { admins, openings: await readOpenings(createDatabaseEnrollments(address), admins, io) };
  } finally {
    await connection.close();
  }
}

function render(
  map: CanOpenMap,
  {
    names,
    origins,
  }: {
    readonly names: ReadonlyMap<string, string>;
    readonly origins: ReadonlyMap<string, OriginBeside>;
  },
  unlabelled: readonly string[],
  unreadable: readonly Unreadable[],
): string {
  const lines = map.archives.map(
    (access) =>
      `${escapeControls(names.get(access.archiveId)!)}\n  ${access.createdAt}  ${describe(access)}${originOf(origins.get(access.archiveId))}`,
  );
  lines.push(
    ...unlabelled.map(
      (location) => `${escapeControls(location)}\n  no label: opened by whoever holds its key`,
    ),
  );
  lines.push(
    ...unreadable.map(
      ({ archive, error }) =>
        `${escapeControls(archive)}\n  cannot be read: ${escapeControls(error.message)}`,
    ),
  );
  lines.push(...map.warnings.map(({ message }) => `\n${escapeControls(message)}`));
  return lines.join('\n');
}

function renderOpenings(openings: readonly AdminOpening[]): readonly string[] {
  const [newest] = openings;
  const lines =
    newest?.lastOpenedAt == null
      ? ['', 'No administrator of today has opened a copy yet, as far as is kept in the database.']
      : ['', `Last opened by ${describeOpening({ ...newest, lastOpenedAt: newest.lastOpenedAt })}.`];
  for (const { userName, findings } of openings) {
    lines.push(...findings.map((finding) => describeFinding(finding, userName)));
  }
  return lines.map(escapeControls);
}

/** Told where there is a note; a copy of before there were notes has none. */
function originOf(origin: OriginBeside | undefined): string {
  return origin === undefined || origin.kind === 'unsigned'
    ? ''
    : `\n  ${escapeControls(describeOrigin(origin))}`;
}

function describe(access: ArchiveAccess): string {
  const keys = access.recipients.map(({ fingerprint }) => fingerprint).join(', ');
  return keys === '' ? opener(access) : `${opener(access)}; key ${keys}`;
}

function opener({ keyHolder, keySource, epoch, password, isHeldByAdmin }: ArchiveAccess): string {
  if (keyHolder === null || password === 'none') return 'opened by whoever holds its key';
  const which =
    password === 'newest' ? 'the password of its time and the newest one' : 'the password of its time';
  const how = keySource === 'enrolled' ? `enrolled, epoch ${epoch}` : 'stored hash';
  const gone = isHeldByAdmin === false ? '; no administrator any more' : '';
  return `${escapeControls(keyHolder.userName)}: ${which} (${how}${gone})`;
}
