import { type DatabaseAddress, parseDatabaseUrl } from '../database/address.js';
import type { CommandLine } from './command.js';
import { UsageError } from './exit-codes.js';

/**
 * Reads a database URL of the command line. Without a password in it, the one in `MYSQL_PWD` is used, as the
 * clients of MySQL and MariaDB do: everybody on the machine can see arguments, only the owner the
 * environment.
 *
 * @param option - the option's name, for the error
 * @throws UsageError
 */
export function readDatabaseUrl(
  url: string,
  option: string,
  env: CommandLine['env'],
): DatabaseAddress & { readonly database: string } {
  const address = readServerUrl(url, option, env);
  const { database } = address;
  if (database === undefined) throw new UsageError(`--${option} names no database: ${shape}/database`);
  return { ...address, database };
}

/** The same where no database need be named. @throws UsageError */
export function readServerUrl(url: string, option: string, env: CommandLine['env']): DatabaseAddress {
  const address = parse(url, option);
  if (address.user === '') throw new UsageError(`--${option} names no user: ${shape}`);
  const password = env['MYSQL_PWD'];
  return (address.password ?? '') === '' && password !== undefined ? { ...address, password } : address;
}

const shape = 'mysql://user@host:3306';

function parse(url: string, option: string): DatabaseAddress {
  try {
    return parseDatabaseUrl(url);
  } catch (error) {
    throw new UsageError(
      error instanceof Error ? error.message.replace('"url"', `--${option}`) : `--${option} is not a URL.`,
    );
  }
}
