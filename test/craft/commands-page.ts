import { commandWords } from '../../src/cli/commands/index.js';
import { renderOverview, renderWholePage } from '../../src/cli/help.js';

/** `docs/COMMANDS.md`, made from the help of the command line. */
export async function renderCommandsPage(): Promise<string> {
  const commands = await Promise.all(commandWords.map((word) => word.load()));
  return `# The command line

\`supplemental-backup\` comes with the package: \`npx supplemental-backup\` in a project that has it, or
\`npm install --global supplemental-backup\`. This page has the program's own help, and what does not fit on a screen.

\`\`\`text
${renderOverview(commandWords).trimEnd()}
\`\`\`

## For scripts

- Commands, options and exit codes are part of the public interface and change with a major version only.
- Results go to stdout; progress, questions and errors go to stderr. With \`--out -\` the data goes to stdout and the result to
  stderr.
- With \`--json\` there is exactly one JSON document: \`ok\` first, then the result; or \`ok: false\`, \`exitCode\` and
  \`error\` with the \`code\` of [ERRORS](ERRORS.md), a \`message\` for people and \`details\` for programs. Progress is silent.
  [command-output.schema.json](command-output.schema.json), which is in the package too, describes the document of each command.
- With \`--verbose\` every command logs on stderr what it does, for finding faults: statements without their values,
  calls of stores, archives, tables of a restore, with durations, sizes and retries.
- With \`--quiet\` there is no progress and no result, only errors and warnings on stderr.
- Without a terminal, progress is a plain line every five seconds, and no line is broken; on a terminal, sentences are broken at words.
- Times are in the time zone of this computer, with its name; in JSON they are UTC.
- Ctrl-C and SIGTERM stop the work cleanly: nothing incomplete is left under a final name, the exit code is 130, and a sentence says
  how to continue.
- \`supplemental-backup completion\` prints a completion script for bash, zsh or PowerShell, or the manual page.

## Secrets

A command asks for a password on the terminal, without echo, or reads it to the end of an open file descriptor. One line break at the end
is not part of the password:

\`\`\`sh
supplemental-backup restore office.tar.age --target mysql://root@localhost/back --password-fd 3 3< password.txt
\`\`\`

\`npx\` passes on only the first descriptors: use \`--password-fd 0 < password.txt\`.

On a terminal there are three tries. A password that is newer than the archive opens it together with a newer archive of the same
practice. The command finds one in the same folder, or in the folders of the neighbouring nights; name one from elsewhere
with \`--newer\`.

The database password is read from \`MYSQL_PWD\`, as by the clients of MySQL and MariaDB. It may be in the URL, but everybody on the
machine can see arguments. Credentials of a bucket are read where the AWS tools read them: \`AWS_ACCESS_KEY_ID\`,
\`AWS_SECRET_ACCESS_KEY\`, \`AWS_ENDPOINT_URL\`, \`AWS_REGION\`, the shared files.

## Databases

A database is \`mysql://user@host:port/database\`, with parameters named as the clients of MySQL name theirs; any other is refused.

| parameter | |
|---|---|
| \`socketPath=FILE\` | a Unix socket or a Windows named pipe instead of host and port |
| \`ssl-mode=DISABLED\` | no TLS; the default |
| \`ssl-mode=REQUIRED\` | TLS, whatever the server's certificate |
| \`ssl-mode=VERIFY_CA\` | TLS, with a certificate of an authority that is trusted; the default when a file is given |
| \`ssl-mode=VERIFY_IDENTITY\` | TLS, with a certificate that names this host too |
| \`ssl-ca=FILE\` | the authorities to trust, in PEM; those of Node.js where none are given |
| \`ssl-cert=FILE\`, \`ssl-key=FILE\` | a client certificate, for an account that requires it |
| \`server-public-key-path=FILE\` | the server's public key in PEM: without TLS, the password of an account of \`caching_sha2_password\` or \`sha256_password\` is encrypted for it |
| \`get-server-public-key=1\` | without TLS, encrypt it for the key that the server sends; somebody in between could then read the password |

If there is no TLS, no local socket and none of the last two parameters, the password is never sent in clear text, even if the server asks for it.

There is no \`PREFERRED\`, because somebody in between could turn its TLS off.

## What a restore creates only on request

| option | |
|---|---|
| \`--programs\` | triggers, routines, events, and views with the rights of somebody else: the author of the archive wrote them, and they run later. Without this option they are only listed |
| \`--expect-sha256 HEX\` | the file must have the SHA-256 in the report of its night; then its programs are restored as well |
| \`--signed-with KEY\` | the note beside the file must be signed with the key in a report, and fit the file; then its programs are restored as well |
| \`--allow directories\` | table files in the directories that definitions name |
| \`--allow outside-engines\` | tables whose data is in other servers, files or programs |

## The audit file

\`restore\`, \`rehearse\`, \`extract\` and \`verify\` add lines to a file: who opened which archive when, what was done with it and how that
ended, but never what is in it. The file is that of \`--audit\`, otherwise that of the variable \`SUPPLEMENTAL_BACKUP_AUDIT\`, otherwise
\`supplemental-backup/audit.jsonl\` in \`XDG_STATE_HOME\` (\`~/.local/state\`), on Windows in \`LOCALAPPDATA\`. If the variable is empty, there is no
file. If the file cannot be written, a warning goes to stderr and the work goes on.

## Places

An archive is a path or \`s3://bucket/key\`; for a store that is not Amazon's, write
\`s3://bucket/key?endpoint=https://…&region=…\` (needs \`npm install @aws-sdk/client-s3\`). On a path and in a store, an archive appears
under its name only when it is complete. It is read back, and never overwrites what is there.

\`list\` and \`who-can-open\` also take folders and wildcards, and expand them, because \`cmd\` and PowerShell do not. In a folder,
files that end in \`.age\` count as archives; those that cannot be read are named and skipped. The same archive in two places is
listed once, with both.

## Without a host

For an office without a service there are two ways. \`night --config FILE\` makes the same nights as a service, with two places, alerts, signed notes
and reports: see [SERVICE](SERVICE.md). Or one command a night makes one copy, without any of these. The copy is sealed for the last administrator who logged in and for a key of the
office's own (\`keygen\`), named \`FOLDER/PRACTICE/NIGHT/ID.tar.age\`, and read back. Only then are older ones removed, by the same rule as
in the service: never the last one that a current administrator can open, and only archives of this practice. The
folder must exist. A missing one may be a share that is not mounted, so it is not created. \`--out s3://bucket/beginning/\` does the same
in a bucket, and sees and removes only what is under that prefix.

\`--keep\` takes \`default\` (3 days, 6 months of weeks, 1 year of months, 3 years), \`six-years\`, or four spans such as \`3d,6m,1y,3y\`. Exit code 0
and silence mean a good night; anything else is on stderr, which cron mails and the others log.

\`check\` says which privileges the login needs. Its password is in a file that only its user may read:

\`\`\`sh cron
# /etc/cron.d/supplemental-backup, with MYSQL_PWD='…' in /etc/supplemental-backup.env (of the user backup, mode 0600)
PATH=/usr/local/bin:/usr/bin:/bin
0 2 * * * backup . /etc/supplemental-backup.env; export MYSQL_PWD; supplemental-backup backup --source mysql://backup@localhost/opendental --out /backup/ --last-admin --recipient age1… --keep default --quiet
\`\`\`

With systemd, a service and a timer, which also catches up on a night when the computer was off:

\`\`\`ini
# /etc/systemd/system/supplemental-backup.service
[Service]
Type=oneshot
User=backup
EnvironmentFile=/etc/supplemental-backup.env
ExecStart=supplemental-backup backup --source mysql://backup@localhost/opendental --out /backup/ --last-admin --recipient age1… --keep default --quiet

# /etc/systemd/system/supplemental-backup.timer
[Timer]
OnCalendar=*-*-* 02:00
Persistent=true
[Install]
WantedBy=timers.target
\`\`\`

On Windows, a batch file that only administrators and the account of the task may read, and a task that runs it:

\`\`\`bat
@echo off
rem C:\\Backup\\night.cmd
set "MYSQL_PWD=…"
supplemental-backup.exe backup --source mysql://backup@localhost/opendental --out D:\\Backup\\ --last-admin --recipient age1… --keep default --quiet >> C:\\Backup\\night.log 2>&1

schtasks /Create /TN "Supplemental backup" /TR C:\\Backup\\night.cmd /SC DAILY /ST 02:00 /RU SYSTEM
\`\`\`

A \`%\`, as in \`socketPath=%2Frun…\`, is written \`\\%\` for cron, and \`%%\` for systemd and in a batch file. Tests run the commands of all three and
check unit and timer with systemd. The batch file was run by the \`cmd\` of Wine; the task itself was not tried on Windows yet.

## The commands

${commands.map((command) => `### ${command.name}\n\n\`\`\`text\n${renderWholePage(command).trimEnd()}\n\`\`\``).join('\n\n')}
`;
}
