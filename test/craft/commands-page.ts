import { commandWords } from '../../src/cli/commands/index.js';
import { renderOverview, renderWholePage } from '../../src/cli/help.js';

/** `docs/COMMANDS.md`, made from the help of the command line. */
export async function renderCommandsPage(): Promise<string> {
  const commands = await Promise.all(commandWords.map((word) => word.load()));
  return `# The command line

\`supplemental-backup\` comes with the package: \`npx supplemental-backup\` in a project that has it, or
\`npm install --global supplemental-backup\`. This page is the program's own help, with what a screen has no room for.

\`\`\`text
${renderOverview(commandWords).trimEnd()}
\`\`\`

## For scripts

- The words, options and exit codes are part of the public interface and change with a major version only.
- Results go to stdout; progress, questions and errors go to stderr. With \`--out -\` the data goes to stdout and the result to
  stderr.
- With \`--json\` there is exactly one JSON document: \`ok\` first, then the result; or \`ok: false\`, \`exitCode\` and
  \`error\` with the \`code\` of [ERRORS](ERRORS.md), a \`message\` for people and \`details\` for programs. Progress is silent.
  [command-output.schema.json](command-output.schema.json), which is in the package too, says what stands in the document of each command.
- With \`--verbose\` every command tells on stderr what it does, for whoever looks for a fault: statements without their values,
  calls of stores, archives, tables of a restore, with durations, sizes and retries.
- With \`--quiet\` nothing is said of what goes well: no progress, no result. What is wrong stands on stderr, as ever.
- Without a terminal, progress is a plain line every five seconds, and no line is broken; on a terminal, sentences are broken at words.
- Times are told by the clock of this computer, with its zone; in JSON they are UTC.
- Ctrl-C and SIGTERM stop the work tidily: nothing half-made is left under a final name, the exit code is 130, and a sentence says
  how to go on.
- \`supplemental-backup completion\` prints what bash, zsh or PowerShell needs to complete the words, and the manual page.

## Secrets

A password is asked for on the terminal without echo, or read to the end of an open descriptor, of which one line break at the end
is not part:

\`\`\`sh
supplemental-backup restore office.tar.age --target mysql://root@localhost/back --password-fd 3 3< password.txt
\`\`\`

\`npx\` hands on no descriptor but the first ones: there it is \`--password-fd 0 < password.txt\`.

On a terminal there are three tries. A password that is newer than the archive opens it with the help of a newer archive of the same
practice: one that lies in the same folder, or among the folders of the nights beside it, is found and used; another one is named
by \`--newer\`.

The database password comes in \`MYSQL_PWD\`, as for the clients of MySQL and MariaDB. It may stand in the URL, but arguments can be
seen by everybody on the machine. Credentials of a bucket come from where the AWS tools take them: \`AWS_ACCESS_KEY_ID\`,
\`AWS_SECRET_ACCESS_KEY\`, \`AWS_ENDPOINT_URL\`, \`AWS_REGION\`, the shared files.

## Databases

A database is \`mysql://user@host:port/database\`, with parameters named as the clients of MySQL name theirs; any other is refused.

| parameter | |
|---|---|
| \`socketPath=FILE\` | a Unix socket or a Windows named pipe in the place of host and port |
| \`ssl-mode=DISABLED\` | no TLS; the default |
| \`ssl-mode=REQUIRED\` | TLS, whatever the server's certificate |
| \`ssl-mode=VERIFY_CA\` | TLS, with a certificate of an authority that is trusted; the default when a file is given |
| \`ssl-mode=VERIFY_IDENTITY\` | TLS, with a certificate that names this host too |
| \`ssl-ca=FILE\` | the authorities to trust, in PEM; those of Node.js where none are given |
| \`ssl-cert=FILE\`, \`ssl-key=FILE\` | a certificate of one's own, for an account that asks for it |
| \`server-public-key-path=FILE\` | the server's public key in PEM: without TLS, the password of an account of \`caching_sha2_password\` or \`sha256_password\` is encrypted for it |
| \`get-server-public-key=1\` | without TLS, encrypt it for whatever key the other side sends: who sits on the line gets the password |

Without TLS, a socket or one of the last two, a server that asks for the password itself does not get it.

There is no \`PREFERRED\`: it goes without TLS whenever somebody on the way wants that.

## What a restore makes only when asked for

| option | |
|---|---|
| \`--programs\` | triggers, routines, events, and views that act for somebody else: whoever wrote the archive wrote them, and they do what they do later on. Without it they are listed |
| \`--expect-sha256 HEX\` | the file must be the one that the report of its night names; then its programs come along |
| \`--allow directories\` | files of tables at the places that definitions name |
| \`--allow outside-engines\` | tables that are windows into other servers, files or programs |

## The audit file

\`restore\`, \`rehearse\`, \`extract\` and \`verify\` add lines to a file: who opened which archive when, what was done with it and how that
ended, and never what is in it. It is the file of \`--audit\`, else that of the variable \`SUPPLEMENTAL_BACKUP_AUDIT\`, else
\`supplemental-backup/audit.jsonl\` in \`XDG_STATE_HOME\` (\`~/.local/state\`), on Windows in \`LOCALAPPDATA\`. With the variable set to
nothing no file is kept. A file that cannot be written is told on stderr, and the work goes on.

## Places

An archive is a path or \`s3://bucket/key\`; a store that is not Amazon's is named by
\`s3://bucket/key?endpoint=https://…&region=…\` (needs \`npm install @aws-sdk/client-s3\`). On a path and in a store an archive appears
under its name when it is complete and not before, is read back, and never overwrites what is there.

\`list\` and \`who-can-open\` take folders and wildcards as well, and look them up themselves: \`cmd\` and PowerShell do not. In a folder,
whatever ends in \`.age\` is taken for an archive; what cannot be read is named and passed over. The same archive at two places is
one, with both.

## Without a host

An office with nothing but a clock: one line a night. The copy is sealed for the last administrator who logged in and for a key of the
office's own (\`keygen\`), named \`FOLDER/PRACTICE/NIGHT/ID.tar.age\`, read back, and only then do older ones go, by the same rule as those
of the service: never the last that an administrator of today can open, nothing of another practice, nothing that is no archive. The
folder must be there: one that is missing may be a share that is away, and is not made. \`--out s3://bucket/beginning/\` does the same
in a bucket, and sees and removes nothing but what lies under that beginning.

\`--keep\` takes \`default\` (3 days, 6 months of weeks, 1 year of months, 3 years), \`six-years\`, or four spans such as \`3d,6m,1y,3y\`. Exit code 0
and silence mean a good night; anything else is told on stderr, which cron mails and the others keep in their logs.

What the login needs on the server, \`check\` says. Its password stands in a file that only its user may read:

\`\`\`sh cron
# /etc/cron.d/supplemental-backup, with MYSQL_PWD='…' in /etc/supplemental-backup.env (of the user backup, mode 0600)
PATH=/usr/local/bin:/usr/bin:/bin
0 2 * * * backup . /etc/supplemental-backup.env; export MYSQL_PWD; supplemental-backup backup --source mysql://backup@localhost/opendental --out /backup/ --last-admin --recipient age1… --keep default --quiet
\`\`\`

With systemd, a service and a timer; a night on which the computer was off is made up for:

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

A \`%\`, as in \`socketPath=%2Frun…\`, is written \`\\%\` for cron, and \`%%\` for systemd and in a batch file. The words of the three are run by tests, the unit
and the timer are held against systemd, and the batch file was run by the \`cmd\` of Wine; no task of a Windows was made of it yet.

## The commands

${commands.map((command) => `### ${command.name}\n\n\`\`\`text\n${renderWholePage(command).trimEnd()}\n\`\`\``).join('\n\n')}
`;
}
