import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** Where a database is and how to log in. */
export interface DatabaseAddress {
  /** @defaultValue '127.0.0.1' */
  readonly host?: string | undefined;
  /** @defaultValue 3306 */
  readonly port?: number | undefined;
  /** Name of the user. */
  readonly user: string;
  /**
   * A function is called for each new connection, for passwords that change. Its error is not shown.
   * @defaultValue ''
   */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /** Name of the database; absent for work on the server as a whole. */
  readonly database?: string | undefined;
  /** Unix socket or Windows named pipe; wins over host and port. */
  readonly socketPath?: string | undefined;
  /**
   * Opens the socket to the server, for example through a tunnel or a proxy. The socket may still be
   * connecting. Called for each new connection; takes precedence over `host`, `port` and `socketPath`. With
   * TLS the certificate must still name `host`.
   */
  readonly connect?: (() => Socket | Promise<Socket>) | undefined;
  /**
   * TLS options: `ca`, `cert`, `key`, `passphrase`, `ciphers`, `minVersion`, `maxVersion` as in `node:tls`;
   * absent means no TLS. The server's certificate must be valid and name `host`. `verifyIdentity: false`
   * accepts one that names another host, `rejectUnauthorized: false` accepts any.
   */
  readonly tls?: Readonly<Record<string, unknown>> | undefined;
  /**
   * The server's public key in PEM, for accounts of `caching_sha2_password` and `sha256_password` on a
   * connection without TLS: the password is encrypted with this key only.
   */
  readonly serverPublicKey?: string | undefined;
  /**
   * Whether, without TLS and without `serverPublicKey`, the password may be encrypted with whatever key the
   * server sends. An attacker on the network can then read it. @defaultValue false
   */
  readonly getServerPublicKey?: boolean | undefined;
  /**
   * Milliseconds to wait for the server's reply to the login; three times as long for its first replies after
   * it.
   *
   * @defaultValue 10_000
   */
  readonly connectTimeout?: number | undefined;
}

/**
 * Reads `mysql://[user[:password]@]host[:port][/database][?parameter=value&…]`. The parameters are named as
 * in MySQL's clients: `socketPath`; `ssl-mode`, which is `DISABLED` (the default), `REQUIRED` (any
 * certificate), `VERIFY_CA` (one of a trusted authority; the default with one of the files) or
 * `VERIFY_IDENTITY` (and for this host); the PEM files `ssl-ca`, `ssl-cert`, `ssl-key` and
 * `server-public-key-path`, which are read at once; and `get-server-public-key`, which is `0` (the default)
 * or `1`.
 *
 * @throws TypeError when it is not such a URL, has another parameter, or a file cannot be read; the message
 *   never holds the password
 * @example
 * ```ts
 * const { host, port } = parseDatabaseUrl('mysql://backup@localhost:3306/opendental?ssl-mode=REQUIRED');
 * ```
 */
export function parseDatabaseUrl(url: string): DatabaseAddress & { readonly password?: string } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TypeError('"url" must look like mysql://user@host:3306/database');
  }
  if (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:') {
    throw new TypeError('"url" must begin with mysql:// or mariadb://');
  }
  const unknown = [...parsed.searchParams.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`"url" has the parameter "${unknown}"; there are ${parameters.join(', ')}`);
  }
  const database = decoded(parsed.pathname.slice(1));
  const socketPath = parsed.searchParams.get('socketPath');
  const tls = readTls(parsed.searchParams);
  return {
    host: parsed.hostname === '' ? '127.0.0.1' : decoded(parsed.hostname.replace(/^\[|\]$/g, '')),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decoded(parsed.username),
    password: decoded(parsed.password),
    ...(database === '' ? {} : { database }),
    ...(socketPath === null ? {} : { socketPath }),
    ...(tls === undefined ? {} : { tls }),
    ...readServerKey(parsed.searchParams),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // The message does not quote the URL, which may hold the password there.
    throw new TypeError('"url" has a "%" that is not part of an escape: write it as %25');
  }
}

const tlsFiles = ['ca', 'cert', 'key'] as const;
const keyFile = 'server-public-key-path';
const anyKey = 'get-server-public-key';
const parameters: readonly string[] = [
  'socketPath',
  'ssl-mode',
  ...tlsFiles.map((name) => `ssl-${name}`),
  keyFile,
  anyKey,
];

const tlsModes: Readonly<Record<string, DatabaseAddress['tls']>> = {
  DISABLED: undefined,
  REQUIRED: { rejectUnauthorized: false },
  VERIFY_CA: { verifyIdentity: false },
  VERIFY_IDENTITY: {},
};

function readTls(given: URLSearchParams): DatabaseAddress['tls'] {
  const files = tlsFiles.filter((name) => given.has(`ssl-${name}`));
  const mode = given.get('ssl-mode')?.toUpperCase() ?? (files.length > 0 ? 'VERIFY_CA' : 'DISABLED');
  if (!Object.hasOwn(tlsModes, mode)) {
    // PREFERRED, the default of MySQL's clients, is not offered: an attacker on the network could then turn
    // TLS off.
    throw new TypeError(`"url" has an ssl-mode that is none of ${Object.keys(tlsModes).join(', ')}`);
  }
  const options = tlsModes[mode];
  if (options === undefined) return undefined;
  return {
    ...options,
    ...Object.fromEntries(files.map((name) => [name, readPem(`ssl-${name}`, given.get(`ssl-${name}`)!)])),
  };
}

function readServerKey(
  given: URLSearchParams,
): Pick<DatabaseAddress, 'getServerPublicKey' | 'serverPublicKey'> {
  const path = given.get(keyFile);
  const any = given.get(anyKey) ?? '0';
  if (any !== '0' && any !== '1') throw new TypeError(`"url" has a ${anyKey} that is neither 0 nor 1`);
  return {
    ...(path === null ? {} : { serverPublicKey: readPem(keyFile, path) }),
    ...(any === '0' ? {} : { getServerPublicKey: true }),
  };
}

function readPem(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new TypeError(
      `"url" has a file for ${parameter} that cannot be read (${(error as NodeJS.ErrnoException).code}): ${path}`,
    );
  }
}
