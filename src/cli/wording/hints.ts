import type { BackupError, BackupErrorCode } from '../../errors.js';

/** What was typed, as far as a hint goes by it. */
export interface Typed {
  readonly command: string | undefined;
  /** Names of the options that were given, without dashes. */
  readonly options: ReadonlySet<string>;
}

/** What a person can type next about a failure: the option that helps, by its name. */
export function hintsFor(error: BackupError, typed: Typed): readonly string[] {
  return hintsByCode[error.code]?.(error, typed) ?? [];
}

type Hint = (error: BackupError, typed: Typed) => readonly string[];

const hintsByCode: Readonly<Partial<Record<BackupErrorCode, Hint>>> = {
  'wrong-key': ({ happened }, { options }) => {
    // It says already what to type.
    if (happened.includes('--newer ')) return [];
    return options.has('identity')
      ? [
          '--identity takes the key file of a key that the archive is sealed to; without it a password is asked for.',
        ]
      : [
          'A password that is newer than the archive: --newer NEWER-ARCHIVE. A key file: --identity FILE.',
          '"supplemental-backup list FOLDER --ask" says which archives a password opens.',
        ];
  },
  'target-refused': ({ details }, { command, options }) => {
    if (command !== 'restore') return [];
    return [
      ...(details['obstacles'] !== undefined && !options.has('adapt')
        ? ['--adapt lets the nearest collation, engine or mode stand in.']
        : []),
      ...(options.has('replace') ? [] : ['--replace drops what is in the target first.']),
      '--dry-run shows all that is in the way, and changes nothing.',
    ];
  },
  'archive-damaged': ({ details }, { command, options }) => {
    if (command === undefined) return [];
    const isLabel = details['isLabelDamaged'] === true && command !== 'inspect';
    return [
      ...(isLabel
        ? [
            'What is sealed may be whole all the same: --identity FILE opens it, or --newer NEWER-ARCHIVE with its password.',
          ]
        : []),
      ...(options.has('salvage')
        ? []
        : ['restore --salvage restores what is whole into a database of its own, and lists what is lost.']),
    ];
  },
  'table-damaged': (_error, { command, options }) =>
    command === 'backup' && !options.has('damaged-tables')
      ? ['--damaged-tables leave-out makes a copy without what cannot be read, and names that in it.']
      : [],
  'storage-exists': (_error, { options }) =>
    options.has('out') ? ['--out with another name, or with a folder of its own.'] : [],
  'database-unreachable': unreachableHints,
  'privilege-missing': serverHints,
  'database-query-failed': serverHints,
};

/** Which of host, port, password and database it is. */
function unreachableHints({ details }: BackupError, { options }: Typed): readonly string[] {
  const option = options.has('source') ? '--source' : '--target';
  const { serverCode, errno } = details;
  const told = typeof errno === 'number' && errno > 1000 ? byNumber[errno] : byCode[String(serverCode)];
  return told === undefined ? [] : [`${option}: ${told}`];
}

const byCode: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no computer of this name is known here; look at the host.',
  EAI_AGAIN: 'the name of the host cannot be looked up; is the network there?',
  ECONNREFUSED:
    'the computer is there, and nothing listens at this port; is the server running, is the port right?',
  ETIMEDOUT: 'the computer does not answer; is it on, and does a firewall let this port through?',
  EHOSTUNREACH: 'there is no way to this computer; is it on?',
  ENETUNREACH: 'there is no way to this network.',
  ENOENT: 'there is no such socket; is the server running?',
  PROTOCOL_CONNECTION_LOST: 'what listens at this port hangs up; is it a database server?',
  HANDSHAKE_SSL_ERROR: 'the server takes no such TLS; look at ssl-mode and ssl-ca.',
  HANDSHAKE_NO_SSL_SUPPORT: 'the server has no TLS; look at ssl-mode.',
};

const byNumber: Readonly<Record<number, string>> = {
  1044: 'the server is there and knows the user, who may not use this database.',
  1045: 'the server is there, and does not take this user with this password; it comes in MYSQL_PWD.',
  1049: 'the server is there and takes the login; there is no database of this name.',
  1130: 'the server is there, and takes no logins from this computer.',
  1698: 'the server is there, and does not take this user with a password; a socket may do (socketPath).',
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
  kind: 'Of a',
  name: 'Named',
} as const;

/**
 * The message for a screen, on which what it calls details stands below, and what helps is named as an option.
 */
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

/** The message with the name of the archive in front, where it is about one and does not say which. */
export function withFile({ code, message, details }: BackupError, archive: string | undefined): string {
  const file = typeof details['file'] === 'string' ? details['file'] : archive;
  if (file === undefined || !ofAnArchive.has(code) || message.includes(file)) return message;
  return `${file}: ${message}`;
}

/** Where a stopped command stands, and how to go on. */
export function stoppedSentence({ command, options }: Typed): string {
  switch (command) {
    case 'backup':
      return 'Stopped. Nothing is left of this copy, and older ones are as they were. The same command begins again.';
    case 'restore':
      if (options.has('dry-run')) return 'Stopped. Nothing was changed.';
      return `Stopped. What is in the target stays, marked as incomplete; the archive is as it was. The same command ${options.has('salvage') ? 'with --replace begins again' : 'goes on from there'}.`;
    case 'verify':
      return 'Stopped. The archive was not read to its end, so nothing is proven. The same command begins again.';
    case 'rehearse':
      return 'Stopped. Nothing is proven, and the archive is as it was. The same command begins again.';
    case 'extract':
      return 'Stopped. What was written whole stays in the folder; the file that was being written is removed.';
    default:
      return 'Stopped.';
  }
}
