import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { unpackRows } from '../../src/columns/pack.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { type DumpOptions, dumpDatabase } from '../../src/dump/dump-database.js';
import { insideOf, openSnapshot } from '../../src/dump/snapshot.js';
import { isBackupError } from '../../src/errors.js';
import type { DumpSummary, Part } from '../../src/model/parts.js';
import { canCertify, makeCertificates } from '../support/certificates.js';
import { FaultyProxy } from '../support/faulty-proxy.js';
import { collectGarbage } from '../support/garbage.js';
import { describeOnEachServer } from '../support/servers.js';

const database = 'dump_tls';
const edge = 2 ** 24 - 1;

if (canCertify) declareTests();
else describe('a dump over TLS', () => void it('runs', { skip: 'there is no openssl to make certificates' }));

function declareTests(): void {
  const certificates = makeCertificates();
  const argsOf = (files: { readonly certificate: string; readonly key: string }): readonly string[] => [
    `--ssl-cert=${files.certificate}`,
    `--ssl-key=${files.key}`,
  ];

  // MySQL 5.6 of the tests speaks no TLS that Node.js still does.
  const kinds = ['mariadb', 'mysql'] as const;

  describeOnEachServer(
    'a dump over TLS',
    (server) => {
      before(async () => {
        await server().query([
          `DROP DATABASE IF EXISTS ${database}`,
          `CREATE DATABASE ${database} CHARACTER SET latin1`,
          'SET GLOBAL max_allowed_packet = 1073741824',
        ]);
        const sizes = [edge - 11, edge - 10, edge - 9, 2 * edge - 10];
        await server().query(
          [
            'CREATE TABLE big (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, filler VARCHAR(1000) NOT NULL) ENGINE=InnoDB',
            "INSERT INTO big (filler) VALUES (REPEAT('x', 750))",
            ...Array.from({ length: 16 }, () => 'INSERT INTO big (filler) SELECT filler FROM big'),
            'CREATE TABLE large (id INT NOT NULL, body LONGBLOB NOT NULL) ENGINE=MyISAM',
            ...sizes.map((size, i) => `INSERT INTO large VALUES (${i}, REPEAT(CHAR(65 + ${i}), ${size}))`),
          ],
          database,
        );
      });

      const plain = (): DatabaseAddress => ({ ...server().address, database });
      const secure = (): DatabaseAddress => ({ ...plain(), tls: { ca: certificates.authority } });
      const only = (name: string) =>
        ({ scope: 'full', tables: [{ name, tier: 'critical' }], leftOut: [], warnings: [] }) as const;

      async function drain(address: DatabaseAddress, options: DumpOptions): Promise<readonly Part[]> {
        const parts: Part[] = [];
        for await (const part of dumpDatabase(address, options)) parts.push(part);
        return parts;
      }

      /** Reads `big` until rows come, does something, and reads on. */
      async function dumpAnd(
        act: (reader: Connection) => Promise<void>,
        options: DumpOptions = {},
        address: DatabaseAddress = secure(),
      ): Promise<readonly Part[]> {
        const settings = { connections: 1, selection: only('big'), ...options };
        const snapshot = await openSnapshot(address, settings);
        try {
          const parts: Part[] = [];
          for await (const part of dumpDatabase(snapshot, settings)) {
            if (part.kind === 'rows' && parts.at(-1)?.kind !== 'rows')
              await act(insideOf(snapshot).readers[0]!);
            parts.push(part);
          }
          return parts;
        } finally {
          await snapshot.close();
        }
      }

      /** Hash of all values; where one part ends and the next begins is chance. */
      async function contentOf(parts: readonly Part[]): Promise<string> {
        const [ids, lengths, bodies] = [createHash('sha256'), createHash('sha256'), createHash('sha256')];
        for (const part of parts) {
          if (part.kind !== 'rows') continue;
          const [id, body] = (await unpackRows(part, ['i32', 'bytes'])).columns;
          ids.update(id!.data);
          lengths
            .update(JSON.stringify([...(body as { lengths: Uint32Array }).lengths]).slice(1, -1))
            .update(',');
          bodies.update(body!.data);
        }
        return [ids, lengths, bodies].map((hash) => hash.digest('hex')).join(' ');
      }

      it('F12: is what a dump without is, byte for byte, and really goes over TLS', async () => {
        let cipher: string | null | undefined;
        const parts = await dumpAnd(async () => {
          const connection = await openConnection(secure());
          const [row] = await connection.query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
          cipher = row?.['Value'];
          await connection.close();
        });
        assert.notEqual(cipher ?? '', '');
        const without = await drain(plain(), { connections: 1, selection: only('big') });
        assert.equal(await contentOf(parts), await contentOf(without));
      });

      it('V19: rows around and beyond 16 MiB are whole over TLS', async () => {
        const options = { connections: 1, selection: only('large') };
        const parts = await drain(secure(), options);
        assert.equal((parts.at(-1) as { summary: DumpSummary }).summary.tables[0]!.rows, 4);
        assert.equal(await contentOf(parts), await contentOf(await drain(plain(), options)));
      });

      it('F2: memory stays flat before a consumer that waits, over TLS too', async () => {
        const held = () => {
          const { arrayBuffers, external } = process.memoryUsage();
          return Math.max(arrayBuffers, external);
        };
        collectGarbage();
        const before = held();
        let most = 0;
        await dumpAnd(async () => {
          for (let i = 0; i < 20; i++) {
            await new Promise((resolve) => setTimeout(resolve, 20));
            collectGarbage();
            most = Math.max(most, held() - before);
          }
        });
        assert.ok(most < 24 * 1024 * 1024, `${most} bytes were read ahead`);
      });

      it('F1: a consumer slower than the time limit of the server loses nothing over TLS', async () => {
        await server().query('SET GLOBAL net_write_timeout = 1');
        try {
          const parts = await dumpAnd(() => new Promise((resolve) => setTimeout(resolve, 2500)));
          assert.equal((parts.at(-1) as { summary: DumpSummary }).summary.tables[0]!.rows, 65_536);
        } finally {
          await server().query('SET GLOBAL net_write_timeout = 60');
        }
      });

      it('an abort over TLS rejects with its reason and ends the work of the server', async () => {
        const abort = new AbortController();
        const reason = new Error('enough');
        let id = 0;
        const reading = dumpAnd(
          async (reader) => {
            id = reader.id;
            abort.abort(reason);
          },
          { signal: abort.signal },
        );
        await assert.rejects(reading, reason);
        const sessions = await server().query('SHOW PROCESSLIST');
        assert.ok(!sessions.some((row) => Number(row['Id']) === id));
      });

      it('F3: a killed query and a killed connection are errors over TLS', async () => {
        const kill = (what: string) => async (reader: Connection) => {
          await server().query(`KILL ${what} ${reader.id}`);
        };
        await assert.rejects(dumpAnd(kill('QUERY')), (error) =>
          isBackupError(error, 'database-query-interrupted'),
        );
        await assert.rejects(dumpAnd(kill('CONNECTION')), (error) =>
          isBackupError(error, 'database-connection-lost'),
        );
      });

      it('F3: a line that dies without a word is noticed over TLS', async () => {
        const { host = '127.0.0.1', port = 3306 } = server().address;
        const proxy = await FaultyProxy.start(host, port);
        try {
          const reading = dumpAnd(
            async () => proxy.stall(),
            { inactivityTimeout: 700 },
            { ...secure(), host: '127.0.0.1', port: proxy.port },
          );
          await assert.rejects(reading, (error) => isBackupError(error, 'database-connection-lost'));
        } finally {
          proxy.stop();
        }
      });

      it('F12: an account that asks for TLS is refused without and served with it', async () => {
        await server().query([
          `CREATE USER 'careful'@'%' IDENTIFIED BY 'sesame' REQUIRE SSL`,
          `GRANT ALL ON *.* TO 'careful'@'%'`,
        ]);
        const login = { user: 'careful', password: 'sesame' };
        await assert.rejects(openConnection({ ...plain(), ...login }), (error) =>
          isBackupError(error, 'database-unreachable'),
        );
        await (await openConnection({ ...secure(), ...login })).close();
      });

      it('F12: an authority that is not trusted is refused, and taken where all are', async () => {
        await assert.rejects(openConnection({ ...plain(), tls: { ca: certificates.stranger } }), (error) =>
          isBackupError(error, 'database-unreachable'),
        );
        await (await openConnection({ ...plain(), tls: { rejectUnauthorized: false } })).close();
      });
    },
    { kinds, args: argsOf(certificates.server) },
  );

  describeOnEachServer(
    'a dump over TLS to another server than it was meant for',
    (server) => {
      it('F12: is refused although the certificate is good, unless names do not matter', async () => {
        const tls = { ca: certificates.authority };
        await assert.rejects(openConnection({ ...server().address, tls }), (error) =>
          isBackupError(error, 'database-unreachable'),
        );
        const anyName = { ...tls, verifyIdentity: false };
        await (await openConnection({ ...server().address, tls: anyName })).close();
        await (await openConnection({ ...server().address, host: 'localhost', tls })).close();
      });
    },
    { kinds, args: argsOf(certificates.elsewhere) },
  );
}
