import { escapeControls } from '../../escape-controls.js';
import { describeHistoryFinding } from '../../history/findings.js';
import type { OriginBeside } from '../../history/note-beside.js';
import { describeOrigin } from '../../history/note-beside.js';
import { formatBytes, plural } from '../../quantities.js';
import { type FoundArchive, type FoundPractice, type Gathered, gatherArchives } from '../archives/gather.js';
import { type HistoryHere, historiesOf } from '../archives/histories.js';
import { type PasswordVerdict, tryPassword } from '../archives/try-password.js';
import type { Arguments, Command, CommandLine } from '../command.js';
import { exitCodeOf, UsageError } from '../exit-codes.js';
import { askPassword, readPasswordFromDescriptor } from '../password.js';
import { startProgress } from '../progress.js';
import { localTime } from '../wording/local-time.js';
import { shellWord } from '../wording/shell-word.js';

/** `list`: the archives of a place, and which of them a password opens. */
export const listCommand: Command = {
  name: 'list',
  help: `Show which archives there are, by practice and newest first: night, size, whose
password opens them, and what to type next. Reads the labels, which needs no key
and verifies nothing. Names what cannot be read.

Usage: supplemental-backup list FOLDER|ARCHIVE|WILDCARD|s3://bucket/… [OPTIONS]

  FOLDER             with all folders in it; also a wildcard such as *.tar.age,
                     or s3://bucket/ with the beginning of a key
  --ask              ask for a password once, and say which archives it opens,
                     alone or with the help of a newer one
  --password-fd N    the same with the password from descriptor N; 0 is stdin
  --json             one JSON document
`,
  examples: [
    ['what lies on the share of the office', 'list /media/share'],
    ['what headquarters has of one practice, and what a password opens', 'list s3://copies/4711/ --ask'],
  ],
  options: { ask: { type: 'boolean' }, 'password-fd': { type: 'string' } },
  positionals: { least: 1, most: Number.POSITIVE_INFINITY },
  async run(given, line) {
    const gathered = await gatherArchives(given.positionals, line);
    const verdicts = await readVerdicts(given, gathered, line);
    const histories = await historiesOf(gathered.practices, line);
    const view: View = { gathered, verdicts, histories };
    const [first] = gathered.unreadable;
    return {
      json: jsonOf(view),
      text: render(view),
      ...(first !== undefined && { exitCode: exitCodeOf(first.error) }),
    };
  },
};

type Verdicts = ReadonlyMap<FoundArchive, Verdict>;
type Verdict =
  | Exclude<PasswordVerdict, { kind: 'opens-with' }>
  | { readonly kind: 'opens-with'; readonly newer: string };

interface View {
  readonly gathered: Gathered;
  /** Null when no password was tried. */
  readonly verdicts: Verdicts | null;
  readonly histories: ReadonlyMap<string, HistoryHere>;
}

async function readVerdicts(
  given: Arguments,
  { practices }: Gathered,
  line: CommandLine,
): Promise<Verdicts | null> {
  const descriptor = given.text('password-fd');
  if (descriptor === undefined && !given.flag('ask')) return null;
  if (descriptor !== undefined && given.flag('ask'))
    throw new UsageError('Give --ask or --password-fd, not both.');
  const password =
    descriptor === undefined
      ? await askPassword(line, 'Password to be tried on all of them: ')
      : await readPasswordFromDescriptor(descriptor);
  const total = practices.reduce((sum, { archives }) => sum + archives.length, 0);
  const progress = startProgress(line, 'Trying the password', 'archives');
  const verdicts = new Map<FoundArchive, Verdict>();
  try {
    let before = 0;
    for (const { archives } of practices) {
      const onTry = (done: number): void => progress.update(before + done, total);
      const labels = archives.map(({ label }) => label);
      const found = await tryPassword(labels, password, { signal: line.signal, onTry });
      for (const archive of archives) {
        const verdict = found.get(archive.label)!;
        const newer =
          verdict.kind === 'opens-with' ? archives.find(({ label }) => label === verdict.newer)! : null;
        verdicts.set(
          archive,
          newer === null ? (verdict as Verdict) : { kind: 'opens-with', newer: newer.paths[0] },
        );
      }
      before += archives.length;
    }
    progress.finish();
    return verdicts;
  } finally {
    progress.stop();
    password.fill(0);
  }
}

function jsonOf({ gathered, verdicts, histories }: View): Record<string, unknown> {
  return {
    practices: gathered.practices.map(({ practiceId, archives }) => ({
      practiceId,
      archives: archives.map((archive) => {
        const { paths, size, label, origin, night } = archive;
        const { archiveId, createdAt, database, scope, keyHolder = null } = label;
        const verdict = verdicts?.get(archive);
        return {
          archive: paths[0],
          paths,
          archiveId,
          createdAt,
          night,
          database,
          scope,
          size,
          keyHolder,
          password: verdict?.kind ?? null,
          newer: verdict?.kind === 'opens-with' ? verdict.newer : null,
          origin,
        };
      }),
      history: histories.get(practiceId) ?? null,
    })),
    unlabelled: gathered.unlabelled,
    unreadable: gathered.unreadable.map(({ archive, error }) => ({
      archive,
      code: error.code,
      message: error.happened,
    })),
  };
}

function render(view: View): string {
  const { practices, unlabelled, unreadable } = view.gathered;
  return [
    ...practices.map((practice) => practiceLines(practice, view).join('\n')),
    ...(unlabelled.length === 0
      ? []
      : [['Without a label, opened with --identity FILE:', ...unlabelled.map(indented)].join('\n')]),
    ...(unreadable.length === 0 ? [] : [badLines(view.gathered).join('\n')]),
    ...nextLines(view),
  ].join('\n\n');
}

export function badLines({ unreadable, stopped }: Gathered): readonly string[] {
  return [
    `Could not be read (${unreadable.length}):`,
    ...unreadable.flatMap(({ archive, error }) => [
      indented(archive),
      `    ${escapeControls(error.happened)}`,
    ]),
    ...stopped.map(escapeControls),
  ];
}

function practiceLines(
  { practiceId, archives }: FoundPractice,
  { verdicts, histories }: View,
): readonly string[] {
  const databases = [...new Set(archives.map(({ label }) => label.database))].join(', ');
  const history = histories.get(practiceId);
  return [
    escapeControls(
      `Practice ${practiceId}, database ${databases}: ${plural(archives.length, 'archive')}, newest first`,
    ),
    ...archives.flatMap((archive, index) => [
      ...verdictLines(verdicts?.get(archive), verdicts?.get(archives[index - 1]!)),
      ...archiveLines(archive),
    ]),
    ...(history === undefined ? [] : historyLines(history)),
  ];
}

/** Printed only where it differs from that of the archive before. */
function verdictLines(verdict: Verdict | undefined, before: Verdict | undefined): readonly string[] {
  if (verdict === undefined) return [];
  const told = describeVerdict(verdict);
  return before !== undefined && describeVerdict(before) === told ? [] : [` ${told}`];
}

function archiveLines({ paths, size, label, origin, night }: FoundArchive): readonly string[] {
  const holder =
    label.keyHolder === undefined ? 'by a key file' : `by ${escapeControls(label.keyHolder.userName)}`;
  return [
    `  ${night}  made ${localTime(label.createdAt)}, ${describeScope(label.scope)}, ${formatBytes(size)}, opened ${holder}`,
    ...paths.map((path) => `    ${escapeControls(path)}`),
    ...originLines(origin),
  ];
}

export function describeScope(scope: FoundArchive['label']['scope']): string {
  return scope === 'full' ? 'whole database' : 'chosen tables';
}

function originLines(origin: OriginBeside): readonly string[] {
  if (origin.kind === 'unsigned') return [];
  if (origin.kind === 'signed') return [`    number ${origin.number} of the office’s sequence`];
  return [`    ${escapeControls(describeOrigin(origin))}`];
}

function describeVerdict(verdict: Verdict): string {
  switch (verdict.kind) {
    case 'opens':
      return 'The password opens:';
    case 'opens-with':
      return `With --newer ${escapeControls(shellWord(verdict.newer))} the password opens:`;
    case 'does-not':
      return 'The password does not open:';
    case 'key-file':
      return 'Opened with --identity FILE, not with a password:';
  }
}

function historyLines({ unbrokenSince, findings, order }: HistoryHere): readonly string[] {
  const since =
    unbrokenSince === null ? [] : [`Nothing is missing since the night of ${unbrokenSince.night}.`];
  return [
    `  Notes: ${order}`,
    ...since.map(indented),
    ...findings.map((finding) => indented(describeHistoryFinding(finding))),
  ];
}

function indented(text: string): string {
  return `  ${escapeControls(text)}`;
}

/** For each practice the newest archive that can be opened, as far as that is known. */
function nextLines({ gathered: { practices }, verdicts }: View): readonly string[] {
  const next = practices.flatMap(({ practiceId, archives }) => {
    const openable = archives.find((archive) => /^opens/.test(verdicts?.get(archive)?.kind ?? ''));
    const chosen = verdicts === null ? archives[0] : openable;
    if (chosen === undefined) return [];
    const verdict = verdicts?.get(chosen);
    const newer = verdict?.kind === 'opens-with' ? ` --newer ${shellWord(verdict.newer)}` : '';
    const words = escapeControls(`${shellWord(chosen.paths[0])}${newer}`);
    return [
      `Next, with the newest of practice ${escapeControls(practiceId)}:`,
      `  supplemental-backup verify ${words}`,
      `  supplemental-backup restore ${words} --target mysql://root@127.0.0.1:3306/recovered`,
    ];
  });
  const hint =
    verdicts === null &&
    practices.some(({ archives }) => archives.some(({ label }) => label.unlock.length > 0))
      ? ['Add --ask to see which of them a password opens.']
      : [];
  return next.length + hint.length === 0 ? [] : [[...next, ...hint].join('\n')];
}
