import { quoteText } from '../../../src/database/identifiers.js';
import { createTable, practiceTables } from '../../practice/schema.js';
import { practiceAdmin, practiceAdminPassword, storePassword } from '../../practice/users.js';
import type { TestServer } from '../../support/servers.js';

const tables = [
  'alertitem',
  'appointment',
  'grouppermission',
  'icd9',
  'patient',
  'preference',
  'program',
  'securitylog',
  'userod',
  'usergroup',
  'usergroupattach',
];

/**
 * The few tables that a night needs, with one administrator and some rows; for tests that make many nights.
 */
export async function buildSmallPractice(
  server: TestServer,
  database: string,
  options: { readonly engine?: string } = {},
): Promise<void> {
  await server.query([
    `DROP DATABASE IF EXISTS ${database}`,
    `CREATE DATABASE ${database} CHARACTER SET utf8`,
  ]);
  const patients = Array.from({ length: 500 }, (_, i) => `(${i + 1}, 'Family ${i}', 'Name ${i * 7919}')`);
  await server.query(
    [
      ...tables.map((name) =>
        createTable(practiceTables.get(name)!, { engine: options.engine ?? 'MyISAM', keys: true }),
      ),
      "INSERT INTO usergroup (UserGroupNum, Description) VALUES (1, 'Admin')",
      'INSERT INTO usergroupattach (UserNum, UserGroupNum) VALUES (1, 1)',
      'INSERT INTO grouppermission (UserGroupNum, PermType, FKey) VALUES (1, 24, 0)',
      `INSERT INTO userod (UserNum, UserName, Password, DateTLastLogin)
       VALUES (1, 'Admin', ${quoteText(practiceAdmin.stored)}, '2026-07-13 08:15:00')`,
      `INSERT INTO patient (PatNum, LName, FName) VALUES ${patients.join(', ')}`,
      "INSERT INTO icd9 (ICD9Code, Description) VALUES ('001', 'a code list')",
    ],
    database,
  );
}

/** Another password for the administrator of {@link buildSmallPractice}. */
export function changePassword(server: TestServer, database: string, stored: string): Promise<unknown> {
  return server.query(`UPDATE userod SET Password = ${quoteText(stored)} WHERE UserNum = 1`, database);
}

export { practiceAdminPassword, storePassword };
