import { type AuthPlugin, authPlugins } from 'mysql2';
import type { DatabaseAddress } from './address.js';

/**
 * The error of a login for which the server asked for the password itself without having proved its identity.
 */
export class PasswordWanted extends Error {}

/**
 * The authentication plugins of MySQL in which a server may ask for the password itself. Over TLS or a local
 * socket it is sent. Otherwise it is encrypted with a public key, and an attacker on the network could send
 * his own: so the key must be known here, or the caller must have allowed any key.
 */
export function sha2Logins(
  address: Pick<DatabaseAddress, 'getServerPublicKey' | 'serverPublicKey'>,
): Readonly<Record<string, AuthPlugin>> {
  const { serverPublicKey, getServerPublicKey } = address;
  const options = {
    ...(serverPublicKey === undefined ? {} : { serverPublicKey }),
    // Called with the key that a server sent, before it is used.
    onServerPublicKey: (): void => {
      if (getServerPublicKey !== true) throw new PasswordWanted();
    },
  };
  return Object.fromEntries(
    (['caching_sha2_password', 'sha256_password'] as const).map((name) => {
      const login = authPlugins[name](options);
      const careful: AuthPlugin = (metadata) => {
        const answer = login(metadata);
        // Returns a rejected promise, because the driver does not catch an exception that is thrown at once.
        return (data) => Promise.resolve(data).then(answer) as Promise<Buffer>;
      };
      return [name, careful];
    }),
  );
}
