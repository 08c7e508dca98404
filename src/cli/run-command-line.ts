import { sendDiagnosisTo } from '../diagnosis.js';
import { type BackupError, during, isBackupError } from '../errors.js';
import { escapeControls, escapeControlsInLines } from '../escape-controls.js';
import { didYouMean, nearestWord } from '../nearest-word.js';
import { formatCount } from '../quantities.js';
import {
  type Command,
  type CommandLine,
  type CommandResult,
  type CommandWord,
  readArguments,
} from './command.js';
import { commandWords } from './commands/index.js';
import { type ExitCode, exitCodeOf, exitCodes, Interrupted, UsageError } from './exit-codes.js';
import { renderOverview, renderScreenPage, renderWholePage } from './help.js';
import { version } from './version.js';
import { forScreen, hintsFor, stoppedSentence, type Typed, withFile } from './wording/hints.js';
import { fitted } from './wording/wrap.js';

/**
 * Runs one command line and writes its result.
 *
 * @param argv - the words after the program's name
 * @returns the exit code; never rejects
 */
export async function runCommandLine(
  argv: readonly string[],
  environment: Omit<CommandLine, 'json' | 'quiet' | 'words'>,
): Promise<ExitCode> {
  const quiet = argv.includes('--quiet') || argv.includes('-q');
  const line: CommandLine = { ...environment, json: argv.includes('--json'), quiet, words: commandWords };
  const quieten = argv.includes('--verbose')
    ? sendDiagnosisTo((told) => line.stderr.write(`${told}\n`))
    : undefined;
  try {
    const [name, ...rest] = argv;
    if (name === '--version') return say(line, { json: { version }, text: version });
    const topic = rest.find((word) => !word.startsWith('-'));
    if (name === 'help' && topic !== undefined) {
      return say(line, helpOf(renderWholePage(await findWord(topic).load())));
    }
    const overview = renderOverview(commandWords);
    if (name === undefined) throw new UsageError(overview);
    if (name === '--help' || name === '-h' || name === 'help') return say(line, helpOf(overview));
    return say(line, await runCommand(await findWord(name).load(), rest, line));
  } catch (error) {
    return await complain(line, error, argv);
  } finally {
    quieten?.();
  }
}

async function runCommand(
  command: Command,
  argv: readonly string[],
  line: CommandLine,
): Promise<CommandResult> {
  const given = readArguments(command, argv);
  if (given.flag('help')) return helpOf(renderScreenPage(command));
  return during('tool', () => command.run(given, line));
}

function helpOf(page: string): CommandResult {
  return { json: { help: page }, text: page, isPage: true };
}

function findWord(name: string): CommandWord {
  const found = commandWords.find((word) => word.name === name);
  if (found === undefined) {
    const names = commandWords.map((word) => word.name);
    const meant = didYouMean(nearestWord(name, names));
    throw new UsageError(`Unknown command "${name}".${meant} Commands: ${names.join(', ')}.`);
  }
  return found;
}

function say(line: CommandLine, result: CommandResult): ExitCode {
  const exitCode = result.exitCode ?? exitCodes.done;
  const stream = result.to === 'stderr' ? line.stderr : line.stdout;
  if (line.json) stream.write(jsonText({ ok: exitCode === exitCodes.done, ...result.json }));
  else if (!line.quiet || result.isPage === true || exitCode !== exitCodes.done) {
    const text = escapeControlsInLines(result.text.replace(/\n$/, ''));
    stream.write(`${result.isPage === true ? text : fitted(text, stream)}\n`);
  }
  return exitCode;
}

async function complain(line: CommandLine, error: unknown, argv: readonly string[]): Promise<ExitCode> {
  const exitCode = exitCodeOf(error);
  if (line.json) {
    const stream = isDataOnStdout(argv) ? line.stderr : line.stdout;
    stream.write(jsonText({ ok: false, exitCode, error: describe(error) }));
  } else if (error instanceof Interrupted) {
    // Removes the ^C that the terminal has printed.
    const clear = line.stderr.isTTY === true ? '\r\u001b[K' : '';
    line.stderr.write(`${clear}${fitted(stoppedSentence(typedIn(argv)), line.stderr)}\n`);
  } else {
    // Messages contain names from labels and servers.
    const show = isBackupError(error) ? escapeControls : escapeControlsInLines;
    const said = isBackupError(error) ? withFile(error, await archiveIn(argv)) : describe(error).message;
    const message = show(forScreen(said.replace(/\n$/, '')));
    const isPage = error instanceof UsageError && error.message.includes('Usage:');
    line.stderr.write(`${isPage ? message : fitted(message, line.stderr)}\n`);
    if (isBackupError(error)) {
      const hints = hintsFor(error, typedIn(argv)).map((hint) => `${escapeControls(hint)}\n`);
      line.stderr.write(fitted(tablesIn(error) + missingIn(error) + hints.join(''), line.stderr));
    }
    if (error instanceof UsageError && !isPage) {
      const topic = commandWords.find(({ name }) => name === argv[0]);
      const help = topic === undefined ? 'supplemental-backup' : `supplemental-backup ${topic.name}`;
      // More than one option may be missing.
      const usage = / is missing\.$/.test(message) ? usageIn((await topic?.load())?.help ?? '') : '';
      line.stderr.write(`${usage}For usage: ${help} --help\n`);
    }
  }
  return exitCode;
}

function usageIn(help: string): string {
  return /^Usage: [\s\S]*?\n(?=\n)/m.exec(help)?.[0] ?? '';
}

/** Whether stdout holds data, so that a document must go to stderr. */
function isDataOnStdout(argv: readonly string[]): boolean {
  return argv.includes('--out=-') || argv[argv.indexOf('--out') + 1] === '-';
}

/** The archive that was named, where a command takes one. */
async function archiveIn(argv: readonly string[]): Promise<string | undefined> {
  const [name, ...rest] = argv;
  const command = await commandWords.find((word) => word.name === name)?.load();
  if (command === undefined || !/^ {2}ARCHIVE /m.test(command.help)) return undefined;
  return readArguments(command, rest).positionals[0];
}

function typedIn(argv: readonly string[]): Typed {
  const options = argv.filter((word) => word.startsWith('--')).map((word) => word.slice(2).split('=')[0]!);
  return { command: argv[0], options: new Set(options) };
}

// A document may be shown on a terminal: control characters become JSON escapes.
function jsonText(document: object): string {
  return `${escapeControlsInLines(JSON.stringify(document, null, 2))}\n`;
}

interface Complaint {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

function describe(error: unknown): Complaint {
  if (isBackupError(error)) return { code: error.code, message: error.message, details: error.details };
  if (error instanceof UsageError) return { code: 'usage', message: error.message };
  if (error instanceof Interrupted) return { code: 'interrupted', message: error.message };
  return {
    code: 'unexpected',
    message: `Unexpected error: ${error instanceof Error ? error.message : String(error)}`,
  };
}

// What a restore could not make, one line each, and the unencrypted files that were written.
function missingIn({ details: { missing, written } }: BackupError): string {
  const lines = Array.isArray(missing) ? missing.map((line) => `${escapeControls(String(line))}\n`) : [];
  const files = Array.isArray(written) ? written.map((file) => `  ${escapeControls(String(file))}\n`) : [];
  return [...lines, ...(files.length === 0 ? [] : ['Written before that, not encrypted:\n', ...files])].join(
    '',
  );
}

const tableLists = [
  ['Absent', 'absentTables'],
  ['Damaged', 'damagedTables'],
  ['Whole', 'wholeTables'],
] as const;

// After "damaged" people ask what is lost, and then what is left.
function tablesIn({ details }: BackupError): string {
  return tableLists
    .map(([word, key]) => [word, details[key]] as const)
    .filter(
      (entry): entry is [(typeof entry)[0], readonly string[]] =>
        Array.isArray(entry[1]) && entry[1].length > 0,
    )
    .map(
      ([word, tables]) =>
        `${word} (${formatCount(tables.length)}): ${tables.map(escapeControls).join(', ')}\n`,
    )
    .join('');
}
