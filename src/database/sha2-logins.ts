import { type AuthPlugin, authPlugins } from 'mysql2';
import type { DatabaseAddress } from './address.js';

/** Why a login ended: the server wanted the password itself, and nothing proves which server it is. */
export class PasswordWanted extends Error {}

/**
 * The logins of MySQL in which a server may ask for the password itself. Over TLS or a socket it gets it.
 * Otherwise the password is encrypted for a public key, and who sits on the line answers with his own: so it
 * must be a key that is known here, or somebody must have said that any will do.
 */
export function sha2Logins(
  address: Pick<DatabaseAddress, 'getServerPublicKey' | 'serverPublicKey'>,
): Readonly<Record<string, AuthPlugin>> {
  const { serverPublicKey, getServerPublicKey } = address;
  const options = {
    ...(serverPublicKey === undefined ? {} : { serverPublicKey }),
    // Called with the key that a server sent, before anything is encrypted for it.
    onServerPublicKey: (): void => {
      if (getServerPublicKey !== true) throw new PasswordWanted();
    },
  };
  return Object.fromEntries(
    (['caching_sha2_password', 'sha256_password'] as const).map((name) => {
      const login = authPlugins[name](options);
      const careful: AuthPlugin = (metadata) => {
        const answer = login(metadata);
        // As a promise that is rejected: what is thrown at once, the driver does not catch.
        return (data) => Promise.resolve(data).then(answer) as Promise<Buffer>;
      };
      return [name, careful];
    }),
  );
}
