/** Where a database is and how to log in. */
export interface DatabaseAddress {
  /** @defaultValue '127.0.0.1' */
  readonly host?: string;
  /** @defaultValue 3306 */
  readonly port?: number;
  readonly user: string;
  /** @defaultValue '' */
  readonly password?: string;
  /** Name of the database; absent for work on the server as a whole. */
  readonly database?: string;
  /** Unix socket or Windows named pipe; wins over host and port. */
  readonly socketPath?: string;
  /**
   * TLS options: `ca`, `cert`, `key`, `passphrase`, `ciphers`, `minVersion`, `maxVersion` as `node:tls` takes them; absent
   * means no TLS. The server's certificate must be valid and name `host`; `verifyIdentity: false` takes one that names
   * another, `rejectUnauthorized: false` takes any.
   */
  readonly tls?: Readonly<Record<string, unknown>>;
  /** Milliseconds to wait for the server to answer the login. @defaultValue 10_000 */
  readonly connectTimeout?: number;
}

/**
 * Reads `mysql://user[:password]@host[:port]/database[?socketPath=…]`.
 *
 * @throws TypeError when it is not such a URL; the message never holds the password
 * @example
 * ```ts
 * const { host, port } = parseDatabaseUrl('mysql://backup@localhost:3306/opendental');
 * ```
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new TypeError('"url" must look like mysql://user@host:3306/database');
  }
  if (parsed.protocol !== 'mysql:' && parsed.protocol !== 'mariadb:') {
    throw new TypeError('"url" must begin with mysql:// or mariadb://');
  }
  const database = decodeURIComponent(parsed.pathname.slice(1));
  const socketPath = parsed.searchParams.get('socketPath');
  return {
    host: parsed.hostname === '' ? '127.0.0.1' : decodeURIComponent(parsed.hostname.replace(/^\[|\]$/g, '')),
    port: parsed.port === '' ? 3306 : Number(parsed.port),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    ...(database === '' ? {} : { database }),
    ...(socketPath === null ? {} : { socketPath }),
  };
}
