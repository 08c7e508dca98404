import { assertArgument } from '../arguments.js';

/**
 * Refuses what is not an address: a URL, which `parseDatabaseUrl` parses, or a pool or connection of the
 * driver, which this library cannot use. Otherwise the driver would connect to its default, the server of
 * this machine.
 *
 * @throws TypeError and RangeError, which name the argument and never hold its value
 */
export function checkAddress(address: unknown, name = 'address'): void {
  if (typeof address === 'string' || address instanceof URL) {
    throw new TypeError(`"${name}" must be an address, not a URL: parse it with parseDatabaseUrl`);
  }
  if (
    typeof address === 'object' &&
    address !== null &&
    ['query', 'execute', 'getConnection'].some((each) => each in address)
  ) {
    throw new TypeError(`"${name}" must be an address (host, port, user …), not a pool or a connection`);
  }
  assertArgument(name, address, 'object', {
    host: 'text?',
    port: 'number?',
    user: 'text',
    database: 'text?',
    socketPath: 'text?',
    tls: 'object?',
    serverPublicKey: 'text?',
    getServerPublicKey: 'boolean?',
    connectTimeout: 'number?',
    connect: 'function?',
  });
  const { host, port, password } = address as { host?: string; port?: number; password?: unknown };
  if (password !== undefined && typeof password !== 'string' && typeof password !== 'function') {
    throw new TypeError(`"${name}.password" must be a string or a function`);
  }
  if (host !== undefined && /[\s/@?#\\]/.test(host)) {
    throw new RangeError(`"${name}.host" must be only the name or number of a host`);
  }
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new RangeError(`"${name}.port" must be a whole number from 1 to 65535`);
  }
}

/** Refuses what `openConnection` did not return. @throws TypeError */
export function checkConnection(connection: unknown, name = 'connection'): void {
  const ours = { query: 'function', queryEach: 'function', address: 'object' } as const;
  try {
    assertArgument(name, connection, 'object', ours);
  } catch {
    throw new TypeError(`"${name}" must be a connection of openConnection`);
  }
}
