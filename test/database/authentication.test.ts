import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { it, test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { signEd25519Challenge } from '../../src/database/ed25519-login.js';
import { isBackupError } from '../../src/errors.js';
import { canCertify, makeCertificates } from '../support/certificates.js';
import { describeOnEachServer } from '../support/servers.js';

const password = 'Öpen sésame \\\'" 4';
const quoted = `'${password.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

async function whoIs(address: DatabaseAddress): Promise<string> {
  const connection = await openConnection(address);
  try {
    const [row] = await connection.query("SELECT SUBSTRING_INDEX(USER(), '@', 1) AS name");
    return row?.['name'] ?? '';
  } finally {
    await connection.close();
  }
}

const refused = (error: unknown): true => {
  assert.ok(isBackupError(error, 'database-unreachable'), String(error));
  assert.ok(!JSON.stringify([error.message, error.details]).includes('sésame'));
  return true;
};

describeOnEachServer(
  'F12: a login',
  (server) => {
    /**
     * The right password opens, a wrong one and none do not; twice, since servers remember the first time.
     */
    async function opensOnlyWith(address: DatabaseAddress): Promise<void> {
      await assert.rejects(whoIs({ ...address, password: `${password}5` }), refused);
      for (let i = 0; i < 2; i++) assert.equal(await whoIs({ ...address, password }), address.user);
      await assert.rejects(whoIs({ ...address, password: '' }), refused);
    }
    const socketOf = (): DatabaseAddress => ({
      user: 'root',
      socketPath: join(server().directory!, 'mysql.sock'),
    });
    const supported = async (plugin: string): Promise<boolean> => {
      const rows = await server().query(
        `SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = '${plugin}' AND PLUGIN_STATUS = 'ACTIVE'`,
      );
      return rows.length > 0;
    };
    const over = (name: string) => ({
      tcp: { ...server().address, user: name },
      tls: { ...server().address, user: name, tls: { rejectUnauthorized: false } },
      socket: { ...socketOf(), user: name },
    });

    it('with mysql_native_password, over TCP and over a socket', async (t) => {
      if (!(await supported('mysql_native_password'))) return t.skip('the server has none');
      // Accounts without a name would come first at this host.
      await server().query(["DELETE FROM mysql.user WHERE User = ''", 'FLUSH PRIVILEGES']);
      const identified = server().vendor === 'mariadb' ? 'VIA' : 'WITH';
      await server().query(
        server().version.startsWith('5.6')
          ? `CREATE USER native IDENTIFIED BY ${quoted}`
          : `CREATE USER native IDENTIFIED ${identified} mysql_native_password ${identified === 'VIA' ? `USING PASSWORD(${quoted})` : `BY ${quoted}`}`,
      );
      await opensOnlyWith(over('native').tcp);
      await opensOnlyWith(over('native').socket);
    });

    it('with ed25519 of MariaDB', async (t) => {
      if (server().vendor !== 'mariadb') return t.skip('the server has none');
      const loaded = await server()
        .query("INSTALL SONAME 'auth_ed25519'")
        .catch(() => undefined);
      if (loaded === undefined) return t.skip('the plugin is not installed beside the server');
      await server().query(`CREATE USER edward IDENTIFIED VIA ed25519 USING PASSWORD(${quoted})`);
      await opensOnlyWith(over('edward').tcp);
      await opensOnlyWith(over('edward').socket);
      if (canCertify) await opensOnlyWith(over('edward').tls);
    });

    it('with unix_socket of MariaDB: the user of the system, whatever the password', async (t) => {
      if (server().vendor !== 'mariadb') return t.skip('the server has none');
      if (process.getuid?.() !== 0) return t.skip('only root has an account of his name');
      await server().query("ALTER USER 'root'@'localhost' IDENTIFIED VIA unix_socket");
      try {
        assert.equal(await whoIs({ ...socketOf(), password }), 'root');
      } finally {
        const root = await openConnection(socketOf());
        await root.query("ALTER USER 'root'@'localhost' IDENTIFIED VIA mysql_native_password USING ''");
        await root.close();
      }
      // Another name over the same socket is not his.
      await server().query('CREATE USER somebody IDENTIFIED VIA unix_socket');
      await assert.rejects(whoIs({ ...socketOf(), user: 'somebody', password }), refused);
    });

    it('with caching_sha2_password: over TCP without TLS, over TLS, over a socket', async (t) => {
      if (!(await supported('caching_sha2_password'))) return t.skip('the server has none');
      for (const way of ['tcp', 'tls', 'socket'] as const) {
        if (way === 'tls' && !canCertify) continue;
        // A new account each time: after its first login the server has it in its memory and asks less.
        await server().query(`CREATE USER sha2_${way} IDENTIFIED WITH caching_sha2_password BY ${quoted}`);
        const address = over(`sha2_${way}`)[way];
        // Nothing proves whose key it is that comes over a line without TLS.
        if (way === 'tcp') await assert.rejects(whoIs({ ...address, password }), /was not sent/);
        await opensOnlyWith(way === 'tcp' ? { ...address, getServerPublicKey: true } : address);
      }
    });

    it('with a plugin that the driver does not know is refused in words', async (t) => {
      if (server().vendor !== 'mariadb') return t.skip('the server has none at hand');
      const loaded = await server()
        .query("INSTALL SONAME 'auth_pam'")
        .catch(() => undefined);
      if (loaded === undefined) return t.skip('the plugin is not installed beside the server');
      await server().query("CREATE USER pam IDENTIFIED VIA pam USING 'nothing'");
      await assert.rejects(whoIs({ ...over('pam').tcp, password }), refused);
    });
  },
  { args: tlsArguments(), kinds: ['mysql-5.6', 'mariadb', 'mysql'] },
);

/** MySQL 5.6 of the tests has TLS of its time only, but takes the options. */
function tlsArguments(): readonly string[] {
  if (!canCertify) return [];
  const { certificate, key } = makeCertificates().server;
  return [`--loose-ssl-cert=${certificate}`, `--loose-ssl-key=${key}`];
}

test('F12: the answer to an ed25519 challenge is a signature by the key of the password', () => {
  const challenge = createHash('sha256').update('challenge').digest();
  // With a password of 32 bytes it is the standard's own signature.
  const seed = 'an unlucky password of 32 bytes.';
  const own = signEd25519Challenge(seed, Buffer.concat([challenge, Buffer.of(0)]));
  assert.deepEqual(own, Buffer.from(ed25519.sign(challenge, Buffer.from(seed))));
});
