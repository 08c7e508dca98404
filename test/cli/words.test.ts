import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { identityToRecipient } from 'age-encryption';
import { describeLeftOut } from '../../src/catalog/describe-left-out.js';
import { planBackup, renderPlan } from '../../src/catalog/plan-backup.js';
import { type CommandLine, readArguments } from '../../src/cli/command.js';
import { commandWords } from '../../src/cli/commands/index.js';
import { exitCodeOf, UsageError } from '../../src/cli/exit-codes.js';
import { renderOverview, renderScreenPage, renderWholePage } from '../../src/cli/help.js';
import { formatPairs } from '../../src/cli/pairs.js';
import { describeProgress, drawBar, type Progress, startProgress } from '../../src/cli/progress.js';
import { showRestore } from '../../src/cli/restore-progress.js';
import { forScreen, hintsFor, stoppedSentence } from '../../src/cli/wording/hints.js';
import { wrapLines } from '../../src/cli/wording/wrap.js';
import { BackupError, type BackupErrorCode } from '../../src/errors.js';
import { nearestWord } from '../../src/nearest-word.js';
import { certificateText, type RestoreCertificate } from '../../src/recovery/rehearse/certificate.js';
import { catalogOf } from '../catalog/catalog-of.js';
import { loadedWith } from '../craft/imports.js';
import { harmful, hostileNames } from '../support/hostile-names.js';
import { noModes } from '../support/needs.js';
import { projectRoot } from '../support/project.js';
import { runCli, runHere } from './support.js';

const commands = await Promise.all(commandWords.map((word) => word.load()));

test('every page of help fits a screen of 80 columns and 24 lines, with the prompt', () => {
  for (const page of [renderOverview(commandWords), ...commands.map(renderScreenPage)]) {
    const lines = page.replace(/\n$/, '').split('\n');
    // The line that was typed and the prompt behind it stand there too.
    assert.ok(lines.length <= 22, `${lines.length} lines: ${lines[0]}`);
    for (const line of lines) assert.ok(line.length <= 80, line);
  }
});

test('every option of a command is told on its page of help, and no other', () => {
  for (const { name, help, options } of commands) {
    const told = new Set([...help.matchAll(/--([a-z][a-z0-9-]*)/g)].map((match) => match[1]!));
    told.delete('json');
    told.delete('help');
    assert.deepEqual([...told].sort(), Object.keys(options).sort(), name);
  }
});

test('every command has examples, which it understands and which a screen has room for', () => {
  for (const command of commands) {
    assert.ok(command.examples.length > 0, command.name);
    assert.match(renderScreenPage(command), /^(# |Example: supplemental-backup )/m, command.name);
    for (const [, words] of command.examples) {
      const [program = '', ...rest] = words.split(' | ')[0]!.split(/\s+(?:\\\s+)?/);
      assert.equal(program, command.name);
      readArguments(command, rest);
    }
    for (const line of renderWholePage(command).split('\n')) assert.ok(line.length <= 80, line);
  }
});

test('a word of the command line loads the command of that name', () => {
  assert.deepEqual(
    commands.map(({ name }) => name),
    commandWords.map(({ name }) => name),
  );
});

test('a backup calls the server before it loads what reads, seals and writes', () => {
  const loaded = [...loadedWith('cli/commands/backup.ts')];
  const packages = loaded.filter((each) => !each.endsWith('.ts') && !each.startsWith('node:'));
  assert.deepEqual(packages.sort(), ['@scure/base', 'mysql2']);
  assert.ok(!loaded.includes('dump/dump-database.ts') && !loaded.includes('cli/output.ts'));
});

test('the exit codes tell the failures apart that a script must tell apart', () => {
  assert.equal(exitCodeOf(new Error('x')), 1);
  assert.equal(exitCodeOf(new BackupError('database-unreachable', 'x')), 1);
  assert.equal(exitCodeOf(new UsageError('x')), 2);
  assert.equal(exitCodeOf(new BackupError('wrong-key', 'x')), 3);
  assert.equal(exitCodeOf(new BackupError('archive-damaged', 'x')), 4);
  assert.equal(exitCodeOf(new BackupError('verification-failed', 'x')), 4);
  assert.equal(exitCodeOf(new BackupError('not-eligible', 'x')), 5);
  assert.equal(exitCodeOf(new BackupError('no-usable-admin', 'x')), 5);
  assert.equal(exitCodeOf(new BackupError('target-refused', 'x')), 6);
});

test('what is not understood is said on stderr and ends with 2', async () => {
  for (const argv of [[], ['bakcup'], ['inspect'], ['inspect', 'a', '--colour']]) {
    const { code, stdout, stderr } = await runHere(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.equal(stdout, '');
    assert.notEqual(stderr, '');
  }
});

test('a mistake is answered with what would have been right', async () => {
  const said = async (...argv: string[]): Promise<string> => (await runHere(argv)).stderr;
  const option = await said('inspect', 'a', '--colour');
  assert.match(option, /^Unknown option '--colour'\. "inspect" takes --help, --json, --quiet, --verbose\.$/m);
  assert.match(option, /^For usage: supplemental-backup inspect --help$/m);
  assert.match(await said('help', 'me'), /^Unknown command "me"\. Commands: backup, /);
  assert.match(await said('veryfy', 'a'), /^Unknown command "veryfy"\. Did you mean verify\? /);
  assert.match(
    await said('verify', 'a', '--identiy', 'f'),
    /^Unknown option '--identiy'\. Did you mean --identity\?/,
  );
  assert.match(await said('completion', 'zhs'), /Did you mean zsh\?/);
  const source = 'mysql://root@localhost/practice';
  const key = await said('backup', '--source', source, '--out', 'a', '--recipient', 'age1short');
  assert.match(key, /^--recipient "age1short" is not an age public key/);
});

test('what was meant is told only where it is near', () => {
  const names = commandWords.map(({ name }) => name);
  const near = (typed: string): string | undefined => nearestWord(typed, names);
  assert.deepEqual(['bakcup', 'resotre', 'exract', 'complet'].map(near), [
    'backup',
    'restore',
    'extract',
    'completion',
  ]);
  assert.deepEqual(['x', 'frobnicate', '', 'y'.repeat(1000)].map(near), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test('sentences are broken at words, columns stay columns, and what is to be copied stays whole', () => {
  assert.equal(wrapLines('one two three four five six', 20), 'one two three four\nfive six');
  assert.equal(
    wrapLines('Whole   yes: every byte of it is there', 24),
    'Whole   yes: every byte\n        of it is there',
  );
  const command = '  supplemental-backup restore /a/very/long/path --target mysql://root@localhost/x';
  const path = `  /${'long/'.repeat(20)}`;
  for (const whole of [command, path]) assert.equal(wrapLines(whole, 40), whole);
});

test('a refusal names the option that helps, and which of host, port, password and database it is', () => {
  const typed = { command: 'restore', options: new Set(['target']) };
  const hints = (code: BackupErrorCode, details: Record<string, string | number>): string =>
    hintsFor(new BackupError(code, 'x', { details }), typed).join('\n');
  assert.match(hints('target-refused', {}), /--replace drops/);
  assert.match(hints('archive-damaged', {}), /--salvage/);
  assert.match(hints('wrong-key', {}), /--newer/);
  const told = [
    { serverCode: 'ENOTFOUND', errno: -3008 },
    { serverCode: 'ECONNREFUSED', errno: -111 },
    { serverCode: 'ER_ACCESS_DENIED_ERROR', errno: 1045 },
    { serverCode: 'ER_BAD_DB_ERROR', errno: 1049 },
  ].map((details) => hints('database-unreachable', details));
  assert.match(told[0]!, /^--target: no computer of this name/);
  assert.match(told[1]!, /nothing listens at this port/);
  assert.match(told[2]!, /refuses this user or password; the password may be in MYSQL_PWD/);
  assert.match(told[3]!, /there is no database of this name/);
  const refused = new BackupError('database-query-failed', 'x', {
    activity: 'restore',
    details: { errno: 1064 },
  });
  assert.doesNotMatch(forScreen(refused.message), /details/);
  assert.match(hintsFor(refused, typed).join(), /Number: 1064/);
});

const hasBash = spawnSync('bash', ['--version']).status === 0;
test('a command that was stopped says where it stands, and how to go on', () => {
  const said = (command: string, ...options: string[]): string =>
    stoppedSentence({ command, options: new Set(options) });
  assert.match(said('backup'), /Nothing is left of this copy.* Run the same command to begin again\.$/);
  assert.match(
    said('restore', 'target'),
    /stays, marked as incomplete.* Run the same command to go on from there\.$/,
  );
  assert.match(said('restore', 'salvage'), /with --replace to begin again\.$/);
  assert.match(said('restore', 'dry-run'), /Nothing was changed\.$/);
  assert.match(said('extract'), /the incomplete one was removed\.$/);
  assert.equal(said('check'), 'Stopped.');
});

test('the published schema of what --json gives knows every command, and holds what the quick ones give', async (t) => {
  const { knownCommands } = (await import(
    pathToFileURL(join(projectRoot, 'test/validate-json.mjs')).href
  )) as { knownCommands: readonly string[] };
  assert.deepEqual(
    [...knownCommands].sort(),
    [...commands.map(({ name }) => name), 'help', 'version'].sort(),
  );
  const folder = await mkdtemp(join(tmpdir(), 'sb-schema-'));
  t.after(() => rm(folder, { recursive: true }));
  const archive = join(projectRoot, 'test/vectors/enrolled.tar.age');
  // `runHere` holds each against the schema.
  for (const argv of [
    ['help'],
    ['opener', '--out', join(folder, 'page.html')],
    ['completion', 'zsh'],
    ['inspect', archive],
    ['list', archive],
    ['who-can-open', archive],
    ['verify', archive, '--without-key'],
    ['acknowledge', '--spool', folder, '--practice-id', '1', '--user', 'x'],
    ['--version'],
    ['verify', '--help'],
    ['help', 'verify'],
    [
      'kit',
      'create',
      '--spool',
      folder,
      '--practice',
      'P',
      '--owner',
      'O',
      '--out',
      join(folder, 'kit.html'),
    ],
    ['kit', 'list', '--spool', folder],
    ['evidence', '--fleet', join(projectRoot, 'test/vectors'), '--out', join(folder, 'fleet.html')],
    ['restore', archive, '--target', 'mysql://root@127.0.0.1:1/x'],
    ['night', '--config', join(folder, 'none.json'), '--once'],
  ]) {
    assert.notEqual((await runHere([...argv, '--json'])).stdout, '');
  }
  // Behind data a document would be lost.
  const data = await runHere(['extract', archive, '--format', 'tar', '--out', '-', '--json']);
  assert.deepEqual([data.stdout, (JSON.parse(data.stderr) as { ok: boolean }).ok], ['', false]);
});

test('a shell completes commands, options and nothing that is none', {
  skip: hasBash ? false : 'no bash',
}, async () => {
  const { stdout } = await runHere(['completion', 'bash']);
  const complete = (...words: string[]): string =>
    spawnSync(
      'bash',
      [
        '-c',
        `${stdout}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _supplemental_backup; echo "\${COMPREPLY[@]}"`,
        '-',
        'supplemental-backup',
        ...words,
      ],
      { encoding: 'utf8' },
    ).stdout.trim();
  assert.equal(complete('ver'), 'verify');
  assert.equal(complete('help', 'rest'), 'restore');
  assert.equal(complete('restore', 'x', '--sal'), '--salvage');
  assert.equal(complete('restore', 'fil'), '');
  assert.equal(complete('kit', 'cr'), 'create');
  assert.equal(complete('completion', ''), 'bash zsh powershell man');
  for (const shell of ['zsh', 'powershell']) {
    const script = (await runHere(['completion', shell])).stdout;
    for (const { name, options } of commands) {
      for (const option of Object.keys(options))
        assert.ok(script.includes(`--${option}`), `${shell} ${name}`);
    }
  }
});

const hasZsh = spawnSync('zsh', ['--version']).status === 0;
test('zsh completes them on its own line, also for somebody who never set completion up', {
  skip: hasZsh ? false : 'no zsh',
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sb-zsh-'));
  t.after(() => rm(folder, { recursive: true }));
  const { stdout } = await runHere(['completion', 'zsh']);
  await writeFile(join(folder, 'completion'), stdout);
  const typed: readonly (readonly [words: string, whole: string])[] = [
    ['ver', 'verify'],
    ['help rest', 'restore'],
    ['kit cr', 'create'],
    ['completion powe', 'powershell'],
    ['restore x --sal', '--salvage'],
    ['verify compl', 'completion'],
  ];
  // What is awaited is longer than what is typed, so it can come from the completion alone.
  const script = [
    'zmodload zsh/zpty && zpty z zsh -f -i',
    `zpty -w z 'cd ${folder}; source ./completion; print rea""dy'`,
    "zpty -r z seen '*ready*'",
    ...typed.flatMap(([words, whole]) => [
      `zpty -w -n z $'supplemental-backup ${words}\\t'`,
      `zpty -r z seen '*${whole}*' && print ${whole.replace(/^--/, '')}`,
      "zpty -w -n z $'\\x15'",
    ]),
    'zpty -d z',
  ].join('\n');
  const ran = spawnSync('zsh', ['-f', '-c', script], {
    encoding: 'utf8',
    timeout: 60_000,
    killSignal: 'SIGKILL',
    env: { ...process.env, HOME: folder, ZDOTDIR: folder, TERM: 'dumb' },
  });
  const expected = typed.map(([, whole]) => whole.replace(/^--/, ''));
  assert.deepEqual(ran.stdout.trim().split('\n'), expected, ran.stderr);
});

test('the manual page holds every page of help', async () => {
  const { stdout } = await runHere(['completion', 'man']);
  assert.match(stdout, /^\.TH SUPPLEMENTAL-BACKUP 1 /);
  for (const { name } of commands) assert.match(stdout, new RegExp(`^\\.SS ${name}$`, 'm'));
  // Where it is there, it finds nothing to say.
  const formatter = ['groff'].join();
  const formatted = spawnSync(formatter, ['-man', '-Tutf8', '-ww'], { input: stdout, encoding: 'utf8' });
  if (formatted.error === undefined) assert.equal(formatted.stderr, '');
});

test('a name that Windows cannot give is a mistake of usage, and nothing is written', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sb-names-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const name of ['nul', 'CON.age', 'com1 .txt', 'what?.age', 'copy.', '.supplemental-mine']) {
    // A device of Windows is one in every folder.
    const { code, stderr } = await runHere(['keygen', '--out', `${folder}/${name}`]);
    assert.deepEqual([code, /can be named ".+" on every system/.test(stderr)], [2, true], name + stderr);
  }
  assert.deepEqual(await readdir(folder), []);
});

test('a key file is for its owner alone, stays when it is there, and its public key is what is printed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'sb-keygen-'));
  t.after(() => rm(folder, { recursive: true }));
  const out = join(folder, 'key.txt');
  const made = await runHere(['keygen', '--out', out, '--json']);
  const { recipient } = JSON.parse(made.stdout) as { recipient: string };
  const [, told = '', secret = ''] = (await readFile(out, 'utf8')).split('\n');
  assert.equal(told, `# public key: ${recipient}`);
  assert.equal(await identityToRecipient(secret), recipient);
  assert.ok(!(made.stdout + made.stderr).includes('AGE-SECRET-KEY'));
  if (!noModes) assert.equal((await stat(out)).mode & 0o777, 0o600);
  const again = await runHere(['keygen', '--out', out]);
  assert.deepEqual([again.code, /There is already/.test(again.stderr)], [1, true]);
  const strong = await runHere(['keygen', '--out', join(folder, 'pq.txt'), '--post-quantum']);
  assert.match(strong.stdout, /^age1pq1/);
  for (const wrong of ['-', 's3://bucket/key'])
    assert.equal((await runHere(['keygen', '--out', wrong])).code, 2);
});

test('with --json a mistake is one JSON document on stdout, and stderr stays silent', async () => {
  const { code, stdout, stderr } = await runCli(['bakcup', '--json']);
  assert.equal(code, 2);
  assert.equal(stderr, '');
  const said = JSON.parse(stdout) as { ok: boolean; exitCode: number; error: { code: string } };
  assert.deepEqual([said.ok, said.exitCode, said.error.code], [false, 2, 'usage']);
});

test('--help and --version answer and end with 0', async () => {
  for (const argv of [['--help'], ['-h'], ['help'], ['help', '--json']]) {
    const { code, stdout } = await runHere(argv);
    assert.equal(code, 0, argv.join(' '));
    assert.match(stdout, /Usage: supplemental-backup COMMAND/);
  }
  for (const argv of [
    ['verify', '-h'],
    ['help', 'verify'],
    ['verify', '--help'],
  ]) {
    assert.match((await runHere(argv)).stdout, /Usage: supplemental-backup verify/);
  }
  assert.match((await runCli(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
});

const harmlessCertificate: RestoreCertificate = {
  rehearsedAt: '2026-07-15T03:00:00.000Z',
  archiveId: null,
  database: 'office',
  snapshotAt: '2026-07-15T02:00:00.000Z',
  server: 'MariaDB',
  provenAgainst: 'archive',
  equal: true,
  tables: [],
  rows: 0,
  objects: 0,
  restoreSeconds: 1,
  comparisonSeconds: 1,
  differences: [],
  notTested: [],
  notes: [],
};

test('no name can steer the terminal, wherever it is shown', () => {
  const lengths = new Set<number>();
  for (const name of ['harmless', ...hostileNames]) {
    const shown = [
      ...formatPairs([['Database', name]]).split('\n'),
      ...renderPlan(
        planBackup(catalogOf([{ name }]), {
          scope: 'critical',
          tables: [],
          leftOut: [{ kind: 'table', name, reason: name }],
          warnings: [{ code: 'unknown', message: name }],
        }),
      ).split('\n'),
      ...certificateText({
        ...harmlessCertificate,
        database: name,
        notes: [{ code: 'adapted', message: name }],
      }).split('\n'),
    ];
    for (const line of shown) assert.doesNotMatch(line, harmful);
    lengths.add(shown.length);
  }
  assert.equal(lengths.size, 1, 'no name makes a line of its own');
});

test('no message can steer the terminal, whatever name it repeats', async () => {
  const { stderr } = await runHere(['\u001b[2J\u009b31m']);
  assert.match(stderr, /^Unknown command "\\u001b\[2J\\u009b31m"/);
  const { stdout } = await runHere(['\u009b31m\u202e', '--json']);
  assert.doesNotMatch(stdout.replaceAll('\n', ''), harmful);
  assert.match(
    (JSON.parse(stdout) as { error: { message: string } }).error.message,
    /^Unknown command "\u009b31m\u202e"/,
  );
});

/** Progress on no terminal, the clock in the hands of the test, and what was written. */
function linesOf(
  context: TestContext,
  label: string,
): { readonly progress: Progress; readonly written: string[] } {
  context.mock.timers.enable({ apis: ['Date', 'setInterval'] });
  const written: string[] = [];
  const stderr = { write: (text: string) => written.push(text) } as unknown as CommandLine['stderr'];
  return { progress: startProgress({ json: false, stderr }, label, 'bytes'), written };
}

test('without a terminal progress is a plain line every few seconds and one at the end', (context) => {
  const { progress, written } = linesOf(context, 'Reading');
  for (let now = 500; now <= 12_000; now += 500) {
    progress.update(now * 1000, 24_000_000);
    context.mock.timers.tick(500);
  }
  progress.stop();
  progress.stop();
  assert.deepEqual(written, [
    'Reading: 5.0 MB of 24.0 MB (20 %), 1.0 MB/s, 19 s left\n',
    'Reading: 10.0 MB of 24.0 MB (41 %), 1.0 MB/s, 14 s left\n',
    'Reading: 12.0 MB of 24.0 MB (50 %), 1.0 MB/s, 12 s left\n',
  ]);
});

test('progress ends at all of it, when the total was but an estimate', (context) => {
  const { progress, written } = linesOf(context, 'Reading');
  progress.update(1_000_000, 3_000_000);
  progress.finish();
  progress.stop();
  assert.deepEqual(written, ['Reading: 1.0 MB of 1.0 MB (100 %)\n']);
});

test('a restore says when the schedule is usable, and goes on saying so while rows go in', (context) => {
  const { progress, written } = linesOf(context, 'Restoring');
  const show = showRestore(progress);
  const rows = { tablesDone: 0, rows: 1, totalPlainBytes: 4_000_000, table: 'patient' };
  show({ ...rows, phase: 'rows', plainBytes: 1_000_000 });
  context.mock.timers.tick(60_000);
  show({ ...rows, phase: 'schedule-usable', plainBytes: 1_000_000 });
  context.mock.timers.tick(60_000);
  show({ ...rows, phase: 'rows', table: 'claim', plainBytes: 2_000_000 });
  context.mock.timers.tick(1000);
  progress.finish();
  assert.ok(
    written.some((line) => line.includes('the schedule is usable already')),
    written.join(''),
  );
});

test('a restore that builds keys or makes views says so, and is not done for being at 100 %', (context) => {
  const { progress, written } = linesOf(context, 'Restoring');
  const show = showRestore(progress);
  const rows = { tablesDone: 0, rows: 1, totalPlainBytes: 4_000_000 };
  show({ ...rows, phase: 'rows', table: 'claim', plainBytes: 3_000_000 });
  context.mock.timers.tick(1000);
  show({ ...rows, phase: 'rows', table: 'claim', plainBytes: 4_000_000 });
  show({ ...rows, phase: 'keys', table: 'cl\u001baim', plainBytes: 4_000_000 });
  // The server builds keys for a minute, and nothing is heard of it.
  context.mock.timers.tick(60_000);
  show({ ...rows, phase: 'objects', table: '', plainBytes: 4_000_000 });
  context.mock.timers.tick(5000);
  progress.finish();
  assert.deepEqual(written, [
    'Restoring: 4.0 MB of 4.0 MB (100 %), building the keys of cl\\u001baim\n',
    'Restoring: 4.0 MB of 4.0 MB (100 %), making views, triggers and the like\n',
    'Restoring: 4.0 MB of 4.0 MB (100 %), 60.6 kB/s\n',
  ]);
});

test('what was left out is told by its reason, not table by table', () => {
  const tables = Array.from({ length: 10 }, (_, i) => `t${i}`);
  const lines = describeLeftOut([
    { kind: 'users', name: 'accounts', reason: 'they belong to the server' },
    ...tables.map((name) => ({ kind: 'table', name, reason: 'Not asked for.' }) as const),
    { kind: 'trigger', name: 'noted', reason: 'its table is not in this archive' },
  ]);
  assert.deepEqual(lines, [
    'Left out: accounts. They belong to the server.',
    'Left out: t0, t1, t2, t3, t4, t5, t6, t7 and 2 more. Not asked for.',
    'Left out: trigger noted. Its table is not in this archive.',
  ]);
});

test('a bar takes the room that rate and time left do not need', () => {
  assert.equal(drawBar(0.5, 10), '█████░░░░░ ');
  assert.equal(drawBar(1, 100).length, 31);
  assert.equal(drawBar(0.5, 4), '');
});

test('a bar tells what is done instead of rate and time left', async () => {
  const written: string[] = [];
  const stderr = Object.assign(new PassThrough(), {
    isTTY: true,
    columns: 100,
    cursorTo: () => true,
    clearLine: () => true,
  });
  stderr.on('data', (chunk: Buffer) => written.push(String(chunk)));
  const progress = startProgress({ json: false, stderr }, 'Restoring', 'bytes');
  progress.update(4_000_000, 4_000_000, 'building the keys of claim');
  progress.stop();
  await new Promise(setImmediate);
  assert.match(written.join(''), /Restoring █+ 4\.0 MB of 4\.0 MB \(100 %\), building the keys of claim/);
  assert.doesNotMatch(written.join(''), /building.*left/);
});

test('progress of unknown length tells amount and rate', () => {
  assert.equal(describeProgress(3000, undefined, 2, 'rows'), '3,000 rows, 1,500 rows/s');
});
