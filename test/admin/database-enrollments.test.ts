import assert from 'node:assert/strict';
import { before, it } from 'node:test';
import { createDatabaseEnrollments } from '../../src/admin/stores/database-enrollments.js';
import type { DatabaseAddress } from '../../src/database/address.js';
import { isBackupError } from '../../src/errors.js';
import { describeOnEachServer } from '../support/servers.js';
import { declareStoreContract } from './enrollment-contract.js';

describeOnEachServer('enrolments in the practice’s database', (server) => {
  let address: DatabaseAddress;
  before(async () => {
    await server().query([
      'CREATE DATABASE enrollments CHARACTER SET utf8',
      'CREATE TABLE enrollments.userod (UserNum bigint PRIMARY KEY) ENGINE=MyISAM',
    ]);
    address = { ...server().address, database: 'enrollments' };
  });
  declareStoreContract(() => createDatabaseEnrollments(address));

  it('make their table of the same engine as the users, and keep only the last few revisions', async () => {
    const [table] = await server().query(
      "SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'enrollments' AND TABLE_NAME = 'supplementalbackupkey'",
    );
    assert.equal(table?.['engine'], 'MyISAM');
    const rows = await server().query(
      'SELECT Revision FROM supplementalbackupkey WHERE UserNum = 3 ORDER BY Revision',
      'enrollments',
    );
    assert.deepEqual(
      rows.map((row) => row['Revision']),
      ['4', '5', '6'],
    );
  });

  it('that cannot be read stop the work', async () => {
    await server().query("INSERT INTO supplementalbackupkey VALUES (77, 1, '{}')", 'enrollments');
    await assert.rejects(createDatabaseEnrollments(address).load('77'), (error) =>
      isBackupError(error, 'settings-invalid'),
    );
  });

  it('take no other user number than a number', async () => {
    await assert.rejects(createDatabaseEnrollments(address).load('1 OR 1=1'), RangeError);
  });
});
