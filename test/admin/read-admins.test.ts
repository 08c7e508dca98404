import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { readAdmins } from '../../src/admin/read-admins.js';
import { resolveLastAdmin } from '../../src/admin/resolve-last-admin.js';
import { type Connection, openConnection } from '../../src/database/connection.js';
import { createTable, practiceTables } from '../practice/schema.js';
import { describeOnEachServer } from '../support/servers.js';

describeOnEachServer('reading the administrators of a practice', (server) => {
  let connection: Connection;

  before(async () => {
    const root = await openConnection(server().address);
    await root.query('CREATE DATABASE admins CHARACTER SET utf8');
    await root.close();
    connection = await openConnection({ ...server().address, database: 'admins' });
    for (const table of ['userod', 'usergroupattach', 'grouppermission', 'program']) {
      await connection.query(createTable(practiceTables.get(table)!, { engine: 'MyISAM', keys: true }));
    }
    await connection.query(`INSERT INTO userod (UserNum, UserName, Password, IsHidden, UserNumCEMT, DateTLastLogin) VALUES
      (1, 'Owner', 'SHA3_512$a$b', 0, 0, '2026-03-01 08:00:00'),
      (2, 'Front desk', 'SHA3_512$a$b', 0, 0, '2026-03-02 08:00:00'),
      (3, 'Gone', '', 1, 0, '2026-03-02 09:00:00'),
      (4, 'Reports only', '', 0, 0, '2026-03-02 10:00:00'),
      (5, 'Central', '7215ee9c7d9dc229d2921a==', 0, 77, '2026-02-01 10:00:00'),
      (9223372036854775807, 'Zoë', NULL, 0, 0, '0001-01-01 00:00:00'),
      (7, 'By the old column', '', 0, 0, '2026-03-02 11:00:00')`);
    await connection.query('UPDATE userod SET UserGroupNum = 10 WHERE UserNum = 7');
    await connection.query(`INSERT INTO usergroupattach (UserNum, UserGroupNum) VALUES
      (1, 10), (1, 11), (2, 12), (3, 10), (4, 13), (5, 10), (9223372036854775807, 11)`);
    // 10 and 11 are administrators; 12 is not; 13 has the permission for one object only.
    await connection.query(`INSERT INTO grouppermission (UserGroupNum, PermType, FKey) VALUES
      (10, 24, 0), (10, 8, 0), (11, 24, 0), (12, 8, 0), (13, 24, 5)`);
    await connection.query("INSERT INTO program (ProgName, Enabled) VALUES ('eClinicalWorks', 0)");
  });

  after(() => connection.close());

  it('finds those with the permission through their groups, each once', async () => {
    const admins = await readAdmins(connection);
    assert.deepEqual(
      admins.map(({ userNum, userName, isHidden, lastLogin }) => [userNum, userName, isHidden, lastLogin]),
      [
        ['1', 'Owner', false, '2026-03-01 08:00:00'],
        ['3', 'Gone', true, '2026-03-02 09:00:00'],
        ['5', 'Central', false, '2026-02-01 10:00:00'],
        ['9223372036854775807', 'Zoë', false, '0001-01-01 00:00:00'],
      ],
    );
    const last = resolveLastAdmin(admins, { asOf: new Date('2026-03-03T00:00:00Z') });
    assert.equal(last.kind === 'found' && last.admin.userName, 'Owner');
  });

  it('gives every stored password its scheme, as the eClinicalWorks link decides', async () => {
    const stored = async () =>
      (await readAdmins(connection)).map(({ storedPassword }) => storedPassword.reveal());
    assert.deepEqual(await stored(), ['SHA3_512$a$b', 'None$$', 'MD5$$7215ee9c7d9dc229d2921a==', 'None$$']);
    await connection.query(
      "UPDATE userod SET Password = '81dc9bdb52d04dc20036dbd8313ed055' WHERE UserNum = 1",
    );
    assert.equal((await stored())[0], 'None$$81dc9bdb52d04dc20036dbd8313ed055');
    await connection.query('UPDATE program SET Enabled = 1');
    assert.equal((await stored())[0], 'MD5_ECW$$81dc9bdb52d04dc20036dbd8313ed055');
  });

  it('works while a dump holds its locks on the same connection', async () => {
    await connection.query(
      'LOCK TABLES userod READ, usergroupattach READ, grouppermission READ, program READ',
    );
    try {
      assert.equal((await readAdmins(connection)).length, 4);
    } finally {
      await connection.query('UNLOCK TABLES');
    }
  });

  it('stops when asked', async () => {
    await assert.rejects(
      readAdmins(connection, { signal: AbortSignal.abort(new Error('enough')) }),
      /enough/,
    );
  });
});
