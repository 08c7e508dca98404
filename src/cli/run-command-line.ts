import { sendDiagnosisTo } from '../diagnosis.js';
import { type BackupError, during, isBackupError } from '../errors.js';
import { escapeControls, escapeControlsInLines } from '../escape-controls.js';
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
import { renderOverview } from './help.js';
import { version } from './version.js';

/**
 * Runs one command line and writes its result.
 *
 * @param argv - the words after the program's name
 * @returns the exit code; never rejects
 */
export async function runCommandLine(
  argv: readonly string[],
  environment: Omit<CommandLine, 'json'>,
): Promise<ExitCode> {
  const line: CommandLine = { ...environment, json: argv.includes('--json') };
  const quieten = argv.includes('--verbose')
    ? sendDiagnosisTo((told) => line.stderr.write(`${told}\n`))
    : undefined;
  try {
    const [name, ...rest] = argv;
    if (name === '--version') return say(line, { json: { version }, text: version });
    const topic = rest.find((word) => !word.startsWith('-'));
    if (name === 'help' && topic !== undefined) return say(line, helpOf((await findWord(topic).load()).help));
    const overview = renderOverview(commandWords);
    if (name === undefined) throw new UsageError(overview);
    if (name === '--help' || name === '-h' || name === 'help') return say(line, helpOf(overview));
    return say(line, await runCommand(await findWord(name).load(), rest, line));
  } catch (error) {
    return complain(line, error, argv);
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
  if (given.flag('help')) return helpOf(command.help);
  return during('tool', () => command.run(given, line));
}

function helpOf(page: string): CommandResult {
  return { json: { help: page }, text: page };
}

function findWord(name: string): CommandWord {
  const found = commandWords.find((word) => word.name === name);
  if (found === undefined) {
    throw new UsageError(
      `Unknown command "${name}". Commands: ${commandWords.map((word) => word.name).join(', ')}.`,
    );
  }
  return found;
}

function say(line: CommandLine, result: CommandResult): ExitCode {
  const exitCode = result.exitCode ?? exitCodes.done;
  const stream = result.to === 'stderr' ? line.stderr : line.stdout;
  stream.write(
    line.json
      ? jsonText({ ok: exitCode === exitCodes.done, ...result.json })
      : `${escapeControlsInLines(result.text.replace(/\n$/, ''))}\n`,
  );
  return exitCode;
}

function complain(line: CommandLine, error: unknown, argv: readonly string[]): ExitCode {
  const exitCode = exitCodeOf(error);
  if (line.json) {
    line.stdout.write(jsonText({ ok: false, exitCode, error: describe(error) }));
  } else if (!(error instanceof Interrupted)) {
    // Messages name users, tables and objects, and those names come from labels and servers.
    const show = isBackupError(error) ? escapeControls : escapeControlsInLines;
    line.stderr.write(`${show(describe(error).message.replace(/\n$/, ''))}\n`);
    if (isBackupError(error)) line.stderr.write(tablesIn(error) + missingIn(error));
    if (error instanceof UsageError && !error.message.includes('Usage:')) {
      const topic = commandWords.find(({ name }) => name === argv[0]);
      const help = topic === undefined ? 'supplemental-backup' : `supplemental-backup ${topic.name}`;
      line.stderr.write(`${help} --help tells what can be said.\n`);
    }
  }
  return exitCode;
}

// A document for programs may be looked at on a terminal too; the marks are JSON's own way to write these characters.
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
    message: `This should not happen: ${error instanceof Error ? error.message : String(error)}`,
  };
}

// What a restore did not get into the target, one line each.
function missingIn({ details: { missing } }: BackupError): string {
  return Array.isArray(missing) ? missing.map((line) => `${escapeControls(String(line))}\n`).join('') : '';
}

const tableLists = [
  ['Absent', 'absentTables'],
  ['Damaged', 'damagedTables'],
  ['Whole', 'wholeTables'],
] as const;

// On a bad day the question after "damaged" is what is lost, and then what is left. Counts stand before names.
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
