import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { DatabaseAddress } from '../../src/database/address.js';

/** A program of the folder `children`, as a command of bash. */
export function childCommand(name: string, ...args: readonly string[]): string {
  return [execPath, builtFile(`bench/children/${name}.js`), ...args].join(' ');
}

/** The command line of this library. */
export function ownCommand(...args: readonly string[]): string {
  return [execPath, builtFile('src/cli/main.js'), ...args].join(' ');
}

function builtFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** The login of the stock clients. */
export function loginOf({ host = '127.0.0.1', port = 3306, user, password }: DatabaseAddress): string {
  return `--host=${host} --port=${port} --user=${user}${password ? ` --password=${password}` : ''}`;
}

/** The stock dump of a database to stdout. */
export function stockDump(address: DatabaseAddress, database: string): string {
  return `mariadb-dump --no-defaults ${loginOf(address)} --single-transaction ${database}`;
}
