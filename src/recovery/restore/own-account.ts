import { createHash, randomBytes } from 'node:crypto';
import type { DatabaseAddress } from '../../database/address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { quoteName } from '../../database/identifiers.js';
import { foldName } from '../../database/server-names.js';
import { isBackupError } from '../../errors.js';
import type { TargetAddress } from './target-address.js';

/**
 * The account whose rights were used for the content of an archive: one created for the run, with no rights
 * outside of the target; or the user's own, because the user may not create accounts, or because the options
 * need the user's rights. `isPrivileged`: whether the user has any rights outside of the target.
 */
export type RestoreRights =
  | { readonly kind: 'own-account' }
  | { readonly kind: 'login'; readonly isPrivileged: boolean };

/** The account of a run; dropped at its end. */
export interface OwnAccount {
  readonly address: TargetAddress;
  /** Quoted for statements. */
  readonly name: string;
}

/** Names of such accounts begin with this; old servers allow 16 characters. */
const prefix = 'sbrest_';

/**
 * Creates an account with all rights in the target and none anywhere else: an archive may come from anybody,
 * and its content must not reach outside of the target. Accounts of killed restores are dropped first.
 *
 * @param server - the user's session that holds the claim on the target
 * @returns undefined when the user cannot create one
 */
export async function makeOwnAccount(
  server: Connection,
  target: TargetAddress,
): Promise<OwnAccount | undefined> {
  const [facts] = await server.query('SELECT USER() AS me, @@global.read_only AS read_only_flag');
  // A read-only server lets the account write nothing, but the user may have the privilege to.
  if (facts?.['read_only_flag'] !== '0') return undefined;
  await sweepAccounts(server);
  const me = facts['me'] ?? '';
  const host = me.slice(me.lastIndexOf('@') + 1);
  const user = `${prefix}${randomBytes(5).toString('hex').slice(0, 9)}`;
  // With characters of every kind, since some servers refuse simple passwords.
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
    // The password protects only the target, and is sent over the same connection as in the statement that
    // set it.
    const account = { address: { ...target, user, password, getServerPublicKey: true }, name };
    // Behind a proxy the server may see another host, for which the account does not exist.
    await (await openConnection(account.address)).close();
    return account;
  } catch (error) {
    await dropOwnAccount(server, name);
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** @param server - a session of the user */
export async function dropOwnAccount(server: Connection, name: string): Promise<void> {
  await server.query(`DROP USER ${name}`).catch(() => undefined);
}

/** The same over a new session. */
export async function dropOwnAccountAnew(login: DatabaseAddress, name: string): Promise<void> {
  const server = await openConnection(login).catch(() => undefined);
  if (server === undefined) return;
  await dropOwnAccount(server, name);
  await server.close();
}

/** The user's own rights. */
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

/** The name of a database in a grant, where `_` and `%` are wildcards unless escaped. */
async function patternOf(server: Connection, database: string): Promise<string> {
  const [answer] = await server.queryEach(['SELECT @@global.partial_revokes AS literal_names']);
  const isLiteral = answer?.rows?.[0]?.['literal_names'] === '1';
  return quoteName(isLiteral ? database : database.replaceAll(/[\\_%]/g, '\\$&'));
}

/** MySQL 8 and newer require a privilege for some session settings that definitions depend on. */
async function grantSettings(server: Connection, name: string): Promise<void> {
  await server.queryEach([`GRANT SESSION_VARIABLES_ADMIN ON *.* TO ${name}`]);
}

/** Drops accounts of restores that have ended: no session holds the claim on their database. */
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

/** The name of the lock that prevents a second restore into a target. */
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
