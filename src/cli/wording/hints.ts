import type { BackupError, BackupErrorCode } from '../../errors.js';

/** What was typed, as far as hints depend on it. */
export interface Typed {
  readonly command: string | undefined;
  /** Names of the options that were given, without dashes. */
  readonly options: ReadonlySet<string>;
}

/** The options that help with a failure. */
export function hintsFor(error: BackupError, typed: Typed): readonly string[] {
  return hintsByCode[error.code]?.(error, typed) ?? [];
}

type Hint = (error: BackupError, typed: Typed) => readonly string[];

const hintsByCode: Readonly<Partial<Record<BackupErrorCode, Hint>>> = {
  'wrong-key': ({ happened }, { options }) => {
    // The message already says what to type.
    if (happened.includes('--newer ')) return [];
    return options.has('identity')
      ? [
          '--identity takes a key file that the archive is sealed to. Without --identity the password is asked for.',
        ]
      : [
          'With a password newer than the archive: --newer NEWER-ARCHIVE. With a key file: --identity FILE.',
          '"supplemental-backup list FOLDER --ask" shows which archives a password opens.',
        ];
  },
  'target-refused': ({ details }, { command, options }) => {
    if (command !== 'restore') return [];
    return [
      ...(details['obstacles'] !== undefined && !options.has('adapt')
        ? ['--adapt uses the nearest collation, engine or mode instead.']
        : []),
      ...(options.has('replace') ? [] : ['--replace drops what is in the target first.']),
      '--dry-run lists all obstacles and changes nothing.',
    ];
  },
  'archive-damaged': ({ details }, { command, options }) => {
    if (command === undefined) return [];
    const isLabel = details['isLabelDamaged'] === true && command !== 'inspect';
    return [
      ...(isLabel
        ? [
            'The content may still be whole: open it with --identity FILE, or with --newer NEWER-ARCHIVE and its password.',
          ]
        : []),
      ...(options.has('salvage')
        ? []
        : ['restore --salvage restores what is whole into a database of its own, and lists what is lost.']),
    ];
  },
  'table-damaged': (_error, { command, options }) =>
    command === 'backup' && !options.has('damaged-tables')
      ? ['--damaged-tables leave-out makes a copy without what cannot be read, and lists that in it.']
      : [],
  'storage-exists': (_error, { options }) =>
    options.has('out') ? ['Give --out another name or a new folder.'] : [],
  'database-unreachable': unreachableHints,
  'privilege-missing': serverHints,
  'database-query-failed': serverHints,
};

/** Whether the host, the port, the password or the database is wrong. */
function unreachableHints({ details }: BackupError, { options }: Typed): readonly string[] {
  const option = options.has('source') ? '--source' : '--target';
  const { serverCode, errno } = details;
  const told = typeof errno === 'number' && errno > 1000 ? byNumber[errno] : byCode[String(serverCode)];
  return told === undefined ? [] : [`${option}: ${told}`];
}

const byCode: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no computer of this name was found; check the host.',
  EAI_AGAIN: 'the name of the host could not be looked up; check the network.',
  ECONNREFUSED: 'nothing listens at this port; is the server running, and is the port right?',
  ETIMEDOUT: 'the computer does not answer; is it on, and does a firewall block this port?',
  EHOSTUNREACH: 'the computer cannot be reached; is it on?',
  ENETUNREACH: 'the network cannot be reached.',
  ENOENT: 'there is no such socket; is the server running?',
  PROTOCOL_CONNECTION_LOST: 'the connection was closed at once; is this the port of a database server?',
  HANDSHAKE_SSL_ERROR: 'the TLS handshake failed; check ssl-mode and ssl-ca.',
  HANDSHAKE_NO_SSL_SUPPORT: 'the server has no TLS; check ssl-mode.',
};

const byNumber: Readonly<Record<number, string>> = {
  1044: 'this user may not use this database.',
  1045: 'the server refuses this user or password; the password may be in MYSQL_PWD.',
  1049: 'the login works, but there is no database of this name.',
  1130: 'the server accepts no logins from this computer.',
  1698: 'the server accepts no password for this user; try a socket (socketPath).',
};

/** What the server said, where the message speaks of it. */
function serverHints({ details }: BackupError): readonly string[] {
  return (['serverCode', 'errno', 'privilege', 'kind', 'name'] as const).flatMap((name) => {
    const value = details[name];
    return value === undefined ? [] : [`${words[name]}: ${String(value)}`];
  });
}

const words = {
  serverCode: 'Server says',
  errno: 'Number',
  privilege: 'Privilege',
  kind: 'Kind',
  name: 'Name',
} as const;

/** The message for a screen: details stand below it, and help is named as an option. */
export function forScreen(message: string): string {
  return message
    .replace(' in the details', ' below')
    .replace('that the details name', 'that is named here')
    .replace('; as a last resort salvage restores the parts that are whole', '')
    .replace('when programs are asked for', 'with --programs');
}

const ofAnArchive: ReadonlySet<BackupErrorCode> = new Set([
  'archive-damaged',
  'archive-limit-exceeded',
  'archive-unsupported',
  'wrong-key',
]);

/** The message with the archive's name in front, if it is about an archive and does not name it. */
export function withFile({ code, message, details }: BackupError, archive: string | undefined): string {
  const file = typeof details['file'] === 'string' ? details['file'] : archive;
  if (file === undefined || !ofAnArchive.has(code) || message.includes(file)) return message;
  return `${file}: ${message}`;
}

/** What a stopped command has left, and how to go on. */
export function stoppedSentence({ command, options }: Typed): string {
  switch (command) {
    case 'backup':
      return 'Stopped. Nothing is left of this copy, and older ones are unchanged. Run the same command to begin again.';
    case 'restore':
      if (options.has('dry-run')) return 'Stopped. Nothing was changed.';
      return `Stopped. What is in the target stays, marked as incomplete. The archive is unchanged. Run the same command ${options.has('salvage') ? 'with --replace to begin again' : 'to go on from there'}.`;
    case 'verify':
      return 'Stopped. The archive was not read to its end, so nothing is proven. Run the same command to begin again.';
    case 'rehearse':
      return 'Stopped. Nothing is proven, and the archive is unchanged. Run the same command to begin again.';
    case 'extract':
      return 'Stopped. Complete files stay in the folder; the incomplete one was removed.';
    default:
      return 'Stopped.';
  }
}
