import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DatabaseAddress } from '../../src/database/address.js';
import type { Ground } from './model.js';

/** What a program of the vendor's said. */
export interface Said {
  readonly output: Buffer;
  /** What it complained about, a line each; empty when all went well. */
  readonly complaints: readonly string[];
}

function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** The programs without which nothing is judged, as far as this machine lacks them. */
export function missingPrograms(): string | undefined {
  const missing = ['mariadb', 'mariadb-dump', 'python3'].filter((name) => !onPath(name));
  return missing.length === 0
    ? undefined
    : `not on this machine: ${missing.join(', ')} (apt-get install mariadb-client python3)`;
}

function login({ host = '127.0.0.1', port = 3306, user }: DatabaseAddress): readonly string[] {
  return ['--no-defaults', `--host=${host}`, `--port=${port}`, '--protocol=tcp', `--user=${user}`];
}

/** Runs a program to its end, however it ends. */
export function run(
  program: string,
  args: readonly string[],
  input?: Buffer,
  folder?: string,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', ...(folder === undefined ? {} : { cwd: folder }) });
    const output: Buffer[] = [];
    let words = '';
    child.stdout.on('data', (piece: Buffer) => output.push(piece));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      words += text;
    });
    // A client that stops early closes its end; its complaint tells more.
    child.stdin.on('error', () => undefined);
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const complaints = words
        .split('\n')
        .filter((line) => /^ERROR|^\S+dump: |Error:|Traceback/.test(line) && !/Warning/.test(line));
      if (code !== 0 && complaints.length === 0)
        complaints.push(`${program} ended with ${code ?? signal}: ${words.slice(0, 300)}`);
      resolve({ output: Buffer.concat(output), complaints });
    });
    child.stdin.end(input);
  });
}

/** Feeds a script to the stock client. With `force` it goes on after a statement that fails. */
export function load(
  address: DatabaseAddress,
  script: Buffer,
  options: { readonly force?: boolean; readonly charset?: string } = {},
): Promise<Said> {
  const { force = false, charset = 'utf8mb4' } = options;
  const args = [...login(address), '--binary-mode', '--comments', `--default-character-set=${charset}`];
  if (force) args.push('--force');
  return run(
    'mariadb',
    [...args, ...(address.database === undefined ? [] : [`--database=${address.database}`])],
    script,
  );
}

interface Dumper {
  readonly program: string;
  readonly args: readonly string[];
}

/** It speaks to MySQL too. Rows of 5.6 it cannot read. */
const ofMariadb: Dumper = { program: 'mariadb-dump', args: ['--no-tablespaces'] };

/** MySQL's own, of a newer version than 5.6, whose routines it passes over. */
const ofMysql: Dumper = {
  program: 'mysqldump-of-mysql',
  args: ['--no-tablespaces', '--set-gtid-purged=OFF', '--column-statistics=0'],
};

const speaksMysql = ({ mariadb }: Ground): boolean => !mariadb && onPath(ofMysql.program);
const isOld = ({ mariadb, version }: Ground): boolean => !mariadb && version < 50700;

function dump(
  address: DatabaseAddress,
  { program, args: own }: Dumper,
  args: readonly string[],
  tables: readonly string[] = [],
): Promise<Said> {
  const all = [
    ...login(address),
    ...own,
    '--default-character-set=utf8mb4',
    '--skip-comments',
    '--force',
    ...args,
  ];
  return run(program, [...all, '--', address.database!, ...tables]);
}

/** Definitions only, for comparing. */
export function dumpDefinitions(address: DatabaseAddress, ground: Ground): Promise<Said> {
  return dump(address, speaksMysql(ground) && !isOld(ground) ? ofMysql : ofMariadb, [
    '--no-data',
    '--routines',
    '--events',
    '--triggers',
    '--skip-lock-tables',
    '--skip-add-drop-table',
  ]);
}

/** Everything, as a person would who keeps copies with the vendor's tool. */
export async function dumpAll(
  address: DatabaseAddress,
  ground: Ground,
  tables: readonly string[],
): Promise<Said> {
  const dumper = speaksMysql(ground) ? ofMysql : ofMariadb;
  const objects = ['--routines', '--events'];
  const rows = ['--triggers', '--hex-blob'];
  if (!isOld(ground) || dumper === ofMariadb) return dump(address, dumper, [...objects, ...rows], tables);
  const whole = await dump(address, dumper, rows, tables);
  if (tables.length > 0) return whole;
  const nothingElse = ['--no-data', '--no-create-info', '--skip-triggers', '--skip-lock-tables'];
  // Views may call functions, so these come first.
  const first = await dump(address, ofMariadb, [...objects, ...nothingElse]);
  // It complains of the rows, which it is not asked for.
  return { output: Buffer.concat([first.output, whole.output]), complaints: whole.complaints };
}
