import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tarHeader } from '../../../src/archive/tar.js';
import { collectBytes } from '../../../src/bytes.js';
import { plainTar } from '../../../src/cli/extract/plain-tar.js';
import { tokenise } from '../../../src/database/tokens.js';
import { isBackupError } from '../../../src/errors.js';
import {
  isOneStatement,
  isWhole,
  prepared,
  printed,
  quoteModeOf,
} from '../../../src/recovery/export/client-text.js';
import { tableSql } from '../../../src/recovery/export/table-sql.js';
import { processorTime } from '../../support/processor.js';

const usual = quoteModeOf('');

describe('a statement in a script for a stock client', () => {
  for (const statement of [
    "CREATE TABLE `t` (`a;b` int COMMENT 'it''s; \"so\" /* far */') ENGINE=InnoDB",
    'CREATE TABLE t (a int) /*!50100 PARTITION BY HASH (a) */',
    'CREATE TABLE `Dédé` (`delimiter ` int)',
  ]) {
    it(`stands as it is: ${statement}`, () => assert.ok(isOneStatement(statement)));
  }

  for (const statement of [
    'CREATE TABLE t (a int); DROP TABLE u',
    'CREATE TABLE t (a int)\n\\! touch /tmp/x\n',
    "CREATE TABLE t (a int COMMENT '\\'); \\! id; -- ')",
    'CREATE TABLE `a\\` (b int)',
    'CREATE TABLE t (a int) -- \n',
    'CREATE TABLE t (a int) /* open',
    "CREATE TABLE t (a int COMMENT 'open",
    'CREATE TABLE t (a int) delimiter x',
    'CREATE TABLE t (a int\0)',
  ]) {
    it(`stands in hexadecimal: ${JSON.stringify(statement)}`, () => {
      assert.equal(isOneStatement(statement), false);
      assert.match(prepared(Buffer.from(statement)), /^SET @supplemental_backup = X'[0-9a-f]+';\nPREPARE /);
    });
  }

  it('may be a body with semicolons, comments and backslashes in quotes', () => {
    assert.ok(isWhole("BEGIN SET @a = 'it\\'s'; -- don't\n SELECT 1; END", usual));
    assert.equal(isWhole('BEGIN \\! id\nEND', usual), false);
    assert.equal(isWhole("SELECT '\\'; \\! id", quoteModeOf('NO_BACKSLASH_ESCAPES')), false);
    assert.equal(isWhole('SELECT "\\"; \\! id', quoteModeOf('ANSI_QUOTES')), false);
    assert.equal(isWhole("SELECT 'a\\\nb'", quoteModeOf('NO_BACKSLASH_ESCAPES')), false);
    assert.ok(isWhole("SELECT 'a\\n', 'a\\\\', 1", quoteModeOf('NO_BACKSLASH_ESCAPES')));
    // A name may end with one: clients and servers agree on that in backticks, and in nothing else.
    assert.ok(isWhole('CREATE TRIGGER `t\\` BEFORE INSERT ON `a\\``b` FOR EACH ROW BEGIN END', usual));
    assert.equal(isWhole('CREATE TRIGGER `t\\` \\! id; ` BEFORE INSERT', usual), false);
    assert.equal(isWhole('CREATE TRIGGER `t\\\n` BEFORE INSERT', usual), false);
    assert.equal(isWhole('BEGIN END delimiter ;\nDROP DATABASE mysql', usual), false);
  });

  it('has no line end and no backslash in what a comment tells', () => {
    assert.equal(printed('a\r\nb\u2028c\\!d'), 'a b c !d');
  });

  it('is refused where a table should be made and is not', () => {
    const table = { index: 1, name: 't', engine: '', columns: [], primaryKey: [] };
    for (const createStatement of [
      'CREATE USER t',
      'DROP TABLE t',
      'CREATE EVENT e DO SELECT 1 /* TABLE t */',
    ]) {
      assert.throws(
        () => tableSql({ ...table, createStatement }, 'd'),
        (error) => isBackupError(error, 'archive-damaged'),
      );
    }
  });

  it('is looked at in linear time, however it is not closed', async () => {
    for (const piece of ["'", '`', '"', '/*', "'\\", "''\\'", 'd', '-']) {
      const statement = `a${piece.repeat(200_000)}`;
      const used = await processorTime(() => {
        const texts = tokenise(statement).map(({ text }) => text);
        assert.equal(texts.join(''), statement);
        isOneStatement(statement);
      });
      assert.ok(used < 2000, piece);
    }
  });
});

describe('the tar that is extracted', () => {
  const file = async (name: string): Promise<Uint8Array> => tarHeader({ name, size: 3, time: 0 });
  const content = Buffer.concat([Buffer.from('abc'), Buffer.alloc(509)]);
  const end = Buffer.alloc(1024);
  async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 700) yield bytes.subarray(at, at + 700);
  }

  it('comes out as it is when it holds plain files', async () => {
    const tar = Buffer.concat([await file('a'), content, await file('b/c'), content, end]);
    assert.deepEqual(Buffer.from(await collectBytes(plainTar(inPieces(tar)))), tar);
  });

  for (const [what, change] of Object.entries({
    'a link': (header: Buffer) => {
      header[156] = 0x32;
      header.write('/etc/passwd', 157);
    },
    'a device': (header: Buffer) => {
      header[156] = 0x33;
    },
    'a name outside': (header: Buffer) => header.write('../a\0', 0),
    'an absolute name': (header: Buffer) => header.write('/a\0', 0),
  })) {
    it(`is refused when it holds ${what}`, async () => {
      const header = Buffer.from(await file('abcd'));
      change(header);
      header.fill(0x20, 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      const tar = Buffer.concat([await file('a'), content, header, content, end]);
      await assert.rejects(collectBytes(plainTar(inPieces(tar))), (error) =>
        isBackupError(error, 'archive-damaged'),
      );
    });
  }

  it('is refused when it goes on behind its end', async () => {
    const tar = Buffer.concat([await file('a'), content, end, await file('b'), content]);
    await assert.rejects(collectBytes(plainTar(inPieces(tar))), (error) =>
      isBackupError(error, 'archive-damaged'),
    );
  });
});
