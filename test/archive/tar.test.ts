import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type EntryKind,
  parseEntryName,
  rowsEntryName,
  tableEntryName,
} from '../../src/archive/entry-names.js';
import { checkEntrySize } from '../../src/archive/read-tar.js';
import { headerByLibrary, parseTarHeader, tarHeader, tarPadding } from '../../src/archive/tar.js';
import { isBackupError } from '../../src/errors.js';
import { fc } from '../support/properties.js';

const entries = fc.record(
  {
    name: fc.stringMatching(/^[a-z][a-z0-9_.-]{0,40}(\/[a-z0-9][a-z0-9_.-]{0,20}){0,2}$/),
    size: fc.integer({ min: 0, max: 8 ** 11 - 1 }),
    time: fc.integer({ min: 0, max: 8 ** 11 - 1 }),
    contentId: fc.stringMatching(/^[A-Za-z0-9_-]{21}[AQgw]$/),
  },
  { noNullPrototype: true, requiredKeys: ['name', 'size', 'time'] },
);

describe('the headers of an archive', () => {
  it('are those that the library of tar makes, to the last byte', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (entry) => {
        assert.deepEqual(await tarHeader(entry), new Uint8Array(await headerByLibrary(entry)));
      }),
    );
  });

  it('say again what they were made of', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (entry) => {
        assert.deepEqual(await parseTarHeader(await tarHeader(entry)), entry);
      }),
    );
  });

  it('take names and numbers up to the last that fits, and no further', async () => {
    const most = 8 ** 11 - 1;
    for (const good of [
      { name: 'x', size: 0, time: 0 },
      { name: 'x', size: most, time: most },
      { name: 'x'.repeat(99), size: 1, time: 1 },
    ]) {
      assert.deepEqual(await parseTarHeader(await tarHeader(good)), good);
    }
    for (const contentId of [
      'x',
      'A'.repeat(23),
      `${'A'.repeat(21)}B`,
      `${'A'.repeat(21)}=`,
      `\0${'A'.repeat(21)}`,
    ]) {
      await assert.rejects(tarHeader({ name: 'x', size: 0, time: 0, contentId }), /^RangeError: "contentId"/);
    }
    for (const number of [-1, most + 1, Number.NaN]) {
      await assert.rejects(tarHeader({ name: 'x', size: number, time: 0 }), /^RangeError: "size"/);
      await assert.rejects(tarHeader({ name: 'x', size: 0, time: number }), /^RangeError: "time"/);
    }
    for (const name of [
      'x'.repeat(100),
      '',
      '/x',
      'x/',
      'a//b',
      '../x',
      '-x',
      '.x',
      'a/.b',
      'a b',
      'a\n',
      'ä',
    ]) {
      await assert.rejects(tarHeader({ name, size: 0, time: 0 }), /^RangeError: "name"/, name);
    }
  });

  it('are refused with any bit of them changed, and are none when all is zero', async () => {
    const header = await tarHeader({ name: 'tables/0001/table.json', size: 5, time: 7 });
    for (let at = 0; at < header.length; at++) {
      const changed = header.slice();
      changed[at]! ^= 1 << (at % 8);
      await assert.rejects(
        parseTarHeader(changed),
        (error) => isBackupError(error, 'archive-damaged'),
        `${at}`,
      );
    }
    assert.equal(await parseTarHeader(new Uint8Array(512)), null);
  });

  it('are followed by contents that are filled up to whole blocks', () => {
    assert.deepEqual([0, 1, 511, 512, 513, 1024].map(tarPadding), [0, 511, 1, 0, 511, 0]);
  });
});

describe('the names in an archive', () => {
  it('mean one thing each, in one spelling', () => {
    const rows = (table: number, sequence: number): EntryKind => ({ kind: 'rows', table, sequence });
    const known: readonly (readonly [name: string, kind: EntryKind])[] = [
      ['database.json', { kind: 'database' }],
      ['objects.json', { kind: 'objects' }],
      ['manifest.json', { kind: 'manifest' }],
      ['tables/0001/table.json', { kind: 'table', table: 1 }],
      ['tables/9999/table.json', { kind: 'table', table: 9999 }],
      ['tables/10000/table.json', { kind: 'table', table: 10_000 }],
      ['tables/0012/000034.cols.gz', rows(12, 34)],
      ['tables/123456789/999999999.cols.gz', rows(123_456_789, 999_999_999)],
    ];
    for (const [name, kind] of known) {
      assert.deepEqual(parseEntryName(name), kind);
      if (kind.kind === 'table') assert.equal(tableEntryName(kind.table), name);
      if (kind.kind === 'rows') assert.equal(rowsEntryName(kind.table, kind.sequence), name);
    }
    for (const name of [
      'README.txt',
      'Database.json',
      'tables/0000/table.json',
      'tables/001/table.json',
      'tables/00001/table.json',
      'tables/1234567890/table.json',
      'tables/0001/table.json.x',
      'x/tables/0001/table.json',
      'tables/0001/TABLE.json',
      'tables/0000/000001.cols.gz',
      'tables/00001/000001.cols.gz',
      'tables/0001/000000.cols.gz',
      'tables/0001/00001.cols.gz',
      'tables/0001/0000001.cols.gz',
      'tables/0001/1234567890.cols.gz',
      'tables/0001/000001.cols',
      'tables/0001/000001.cols.gz.x',
      'tables/0001/000001xcols.gz',
      'tables/0001/',
    ]) {
      assert.deepEqual(parseEntryName(name), { kind: 'other' }, name);
    }
    for (const none of [0, -1, 1.5, Number.NaN]) {
      assert.throws(() => tableEntryName(none), RangeError);
      assert.throws(() => rowsEntryName(1, none), RangeError);
    }
  });

  it('tell how long a file may be', () => {
    const MiB = 2 ** 20;
    const most: readonly (readonly [EntryKind, bytes: number])[] = [
      [{ kind: 'database' }, MiB],
      [{ kind: 'manifest' }, 256 * MiB],
      [{ kind: 'objects' }, 256 * MiB],
      [{ kind: 'other' }, 16 * MiB],
      [{ kind: 'table', table: 1 }, 16 * MiB],
      [{ kind: 'rows', table: 1, sequence: 1 }, 1088 * MiB],
    ];
    for (const [kind, bytes] of most) {
      checkEntrySize(kind, bytes);
      assert.throws(
        () => checkEntrySize(kind, bytes + 1),
        (error) => isBackupError(error, 'archive-limit-exceeded'),
        kind.kind,
      );
    }
  });
});
