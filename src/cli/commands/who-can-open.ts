import { describeFinding, describeOpening } from '../../admin/opening.js';
import { readAdmins } from '../../admin/read-admins.js';
import { type AdminOpening, readOpenings } from '../../admin/record-opening.js';
import type { AdminCandidate } from '../../admin/resolve-last-admin.js';
import { createDatabaseEnrollments } from '../../admin/stores/database-enrollments.js';
import { type ArchiveAccess, type CanOpenMap, whoCanOpen } from '../../admin/who-can-open.js';
import { openConnection } from '../../database/connection.js';
import { escapeControls } from '../../escape-controls.js';
import { describeOrigin, type OriginBeside } from '../../history/note-beside.js';
import { formatBytes } from '../../quantities.js';
import { type FoundArchive, type Gathered, gatherArchives } from '../archives/gather.js';
import type { Command, CommandLine } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { exitCodeOf, UsageError } from '../exit-codes.js';
import { localDay, localTime } from '../wording/local-time.js';
import { shellWord } from '../wording/shell-word.js';
import { badLines, describeScope } from './list.js';

/** `who-can-open`: whose password opens which archive. */
export const whoCanOpenCommand: Command = {
  name: 'who-can-open',
  help: `Show whose password opens which archive, and warn when only one person's does.
Reads the labels, which needs no key and verifies nothing.

Usage: supplemental-backup who-can-open ARCHIVE… [OPTIONS]

  ARCHIVE…           paths, folders, wildcards or s3://bucket/key
  --source URL       the practice's database, to see who is an admin today and
                     when one last opened a copy:
                     mysql://user@host:port/database; password in MYSQL_PWD
  --json             one JSON document
`,
  examples: [['all archives on the share of the office', 'who-can-open /media/share']],
  options: { source: { type: 'string' } },
  positionals: { least: 1, most: Number.POSITIVE_INFINITY },
  async run(given, line) {
    const gathered = await gatherArchives(given.positionals, line);
    const { practices, unlabelled, unreadable } = gathered;
    const source = given.text('source');
    if (source !== undefined && practices.length > 1) {
      const ids = practices.map(({ practiceId }) => practiceId).join(', ');
      throw new UsageError(
        `--source is the database of one practice, and the archives are of several: ${ids}.`,
      );
    }
    const today = source === undefined ? undefined : await adminsOf(source, line);
    const options = today === undefined ? {} : { admins: today.admins };
    const maps = practices.map(({ practiceId, archives }) => ({
      practiceId,
      archives,
      map: whoCanOpen(
        archives.map(({ label }) => label),
        options,
      ),
    }));
    const [first] = unreadable;
    return {
      json: {
        archives: maps.flatMap(({ practiceId, archives, map }) =>
          map.archives.map((access, index) => {
            const { paths, origin, size, label } = archives[index]!;
            const { scope, database } = label;
            return { archive: paths[0], paths, practiceId, database, scope, size, origin, ...access };
          }),
        ),
        unlabelled,
        unreadable: unreadable.map(({ archive, error }) => ({ archive, code: error.code })),
        warnings: maps.flatMap(({ practiceId, map }) =>
          map.warnings.map((each) => ({ practiceId, ...each })),
        ),
        ...(today === undefined ? {} : { openings: today.openings }),
      },
      text: [render(maps, gathered), ...(today === undefined ? [] : renderOpenings(today.openings))].join(
        '\n',
      ),
      ...(first !== undefined && { exitCode: exitCodeOf(first.error) }),
    };
  },
};

interface PracticeMap {
  readonly practiceId: string;
  readonly archives: readonly FoundArchive[];
  readonly map: CanOpenMap;
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

function render(maps: readonly PracticeMap[], gathered: Gathered): string {
  const { unlabelled, unreadable } = gathered;
  const blocks = [
    ...maps.map(practiceText),
    ...unlabelled.map(
      (location) => `${escapeControls(location)}\n  no label: opened by whoever holds its key`,
    ),
    ...(unreadable.length === 0 ? [] : [badLines(gathered).join('\n')]),
  ];
  const [newest] = maps[0]?.archives ?? [];
  if (newest !== undefined) {
    blocks.push(`Next:\n  supplemental-backup verify ${escapeControls(shellWord(newest.paths[0]))}`);
  }
  return blocks.join('\n\n');
}

function practiceText({ practiceId, archives, map }: PracticeMap): string {
  return [
    `Practice ${escapeControls(practiceId)}`,
    ...map.archives.flatMap((access, index) => {
      const { paths, size, label, origin } = archives[index]!;
      return [
        ...paths.map(escapeControls),
        `  made ${localTime(access.createdAt)}, ${describeScope(label.scope)}, ${formatBytes(size)}`,
        `  ${describe(access)}`,
        ...originOf(origin),
      ];
    }),
    ...map.warnings.map(({ message }) => `\n${escapeControls(message)}`),
  ].join('\n');
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

/** Copies of older versions have no note. */
function originOf(origin: OriginBeside): readonly string[] {
  return origin.kind === 'unsigned' ? [] : [`  ${escapeControls(describeOrigin(origin))}`];
}

function describe(access: ArchiveAccess): string {
  const keys = access.recipients.map(({ fingerprint }) => fingerprint).join(', ');
  const kits = access.recoveryKits.map(
    ({ id, createdAt }) => `\n  also the recovery kit of ${escapeControls(`${localDay(createdAt)} (${id})`)}`,
  );
  return `${opener(access)}${keys === '' ? '' : `; key ${keys}`}${kits.join('')}`;
}

function opener({ keyHolder, keySource, epoch, password, isHeldByAdmin }: ArchiveAccess): string {
  if (keyHolder === null || password === 'none') return 'opened by whoever holds its key';
  const which =
    password === 'newest' ? 'the password of that time and the newest one' : 'the password of that time';
  const how = keySource === 'enrolled' ? `enrolled, epoch ${epoch}` : 'stored hash';
  const gone = isHeldByAdmin === false ? '; not an administrator any more' : '';
  return `${escapeControls(keyHolder.userName)}: ${which} (${how}${gone})`;
}
