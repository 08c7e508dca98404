import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, it, test } from 'node:test';
import { parseDatabaseUrl } from '../../src/database/address.js';
import { canCertify, makeCertificates } from '../support/certificates.js';
import { describeOnEachServer, type TestServer } from '../support/servers.js';
import { runHere } from './support.js';

test('a URL says no TLS, any certificate, one of an authority, or one of this very server', () => {
  const tlsOf = (parameters: string): unknown => parseDatabaseUrl(`mysql://u@h/d${parameters}`).tls;
  assert.equal(tlsOf(''), undefined);
  assert.equal(tlsOf('?ssl-mode=DISABLED'), undefined);
  assert.deepEqual(tlsOf('?ssl-mode=required'), { rejectUnauthorized: false });
  assert.deepEqual(tlsOf('?ssl-mode=VERIFY_CA'), { verifyIdentity: false });
  assert.deepEqual(tlsOf('?ssl-mode=VERIFY_IDENTITY'), {});
});

test('a URL with a parameter, a mode or a file that is none is a mistake, and ends with 2', async () => {
  for (const [parameters, told] of [
    ['sslmode=REQUIRED', /^--source has the parameter "sslmode"; there are socketPath, ssl-mode, ssl-ca,/m],
    ['ssl-mode=PREFERRED', /^--source has an ssl-mode that is none of DISABLED, REQUIRED, VERIFY_CA,/m],
    ['ssl-ca=/nowhere/ca.pem', /^--source has a file for ssl-ca that cannot be read \(ENOENT\): \/nowhere/m],
  ] as const) {
    const { code, stderr } = await runHere([
      'plan',
      '--source',
      `mysql://u:sesame@127.0.0.1/d?${parameters}`,
    ]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, told);
    assert.ok(!stderr.includes('sesame'));
  }
});

test('a URL with a percent sign that begins no character is a mistake, and is told without the password', async () => {
  for (const rest of ['u:sesame%zz@h/d', 'u%@h/d', 'u:sesame@h/%ff']) {
    assert.throws(() => parseDatabaseUrl(`mysql://${rest}`), {
      name: 'TypeError',
      message: /^"url" has a "%"/,
    });
    const { code, stderr } = await runHere(['plan', '--source', `mysql://${rest}`]);
    assert.equal(code, 2, stderr);
    assert.ok(!stderr.includes('sesame'));
  }
});

if (canCertify) declareTests();
else describe('TLS in a URL', () => void it('runs', { skip: 'there is no openssl to make certificates' }));

function declareTests(): void {
  const certificates = makeCertificates();
  const folder = mkdtempSync(join(tmpdir(), 'sb-cli-tls-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const fileOf = (name: 'authority' | 'stranger'): string => {
    const path = join(folder, `${name}.pem`);
    writeFileSync(path, certificates[name]);
    return path;
  };
  const [authority, stranger] = [fileOf('authority'), fileOf('stranger')];

  const prepare = (server: TestServer) =>
    server.query([
      'DROP DATABASE IF EXISTS cli_tls',
      'CREATE DATABASE cli_tls',
      'CREATE TABLE cli_tls.t (id INT PRIMARY KEY)',
      ...['SSL', 'X509'].flatMap((proof) => [
        `CREATE USER 'needs_${proof}'@'%' IDENTIFIED BY 'sesame' REQUIRE ${proof}`,
        `GRANT ALL ON *.* TO 'needs_${proof}'@'%'`,
      ]),
    ]);

  /** The exit code of a plan made as a user whom the server serves over TLS only. */
  async function planned(
    server: TestServer,
    parameters: Readonly<Record<string, string>>,
    { user = 'needs_SSL', host = '127.0.0.1' } = {},
  ): Promise<number | null> {
    const url = `mysql://${user}@${host}:${server.address.port}/cli_tls?${new URLSearchParams(parameters)}`;
    return (await runHere(['plan', '--source', url], { env: { MYSQL_PWD: 'sesame' } })).code;
  }

  // MySQL 5.6 of the tests speaks no TLS that Node.js still does.
  const kinds = ['mariadb', 'mysql'] as const;
  const argsOf = ({ certificate, key }: { readonly certificate: string; readonly key: string }) => [
    `--ssl-cert=${certificate}`,
    `--ssl-key=${key}`,
    `--ssl-ca=${authority}`,
  ];

  describeOnEachServer(
    'TLS in a URL',
    (server) => {
      before(() => prepare(server()));

      it('F12: reaches a user who is served over TLS only, and not without', async () => {
        assert.equal(await planned(server(), {}), 1);
        assert.equal(await planned(server(), { 'ssl-mode': 'DISABLED' }), 1);
        assert.equal(await planned(server(), { 'ssl-mode': 'REQUIRED' }), 0);
      });

      it('F12: refuses the certificate of an authority that is not trusted', async () => {
        assert.equal(await planned(server(), { 'ssl-mode': 'VERIFY_CA' }), 1);
        assert.equal(await planned(server(), { 'ssl-ca': stranger }), 1);
        assert.equal(await planned(server(), { 'ssl-ca': authority }), 0);
        assert.equal(await planned(server(), { 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': authority }), 0);
      });

      it('F12: shows a certificate of its own to a server that asks for one', async () => {
        const { certificate, key } = certificates.server;
        const user = { user: 'needs_X509' };
        assert.equal(await planned(server(), { 'ssl-ca': authority }, user), 1);
        const own = { 'ssl-ca': authority, 'ssl-cert': certificate, 'ssl-key': key };
        assert.equal(await planned(server(), own, user), 0);
      });
    },
    { kinds, args: argsOf(certificates.server) },
  );

  describeOnEachServer(
    'TLS in a URL that leads to another server than it names',
    (server) => {
      before(() => prepare(server()));

      it('F12: is refused where the identity counts', async () => {
        const careful = { 'ssl-mode': 'VERIFY_IDENTITY', 'ssl-ca': authority };
        assert.equal(await planned(server(), careful), 1);
        assert.equal(await planned(server(), careful, { host: 'localhost' }), 0);
        assert.equal(await planned(server(), { 'ssl-mode': 'VERIFY_CA', 'ssl-ca': authority }), 0);
      });
    },
    { kinds, args: argsOf(certificates.elsewhere) },
  );
}
