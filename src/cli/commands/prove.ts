import { describeFinding, type OpenedPlace } from '../../admin/opening.js';
import type { OpeningProof, ProvenPlace } from '../../admin/opening-proof.js';
import { proveOpening } from '../../admin/prove-opening.js';
import { readAdmins } from '../../admin/read-admins.js';
import { type AdminCandidate, resolveLastAdmin } from '../../admin/resolve-last-admin.js';
import { createDatabaseEnrollments } from '../../admin/stores/database-enrollments.js';
import { createFileEnrollments } from '../../admin/stores/file-enrollments.js';
import { openConnection } from '../../database/connection.js';
import { BackupError } from '../../errors.js';
import { escapeControls } from '../../escape-controls.js';
import { formatBytes } from '../../quantities.js';
import type { Arguments, Command, CommandLine } from '../command.js';
import { readDatabaseUrl } from '../database-option.js';
import { exitCodes, UsageError } from '../exit-codes.js';
import { storeAt } from '../location.js';
import { askPassword, readPasswordFromDescriptor } from '../password.js';
import { localTime } from '../wording/local-time.js';

/** `prove`: that a person can open the newest copies. */
export const proveCommand: Command = {
  name: 'prove',
  help: `Prove that the newest copies open with an administrator's password: the label,
the key, the manifest and a sample of the rows. The result is kept beside the
key. Exit code 4 when a copy does not open or differs.

Usage: supplemental-backup prove STORE… --source URL --practice-id ID [OPTIONS]

  STORE…             folders, or s3://bucket/key: any key in the store
  --source URL       the practice's database, to see who is an admin:
                     mysql://user@host:port/database; password in MYSQL_PWD
  --practice-id ID   as the service has it
  --user NAME        whose password; by default the admin who logged in last
  --password-fd N    read the password from descriptor N; else it is asked for
  --keys FILE        the service's file of keys, if they are not in the database
  --json             one JSON document
`,
  examples: [
    [
      'the password is asked for',
      'prove /media/share --source mysql://sb@localhost/od \\\n    --practice-id 4711',
    ],
  ],
  options: {
    source: { type: 'string' },
    'practice-id': { type: 'string' },
    user: { type: 'string' },
    'password-fd': { type: 'string' },
    keys: { type: 'string' },
  },
  positionals: { least: 1, most: 16 },
  async run(given, line) {
    const database = readDatabaseUrl(given.required('source'), 'source', line.env);
    const practiceId = given.required('practice-id');
    const stores = await Promise.all(
      given.positionals.map(async (location) => ({
        place: location.slice(0, 200),
        storage: await storeAt(location, line),
      })),
    );
    const connection = await openConnection(database, { signal: line.signal });
    let admin: AdminCandidate;
    try {
      admin = adminOf(await readAdmins(connection, { signal: line.signal }), given.text('user'));
    } finally {
      await connection.close();
    }
    const keys = given.text('keys');
    const store =
      keys === undefined ? createDatabaseEnrollments(database) : createFileEnrollments({ path: keys });
    const password = await passwordOf(admin, given, line);
    let proof: OpeningProof;
    try {
      proof = await proveOpening(admin, password, {
        store,
        stores,
        practiceId,
        isAsked: true,
        signal: line.signal,
      });
    } finally {
      password.fill(0);
    }
    const { opening, isKept } = await proof.finished;
    const { userNum, userName } = admin;
    const isGood = opening.findings.length === 0 && proof.places.some(({ outcome }) => outcome === 'opened');
    return {
      json: { good: isGood, userNum, userName, places: proof.places, opening, isKept },
      text: [
        ...proof.places.map((each) => describePlace(each, opening.places)),
        ...opening.findings.map((finding) => describeFinding(finding, userName)),
        ...(isKept
          ? []
          : [
              'The result was not recorded: this administrator is not enrolled yet. The next login does that.',
            ]),
      ]
        .map(escapeControls)
        .join('\n'),
      exitCode: isGood ? exitCodes.done : opening.findings.length > 0 ? exitCodes.damaged : exitCodes.failed,
    };
  },
};

function adminOf(admins: readonly AdminCandidate[], name: string | undefined): AdminCandidate {
  if (name !== undefined) {
    const found = admins.find(({ userName, isHidden }) => !isHidden && userName === name);
    if (found === undefined) throw new UsageError(`No administrator is called "${name}".`);
    return found;
  }
  const last = resolveLastAdmin(admins, { asOf: new Date() });
  if (last.kind === 'found' || last.kind === 'unsupported-hash') return last.admin;
  throw new BackupError('no-usable-admin', last.sentence, { details: { reason: last.kind } });
}

async function passwordOf(
  { userName }: AdminCandidate,
  given: Arguments,
  line: CommandLine,
): Promise<Uint8Array> {
  const descriptor = given.text('password-fd');
  return descriptor === undefined
    ? askPassword(line, `Password of ${escapeControls(userName)}: `)
    : readPasswordFromDescriptor(descriptor);
}

function describePlace(
  { place, outcome, createdAt, keyHolder, code }: ProvenPlace,
  opened: readonly OpenedPlace[],
): string {
  const at = localTime(createdAt ?? '');
  switch (outcome) {
    case 'opened': {
      const found = opened.find((each) => each.place === place);
      const read =
        found === undefined
          ? 'it opened'
          : `${formatBytes(found.readBytes)} of ${formatBytes(found.rowBytes)} of rows were read and are equal`;
      return `${place}: opened the copy of ${at}; ${read}.`;
    }
    case 'not-opened':
      return `${place}: THE COPY OF ${at} DOES NOT OPEN.`;
    case 'other-holder':
      return `${place}: the copy of ${at} is sealed for "${keyHolder?.userName}", so this password cannot test it.`;
    case 'empty':
      return `${place}: there is no copy.`;
    case 'unreachable':
      return `${place}: could not be read (${code}).`;
  }
}
