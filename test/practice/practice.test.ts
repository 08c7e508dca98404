import assert from 'node:assert/strict';
import { after, before, it, test } from 'node:test';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { quoteName } from '../../src/database/identifiers.js';
import { serverErrorNumber } from '../../src/database/server-failures.js';
import { describeOnEachServer } from '../support/servers.js';
import { insertChunk } from './build.js';
import { buildPractice, practiceAdmin, practiceTables, practiceUsers, storePassword } from './index.js';
import { shapeOf } from './shape.js';

test('the keys of a table that takes several statements run on without a gap', () => {
  const plan = { table: 'patient', rows: 20_000, columns: {} };
  const sql = insertChunk(practiceTables.get('patient')!, plan, 1, 16_384, 3616, shapeOf(1e9, '2024-11-15'));
  assert.match(sql, /SELECT \(m\.n \+ 16384\),/);
});

/** What the first server made. */
let first: readonly string[] | undefined;

describeOnEachServer('a synthetic practice', (server) => {
  let connection: Connection | undefined;
  before(async () => {
    await buildPractice(server().address, 'practice', { size: 3_000_000 });
    connection = await openConnection({ ...server().address, database: 'practice' });
  });
  after(async () => connection?.close());
  const ask = async (sql: string): ReturnType<Connection['query']> => connection!.query(sql);

  it('has the 424 tables of Open Dental 24.3 as MyISAM in utf8', async () => {
    const rows = await ask(
      "SELECT ENGINE AS engine, TABLE_COLLATION AS collation, COUNT(*) AS tables FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'practice' GROUP BY 1, 2 ORDER BY 3 DESC",
    );
    assert.deepEqual(
      rows.map((row) => [row['engine'], row['collation']?.replace('utf8mb3', 'utf8'), row['tables']]),
      [
        ['MyISAM', 'utf8_general_ci', '423'],
        ['MyISAM', 'latin1_swedish_ci', '1'],
      ],
    );
    const columns = await ask(
      "SELECT COUNT(*) AS count FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'practice'",
    );
    assert.equal(columns[0]?.['count'], '4429');
  });

  it('holds no key of a row that is not there', async () => {
    const orphans: string[] = [];
    for (const table of practiceTables.values()) {
      for (const column of table.columns) {
        const parent = column.references === undefined ? undefined : practiceTables.get(column.references);
        if (parent === undefined || column.name === table.key || column.name.endsWith('CEMT')) continue;
        const [row] = await ask(
          `SELECT COUNT(*) AS count FROM ${quoteName(table.name)} child LEFT JOIN ${quoteName(parent.name)} parent ON parent.${quoteName(parent.key)} = child.${quoteName(column.name)} WHERE child.${quoteName(column.name)} <> 0 AND parent.${quoteName(parent.key)} IS NULL`,
        );
        if (row?.['count'] !== '0') orphans.push(`${table.name}.${column.name}: ${row?.['count']}`);
      }
    }
    assert.deepEqual(orphans, []);
  });

  it('has one last admin, and everybody whom a careless query would take for him', async () => {
    const rows = await ask(
      'SELECT DISTINCT u.UserName AS name, u.Password AS stored FROM userod u JOIN usergroupattach a ON a.UserNum = u.UserNum JOIN grouppermission p ON p.UserGroupNum = a.UserGroupNum WHERE p.PermType = 24 AND p.FKey = 0 AND u.IsHidden = 0 ORDER BY u.DateTLastLogin DESC',
    );
    assert.deepEqual(
      rows.map((row) => row['name']),
      ['Admin', 'Brenda', 'Dolores', 'New Admin'],
    );
    assert.equal(rows[0]?.['stored'], practiceAdmin.stored);
    assert.equal(practiceUsers.filter((user) => user.isAdmin).length, 5);
  });

  it('has the same rows whichever server made them', async () => {
    const digests: string[] = [];
    for (const table of practiceTables.values()) {
      const columns = table.columns.map((column) => `IFNULL(${quoteName(column.name)}, 'NULL')`).join(', ');
      const [row] = await ask(
        `SELECT COUNT(*) AS count, SUM(CRC32(CONCAT_WS('|', ${columns}))) AS digest FROM ${quoteName(table.name)}`,
      );
      digests.push(`${table.name} ${row?.['count']} ${row?.['digest']}`);
    }
    const filled = digests.filter((digest) => !digest.includes(' 0 null'));
    assert.ok(filled.length > 250, `${filled.length} tables with rows`);
    first ??= digests;
    assert.deepEqual(digests, first);
  });

  it('refuses to build over a database that exists', async () => {
    await assert.rejects(
      buildPractice(server().address, 'practice', { size: 1 }),
      (error) => serverErrorNumber(error) === 1007,
    );
  });
});

it('stores passwords as Open Dental does', () => {
  const salt = Buffer.from(Array.from({ length: 64 }, (_, index) => index)).toString('base64');
  assert.equal(
    storePassword('awesomePassword', 'SHA3_512', salt),
    `SHA3_512$${salt}$kYHKw9Hy2l95R0ZuOSvSdtdxX/VGxwTlu+I1HLROibmdROfKKD+xYbAoBtou84clNbAkcgGTFptGBg2ZHbKYNA==`,
  );
  assert.equal(
    storePassword('1234', 'MD5', 'AAECAwQFBgcICQoLDA0ODw=='),
    'MD5$AAECAwQFBgcICQoLDA0ODw==$YivdcNcwliTxRg4m00C5Rg==',
  );
});
