import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { changedColumns } from '../../src/recovery/restore/check-definitions.js';

const table = (...columns: readonly string[]): string =>
  `CREATE TABLE \`t\` (\n  ${[...columns, 'PRIMARY KEY (`id`)'].join(',\n  ')}\n) ENGINE=InnoDB AUTO_INCREMENT=7`;

describe('what was made, held against what was meant', () => {
  const id = '`id` int(11) NOT NULL AUTO_INCREMENT';
  const here = { source: 'a', target: 'b', sameServer: true };
  const elsewhere = { ...here, sameServer: false };

  for (const journey of [here, elsewhere]) {
    const where = journey.sameServer ? 'on a server of the same version' : 'on another server';
    it(`C15: names columns that gained or lost something, ${where}`, () => {
      const meant = table(id, '`ts` timestamp NOT NULL', '`n` int(11) DEFAULT NULL', '`k` int(11) DEFAULT 1');
      const gained = '`ts` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()';
      assert.deepEqual(
        changedColumns(
          meant,
          table(id, gained, '`n` int(11) DEFAULT NULL', '`k` int(11) DEFAULT 1'),
          journey,
        ),
        ['ts'],
      );
      assert.deepEqual(
        changedColumns(meant, table(id, '`ts` timestamp NOT NULL', '`n` int(11) NOT NULL'), journey),
        ['n', 'k'],
      );
      assert.deepEqual(changedColumns(meant, meant.replace('=7', '=9'), journey), []);
    });

    it(`takes literals in text and in hexadecimal, and the name of the database, for the same, ${where}`, () => {
      const meant = table(id, "`v` varbinary(9) DEFAULT X'fffe'", '`s` int(11) DEFAULT nextval(`a`.`s`)');
      const made = table(id, "`v` varbinary(9) DEFAULT '??'", '`s` int(11) DEFAULT nextval(`b`.`s`)');
      assert.deepEqual(changedColumns(meant, made, journey), []);
      assert.deepEqual(changedColumns(meant, made.replace("'??'", '0xFFFE'), journey), []);
    });
  }

  it('takes what two versions spell differently for the same', () => {
    const old = table(
      '`id` bigint(20) NOT NULL',
      '`a` varchar(5) CHARACTER SET utf8 DEFAULT NULL',
      "`b` int(11) DEFAULT '0'",
      '`c` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP',
    );
    const recent = table(
      '`id` bigint NOT NULL',
      '`a` varchar(5) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci DEFAULT NULL',
      '`b` int DEFAULT 0',
      '`c` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()',
    );
    assert.deepEqual(changedColumns(old, recent, elsewhere), []);
  });
});
