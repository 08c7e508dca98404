import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseAddress } from '../../database/address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';
import { foldName } from '../../database/server-names.js';
import { isBackupError } from '../../errors.js';
import type { TargetAddress } from './target-address.js';

/**
 * With what rights the content of an archive was put to the server: of an account made for the run, which may
 * do nothing outside the target; or of the login itself, since it may not make accounts, or since it was
 * asked for what only the login may do. `isPrivileged`: whether the login may do anything outside the target.
 */
export type RestoreRights =
  | { readonly kind: 'own-account' }
  | { readonly kind: 'login'; readonly isPrivileged: boolean };

/** An account of a run; dropped at its end. */
export interface OwnAccount {
  readonly address: TargetAddress;
  /** As a statement names it. */
  readonly name: string;
}

/** Users of restores begin with this; old servers take 16 characters. */
const prefix = 'sbrest_';

/**
 * Makes an account that may do everything in the target and nothing anywhere else: an archive may come from
 * anybody, and what it holds must not reach further than the target. Accounts of restores that were killed go
 * first.
 *
 * @param server - the session of the login that holds the claim on the target
 * @returns undefined where the login cannot
 */
export async function makeOwnAccount(
  server: Connection,
  target: TargetAddress,
): Promise<OwnAccount | undefined> {
  const [facts] = await server.query('SELECT USER() AS me, @@global.read_only AS read_only_flag');
  // A server that is read-only lets the account write nothing. The login may have the privilege to.
  if (facts?.['read_only_flag'] !== '0') return undefined;
  await sweepAccounts(server);
  const me = facts['me'] ?? '';
  const host = me.slice(me.lastIndexOf('@') + 1);
  const user = `${prefix}${randomBytes(5).toString('hex').slice(0, 9)}`;
  // With letters of every kind, since some servers refuse simple passwords.
  const password = `aA1-${randomBytes(24).toString('hex')}`;
  const name = `'${user}'@${literal(host)}`;
  try {
    await server.query(`CREATE USER ${name} IDENTIFIED BY '${password}'`);
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
  try {
    await server.query(`GRANT ALL PRIVILEGES ON ${await patternOf(server, target.database)}.* TO ${name}`);
    await grantSettings(server, name);
    // The password opens no more than the target, and goes over the line on which it was set already.
    const account = { address: { ...target, user, password, getServerPublicKey: true }, name };
    // Behind a proxy the server may not know the account by this host.
    await (await openConnection(account.address)).close();
    return account;
  } catch (error) {
    await dropOwnAccount(server, name);
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** @param server - a session of the login */
export async function dropOwnAccount(server: Connection, name: string): Promise<void> {
  await server.query(`DROP USER ${name}`).catch(() => undefined);
}

/** The same over a session of its own. */
export async function dropOwnAccountAnew(login: DatabaseAddress, name: string): Promise<void> {
  const server = await openConnection(login).catch(() => undefined);
  if (server === undefined) return;
  await dropOwnAccount(server, name);
  await server.close();
}

/** The rights of the login itself. */
export async function rightsOfLogin(server: Connection, target: string): Promise<RestoreRights> {
  const [answer] = await server.queryEach(['SHOW GRANTS']);
  const grants = (answer?.rows ?? []).map((row) => Object.values(row)[0] ?? '');
  const own = [quoteName(target), await patternOf(server, target)];
  const isPrivileged = grants.some((grant) => {
    const [, rights, on] = /^GRANT (.*?) ON (.*?) TO /s.exec(grant) ?? [];
    // A role may hold any privilege.
    if (rights === undefined || on === undefined) return grant.startsWith('GRANT ');
    return !/^(?:PROCESS|USAGE)$/.test(rights) && !own.some((name) => on.startsWith(`${name}.`));
  });
  return { kind: 'login', isPrivileged: isPrivileged || answer?.error !== undefined };
}

/** How the name of a database stands in a grant, where `_` and `%` stand for others. */
async function patternOf(server: Connection, database: string): Promise<string> {
  const [answer] = await server.queryEach(['SELECT @@global.partial_revokes AS literal_names']);
  const isLiteral = answer?.rows?.[0]?.['literal_names'] === '1';
  return quoteName(isLiteral ? database : database.replaceAll(/[\\_%]/g, '\\$&'));
}

/**
 * MySQL 8 and newer want a privilege for some settings of a session without which a definition means
 * something else.
 */
async function grantSettings(server: Connection, name: string): Promise<void> {
  await server.queryEach([`GRANT SESSION_VARIABLES_ADMIN ON *.* TO ${name}`]);
}

/**
 * Drops accounts of restores that are no more: nobody holds the claim on the database that they may work in.
 */
async function sweepAccounts(server: Connection): Promise<void> {
  const [users] = await server.queryEach([
    `SELECT u.User AS user, u.Host AS host, d.Db AS db FROM mysql.user u JOIN mysql.db d ON d.User = u.User` +
      ` AND d.Host = u.Host WHERE u.User LIKE '${prefix.replaceAll('_', '\\_')}%'`,
  ]);
  for (const { user, host, db } of users?.rows ?? []) {
    if (!/^sbrest_[0-9a-f]{9}$/.test(user ?? '')) continue;
    const database = (db ?? '').replaceAll(/\\([\\_%])/g, '$1');
    const [mine] = await server.query(
      `SELECT COALESCE(IS_USED_LOCK('${claimName(server, database)}'), IS_USED_LOCK(LEFT(${literal(database)}, 64))) AS holder`,
    );
    const holder = mine?.['holder'] ?? undefined;
    if (holder !== undefined && holder !== String(server.id)) continue;
    await dropOwnAccount(server, `'${user}'@${literal(host ?? '')}`);
  }
}

/** The lock that keeps a second restore away from a target. */
export function claimName(server: Connection, target: string): string {
  return `supplemental-backup ${createHash('sha256').update(foldName(target, server)).digest('hex').slice(0, 32)}`;
}

function literal(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}

function isRefusal(error: unknown): boolean {
  return (
    isBackupError(error, 'privilege-missing') ||
    isBackupError(error, 'database-query-failed') ||
    isBackupError(error, 'database-unreachable')
  );
}
