import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { type ArchiveReader, openArchive } from '../../src/archive/open-archive.js';
import { collectBytes, type RangeSource, rangesOfBytes } from '../../src/bytes.js';
import { unpackRows } from '../../src/columns/pack.js';
import { isBackupError } from '../../src/errors.js';
import { collect, sampleLabel, sampleObjects, sampleParts, sampleTable } from './support/parts.js';

// About 3 MB, so that there are some fifty chunks.
const size = { tables: 30, partsPerTable: 4, rowsPerPart: 600, noise: 40 };

/** Counts what is fetched. */
function counted(bytes: Uint8Array): RangeSource & { fetched: number } {
  const ranges = rangesOfBytes(bytes);
  return {
    size: ranges.size,
    fetched: 0,
    async read(offset, length, options) {
      this.fetched += length;
      return await ranges.read(offset, length, options);
    },
  };
}

describe('an archive read at any place', () => {
  let identities: string[];
  let bytes: Uint8Array;
  let archive: ArchiveReader;

  before(async () => {
    identities = [await generateX25519Identity()];
    const recipients = [await identityToRecipient(identities[0]!)];
    const parts = sampleParts(size);
    bytes = await collectBytes(encryptArchive(parts, { recipients, label: sampleLabel }));
    archive = await openArchive(rangesOfBytes(bytes), { identities });
  });

  it('gives the same parts as read from front to back', async () => {
    const manifest = archive.manifest;
    const expected = await collect(sampleParts(size));
    const parts = await collect(archive.parts());
    assert.deepEqual(parts.slice(0, -1), expected.slice(0, -1));
    assert.deepEqual(parts.at(-1), { kind: 'summary', summary: manifest });
  });

  it('is closed at the end of a block', async () => {
    let inside: ArchiveReader;
    {
      await using reader = await openArchive(rangesOfBytes(bytes), { identities });
      assert.equal((await reader.database()).name, 'opendental');
      inside = reader;
    }
    await assert.rejects(inside.objects());
  });

  it('gives single descriptions', async () => {
    assert.equal((await archive.database()).name, 'opendental');
    assert.deepEqual(await archive.table('table`3'), sampleTable(3));
    assert.deepEqual(await archive.objects(), sampleObjects);
    assert.throws(() => archive.readTable('nowhere'), RangeError);
  });

  it('fetches header, tail and one table, not the rest', async () => {
    const source = counted(bytes);
    const reader = await openArchive(source, { identities });
    const batches = await collect(reader.readTable('table`17'));
    assert.equal(
      batches.reduce((sum, batch) => sum + batch.rows, 0),
      2400,
    );
    assert.ok(source.fetched < bytes.length / 2, `${source.fetched} of ${bytes.length} bytes`);
  });

  it('narrows the parts to some tables, and lists the others as left out', async () => {
    const parts = await collect(archive.parts({ tables: ['table`2', 'table`9'] }));
    assert.deepEqual(
      parts.filter((part) => part.kind === 'table').map((part) => part.table.name),
      ['table`2', 'table`9'],
    );
    const last = parts.at(-1)!;
    assert.ok(last.kind === 'summary');
    assert.equal(last.summary.tables.length, 2);
    assert.equal(last.summary.leftOut.length, 29);
    await assert.rejects(collect(archive.parts({ tables: ['nowhere'] })), RangeError);
  });

  it('refuses a damaged table and still reads the others', async () => {
    const entry = archive.manifest.entries.find(({ name }) => name === 'tables/0005/000002.cols.gz')!;
    const damaged = bytes.slice();
    const { headerBytes } = await inspectArchive(bytes);
    // Somewhere within the chunk that holds the middle of that part.
    const chunk = Math.floor((entry.offset + entry.size / 2) / 65536);
    damaged[headerBytes + 16 + chunk * 65552 + 30_000]! ^= 1;
    const reader = await openArchive(rangesOfBytes(damaged), { identities });
    await assert.rejects(collect(reader.readTable('table`5')), (error) =>
      isBackupError(error, 'archive-damaged'),
    );
    assert.equal((await collect(reader.readTable('table`25'))).length, 4);
  });

  it('F7: refuses an archive that was cut at a chunk, though every chunk left is good', async () => {
    const header = bytes.length % 65552;
    for (const keep of [1, 2]) {
      const cut = bytes.subarray(0, header + keep * 65552);
      await assert.rejects(openArchive(rangesOfBytes(cut), { identities }), (error) =>
        isBackupError(error, 'archive-damaged'),
      );
    }
  });

  it('forgets its key when closed', async () => {
    const reader = await openArchive(rangesOfBytes(bytes), { identities });
    reader.close();
    await assert.rejects(collect(reader.readTable('table`5')));
  });

  it('hands on what may stop it with every range it asks for', async () => {
    const { signal } = new AbortController();
    const ranges = rangesOfBytes(bytes);
    const given = new Set<unknown>();
    const source: RangeSource = {
      size: ranges.size,
      read(offset, length, options) {
        given.add(options?.signal);
        return ranges.read(offset, length, options);
      },
    };
    await openArchive(source, { identities, signal });
    assert.deepEqual([...given], [signal]);
    given.clear();
    await openArchive(source, { identities });
    assert.deepEqual([...given], [undefined]);
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(openArchive(rangesOfBytes(bytes), { identities, signal }), /enough/);
    await assert.rejects(collect(archive.readTable('table`1', { signal })), /enough/);
  });

  it('gives rows that unpack to what was packed', async () => {
    const forms = ['i64', 'bytes', 'date'] as const;
    const parts = await collect(archive.parts({ tables: ['table`1'] }));
    const original = await collect(sampleParts({ ...size, tables: 1 }));
    const rows = parts.filter((part) => part.kind === 'rows');
    const expected = original.filter((part) => part.kind === 'rows');
    for (const [i, part] of rows.entries()) {
      assert.deepEqual(await unpackRows(part, forms), await unpackRows(expected[i]!, forms));
    }
  });
});
