import assert from 'node:assert/strict';
import { it } from 'node:test';
import { decoderFor } from '../../../src/recovery/export/character-sets.js';
import { describeOnEachServer } from '../../support/servers.js';

// Every character of the small sets, and of the large ones many.
const codePoints = [
  ...Array.from({ length: 0x7ff }, (_, i) => i + 1),
  ...Array.from({ length: 0x800 }, (_, i) => i + 0x2000),
  ...Array.from({ length: 0x200 }, (_, i) => i + 0x3000),
  ...Array.from({ length: 0xb000 / 11 }, (_, i) => 0x3200 + 11 * i).filter((code) => code < 0xd800),
  ...Array.from({ length: 0x100 }, (_, i) => i + 0xff00),
  0xf8ff,
  0x1f600,
  0x20000,
];
// Of which some characters come as bytes: those that only one vendor has.
const withUnsureOnes = new Set(['big5', 'cp932', 'eucjpms', 'tis620', 'ujis', 'utf32']);

describeOnEachServer(
  'text of a CSV',
  (server) => {
    it('V9: is what the server reads, in every character set that it has', async () => {
      const texts = codePoints.map(
        (code) => `(_utf8mb4 x'${Buffer.from(String.fromCodePoint(code)).toString('hex')}')`,
      );
      await server().query([
        'DROP DATABASE IF EXISTS sets',
        'CREATE DATABASE sets',
        'CREATE TABLE sets.c (c VARCHAR(2) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)',
        `INSERT INTO sets.c VALUES ${texts.join()}`,
      ]);
      const sets = (await server().query('SHOW CHARACTER SET')).map((row) => row['Charset']!);
      for (const set of sets.filter((name) => name !== 'binary')) {
        const decode = decoderFor(set);
        assert.ok(decode !== null, set);
        const rows = await server().query(
          `SELECT HEX(c) AS text, HEX(CONVERT(c USING ${set})) AS bytes FROM sets.c
           WHERE CONVERT(CONVERT(c USING ${set}) USING utf8mb4) = c COLLATE utf8mb4_bin`,
        );
        assert.ok(rows.length > 90, set);
        for (const row of rows) {
          const text = decode(Buffer.from(row['bytes']!, 'hex'));
          if (text === null && withUnsureOnes.has(set)) continue;
          assert.equal(text, Buffer.from(row['text']!, 'hex').toString(), `${set} ${row['bytes']}`);
        }
      }
    });
  },
  { kinds: ['mysql-5.6', 'mariadb'] },
);
