import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { privilegesOn } from '../../src/catalog/privileges.js';

const on = (database: string, ...grants: string[]): string[] => [...privilegesOn(database, grants)].sort();

describe('the privileges that grants give on a database', () => {
  it('are those on everything and those on the database, together', () => {
    assert.deepEqual(
      on(
        'office',
        "GRANT PROCESS, RELOAD ON *.* TO 'backup'@'localhost' IDENTIFIED BY PASSWORD '*0'",
        "GRANT SELECT,  LOCK TABLES, SHOW VIEW ON `office`.* TO 'backup'@'localhost'",
        "GRANT TRIGGER ON `elsewhere`.* TO 'backup'@'localhost'",
      ),
      ['LOCK TABLES', 'PROCESS', 'RELOAD', 'SELECT', 'SHOW VIEW'],
    );
  });

  it('are all that a backup or a restore needs where all were granted', () => {
    for (const all of ['ALL', 'ALL PRIVILEGES', 'all privileges']) {
      const held = on('office', `GRANT ${all} ON *.* TO 'root'@'%' WITH GRANT OPTION`);
      for (const name of [
        'CREATE',
        'DROP',
        'EVENT',
        'INSERT',
        'LOCK TABLES',
        'RELOAD',
        'SELECT',
        'TRIGGER',
      ]) {
        assert.ok(held.includes(name), `${all}: ${name}`);
      }
    }
  });

  it('are none where only tables, columns, routines or another user were named', () => {
    assert.deepEqual(
      on(
        'office',
        "GRANT SELECT ON `office`.`patient` TO 'backup'@'%'",
        "GRANT SELECT (`PatNum`) ON `office`.`patient` TO 'backup'@'%'",
        "GRANT EXECUTE ON PROCEDURE `office`.`tidy` TO 'backup'@'%'",
        "GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION",
        "REVOKE SELECT ON `office`.* FROM 'backup'@'%'",
      ),
      [],
    );
  });

  const patterns: [pattern: string, database: string, fits: boolean][] = [
    ['`office`', 'office', true],
    ['`office`', 'office2', false],
    ['`office`', 'my_office', false],
    ['`OFFICE`', 'office', true],
    ['"office"', 'office', true],
    ['`off%`', 'office', true],
    ['`%`', 'office', true],
    ['`office_`', 'office2', true],
    ['`office_`', 'office', false],
    ['`office\\_1`', 'office_1', true],
    ['`office\\_1`', 'officeX1', false],
    ['`100\\%`', '100%', true],
    ['`100\\%`', '100 others', false],
    ['`a.b`', 'a.b', true],
    ['`a.b`', 'axb', false],
    ['`a+(b)`', 'a+(b)', true],
    ['`it``s`', 'it`s', true],
    ['`two%`', 'two\nlines', true],
  ];
  for (const [pattern, database, fits] of patterns) {
    it(`on ${pattern} ${fits ? 'count' : 'do not count'} for ${JSON.stringify(database)}`, () =>
      assert.deepEqual(on(database, `GRANT SELECT ON ${pattern}.* TO 'backup'@'%'`), fits ? ['SELECT'] : []));
  }
});
