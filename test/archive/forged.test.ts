import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptAge } from '../../src/archive/age/encrypt.js';
import { makeContentId } from '../../src/archive/content-id.js';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { labelRecipient, makeLabel } from '../../src/archive/label.js';
import { openArchive } from '../../src/archive/open-archive.js';
import { tarBlockBytes, tarEndBytes, tarHeader, tarPadding } from '../../src/archive/tar.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { collectBytes, rangesOfBytes, utf8 } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { Label, Manifest, ManifestEntry, Part } from '../../src/model/parts.js';
import { collect, sampleLabel, sampleParts } from './support/parts.js';
import { unpackFiles } from './support/unpack-tar.js';

interface File {
  readonly name: string;
  readonly content: Uint8Array;
  /** What stands behind the content, instead of zeros. */
  readonly padding?: Uint8Array;
}

type Json = Record<string, unknown>;

const label = makeLabel({ ...sampleLabel, unlock: [] });
const contentId = makeContentId();

/**
 * Who knows the recipient and how archives are made can make any: each of these contradicts itself in one
 * place.
 */
describe('F7: an archive that a forger made', () => {
  let identity: string;
  let recipient: string;
  let files: readonly File[];

  before(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
    files = await unpackFiles(await collectBytes(writeTar(sampleParts(), label, () => undefined, contentId)));
  });

  const named = (name: string): File => files.find((file) => file.name === name)!;
  const indexOf = (name: string): number => files.findIndex((file) => file.name === name);
  /** All files, with some put before the one of a name. */
  const withBefore = (name: string, ...more: readonly File[]): readonly File[] =>
    files.toSpliced(indexOf(name), 0, ...more);
  const without = (name: string): readonly File[] => files.filter((file) => file.name !== name);
  const edited = (name: string, edit: (json: Json) => Json): readonly File[] =>
    files.map((file) => (file.name === name ? { name, content: jsonOf(edit(parse(file.content))) } : file));

  /** The bytes of a tar; the manifest is made to fit the files before it, and then changed. */
  async function tarOf(
    list: readonly File[],
    change: (manifest: Manifest) => object = (same) => same,
    idOf: (name: string) => string | undefined = () => contentId,
  ) {
    const pieces: Uint8Array[] = [];
    const entries: ManifestEntry[] = [];
    let offset = tarBlockBytes;
    for (const { name, content: given, padding = new Uint8Array(tarPadding(given.length)) } of list) {
      const isManifest = name === 'manifest.json';
      const content = isManifest
        ? jsonOf(change({ ...(parse(given) as unknown as Manifest), entries }))
        : given;
      const zeros = isManifest ? new Uint8Array(tarPadding(content.length)) : padding;
      const { length: size } = content;
      const rows = name.endsWith('.gz') ? { rows: Buffer.from(content).readUInt32LE(16) } : {};
      entries.push({
        name,
        offset,
        size,
        sha256: createHash('sha256').update(content).digest('hex'),
        ...rows,
      });
      pieces.push(await tarHeader({ name, size, time: 0, contentId: idOf(name) }), content, zeros);
      offset += size + zeros.length + tarBlockBytes;
      if (isManifest) entries.pop();
    }
    return new Uint8Array(Buffer.concat([...pieces, new Uint8Array(tarEndBytes)]));
  }

  async function seal(tar: Uint8Array, of: Label = label): Promise<Uint8Array> {
    return collectBytes(encryptAge(tar, { recipients: [recipient, labelRecipient(of)] }));
  }
  const stream = (archive: Uint8Array): Promise<Part[]> =>
    collect(decryptArchive(archive, { identities: [identity] }));
  const read = async (archive: Uint8Array): Promise<Part[]> =>
    collect((await openArchive(rangesOfBytes(archive), { identities: [identity] })).parts());

  const refuses = async (reading: Promise<unknown>, happened: RegExp): Promise<void> => {
    await assert.rejects(reading, (error) => {
      assert.ok(isBackupError(error, 'archive-damaged'), String(error));
      assert.match(error.message, happened);
      return true;
    });
  };

  it('is none while nothing is changed, and may hold files of a later version anywhere', async () => {
    const parts = await collect(sampleParts());
    const more = { name: 'later/thing.bin', content: new Uint8Array(700) };
    for (const list of [
      files,
      withBefore('README.txt', more),
      withBefore('tables/0001/000002.cols.gz', more),
      withBefore('manifest.json', more),
      without('README.txt'),
    ]) {
      const archive = await seal(await tarOf(list));
      for (const given of [await stream(archive), await read(archive)]) {
        assert.deepEqual(given.slice(0, -1), parts.slice(0, -1));
      }
    }
  });

  it('is refused when one file or the manifest bears the id of another archive, or none', async () => {
    for (const other of [makeContentId(), undefined]) {
      for (const { name } of files) {
        const archive = await seal(await tarOf(files, undefined, (of) => (of === name ? other : contentId)));
        await refuses(stream(archive), /of another archive/);
        // Read at any place, what is for people is not looked at.
        if (/^(README\.txt|reader\.py)$/.test(name)) await read(archive);
        else await assert.rejects(read(archive), (error) => isBackupError(error, 'archive-damaged'), name);
      }
      const archive = await seal(await tarOf(files, (manifest) => ({ ...manifest, contentId: other })));
      await refuses(stream(archive), /of another archive/);
      await refuses(read(archive), /of another archive/);
    }
    for (const contentId of ['', 'x', 'A'.repeat(23), `${'A'.repeat(21)}B`, 7, null]) {
      const archive = await seal(await tarOf(files, (manifest) => ({ ...manifest, contentId })));
      await refuses(stream(archive), /manifest/);
    }
  });

  it('is read when no file of it bears an id, as before version 1.2', async () => {
    const older = ({ contentId: _none, ...manifest }: Manifest): object => manifest;
    const archive = await seal(await tarOf(files, older, () => undefined));
    const parts = await collect(sampleParts());
    for (const given of [await stream(archive), await read(archive)]) {
      assert.deepEqual(given.slice(0, -1), parts.slice(0, -1));
    }
  });

  it('is refused when its files stand in an order that no writer makes', async () => {
    const database = named('database.json');
    const objects = named('objects.json');
    const table = named('tables/0001/table.json');
    const rows = named('tables/0001/000001.cols.gz');
    const cases: readonly (readonly [readonly File[], RegExp])[] = [
      [withBefore('README.txt', table), /does not start with its database/],
      [without('database.json'), /does not start with its database/],
      [withBefore('manifest.json', database), /describes two databases/],
      [withBefore('manifest.json', objects), /two lists of objects/],
      [without('objects.json'), /no list of objects/],
      [withBefore('manifest.json', table), /out of order/],
      [withBefore('manifest.json', rows), /out of order/],
      [withBefore('tables/0001/table.json', rows), /out of order/],
      [without('tables/0001/000001.cols.gz'), /out of order/],
      [without('tables/0001/table.json'), /out of order/],
      [without('manifest.json'), /ends without its manifest/],
      [[...files, database], /does not end after its manifest/],
    ];
    for (const [list, happened] of cases) await refuses(stream(await seal(await tarOf(list))), happened);
    await refuses(read(await seal(await tarOf([...files, database]))), /does not end with a manifest/);
  });

  it('is refused when a table stands under the number of another', async () => {
    const archive = await seal(
      await tarOf(edited('tables/0002/table.json', (table) => ({ ...table, index: 1 }))),
    );
    await refuses(stream(archive), /stored where another table belongs/);
    await refuses(read(archive), /under a wrong number/);
  });

  it('is refused when label, database and manifest are not of one archive', async () => {
    const { archiveId } = makeLabel(sampleLabel);
    const happened = /not of one archive/;
    const good = await tarOf(files);
    const ofLabels: readonly Uint8Array[] = [
      await seal(good, { ...label, archiveId }),
      await seal(good, { ...label, scope: 'critical' }),
      await seal(await tarOf(files, (manifest) => ({ ...manifest, archiveId }))),
      await seal(await tarOf(edited('database.json', (database) => ({ ...database, archiveId })))),
    ];
    for (const archive of ofLabels) {
      await refuses(stream(archive), happened);
      await refuses(read(archive), happened);
    }
    // Without a label there is nothing that it could contradict.
    const bare = await collectBytes(encryptAge(good, { recipients: [recipient] }));
    assert.deepEqual(await stream(bare), await read(bare));
  });

  it('is refused when its manifest says anything else of a file than it is', async () => {
    const changes: readonly ((entry: ManifestEntry) => object)[] = [
      (entry) => ({ ...entry, name: `${entry.name}x` }),
      (entry) => ({ ...entry, offset: entry.offset + 1 }),
      (entry) => ({ ...entry, size: entry.size - 1 }),
      (entry) => ({ ...entry, sha256: '00'.repeat(32) }),
      (entry) => ({ ...entry, rows: (entry.rows ?? 0) + 1 }),
    ];
    for (const change of changes) {
      for (const name of ['database.json', 'tables/0001/000002.cols.gz', 'objects.json']) {
        const tar = await tarOf(files, (manifest) => ({
          ...manifest,
          entries: manifest.entries.map((entry) => (entry.name === name ? change(entry) : entry)),
        }));
        await refuses(stream(await seal(tar)), /lists other files/);
        await refuses(read(await seal(tar)), /not what its manifest says|contradicts itself|not laid out/);
      }
    }
    const reversed = await tarOf(files, (manifest) => ({
      ...manifest,
      entries: [...manifest.entries].reverse(),
    }));
    await refuses(stream(await seal(reversed)), /lists other files/);
    await refuses(read(await seal(reversed)), /contradicts itself/);
    for (const entries of [
      (all: readonly ManifestEntry[]) => all.slice(1),
      (all: readonly ManifestEntry[]) => [...all, all[0]!],
    ]) {
      const tar = await tarOf(files, (manifest) => ({ ...manifest, entries: entries(manifest.entries) }));
      await refuses(stream(await seal(tar)), /lists other files/);
    }
  });

  it('is refused at any place where its manifest leads to something else than it says', async () => {
    const withEntries = (change: (entries: readonly ManifestEntry[]) => readonly object[]) =>
      tarOf(files, (manifest) => ({ ...manifest, entries: change(manifest.entries) })).then((tar) =>
        seal(tar),
      );
    // Two parts of as many rows, each under the name of the other.
    const [first, second] = ['tables/0001/000001.cols.gz', 'tables/0001/000002.cols.gz'] as const;
    const exchanged = await withEntries((entries) =>
      entries.map((entry) => {
        const name = entry.name === first ? second : entry.name === second ? first : entry.name;
        return { ...entry, name };
      }),
    );
    await refuses(read(exchanged), /not what its manifest says/);
    // A true digest, of less than the whole file.
    const { content } = named('objects.json');
    const sha256 = createHash('sha256').update(content.subarray(0, -1)).digest('hex');
    const shorter = await withEntries((entries) =>
      entries.map((entry) =>
        entry.name === 'objects.json' ? { ...entry, size: entry.size - 1, sha256 } : entry,
      ),
    );
    await refuses(read(shorter), /not what its manifest says/);
    // Into the manifest's own header, by one byte.
    const { length } = content;
    const reaching = await withEntries((entries) => [
      ...entries.slice(0, -1),
      { ...entries.at(-1)!, size: length + tarPadding(length) + 1 },
    ]);
    await refuses(read(reaching), /contradicts itself/);
    const beyond = await withEntries((entries) => [
      ...entries,
      { name: 'later.bin', offset: 10 ** 9, size: 1, sha256: '00'.repeat(32) },
    ]);
    await refuses(read(beyond), /contradicts itself/);
    const twice = await withEntries((entries) =>
      entries.map((entry) => (entry.name === 'README.txt' ? { ...entry, name: 'reader.py' } : entry)),
    );
    await refuses(read(twice), /contradicts itself/);
  });

  it('is refused when a file is longer than one of its kind ever is, though all confirms it', async () => {
    const long = files.map((file) =>
      file.name === 'database.json'
        ? {
            ...file,
            content: utf8(
              Buffer.from(file.content)
                .toString()
                .padEnd(2 ** 20 + 1),
            ),
          }
        : file,
    );
    const archive = await seal(await tarOf(long));
    // One after the other: a rejection that nobody waits for yet would count as unhandled.
    for (const reading of [stream, read]) {
      await assert.rejects(reading(archive), (error) => isBackupError(error, 'archive-limit-exceeded'));
    }
  });

  it('is refused when its manifest says anything else of a table than came', async () => {
    const changes: readonly ((tables: Manifest['tables']) => readonly object[])[] = [
      ([first, second]) => [{ ...first, rows: first!.rows + 1 }, second!],
      ([first, second]) => [{ ...first, parts: first!.parts + 1 }, second!],
      ([first, second]) => [{ ...first, parts: first!.parts - 1 }, second!],
      ([first]) => [first!],
      ([first, second]) => [first!, second!, { ...second!, index: 3 }],
      ([first, second]) => [first!, second!, second!],
    ];
    for (const change of changes) {
      const archive = await seal(
        await tarOf(files, (manifest) => ({ ...manifest, tables: change(manifest.tables) })),
      );
      await refuses(stream(archive), /lists other rows/);
      await refuses(read(archive), /contradicts itself/);
    }
    const renamed = await tarOf(files, (manifest) => ({
      ...manifest,
      tables: manifest.tables.map((table) => ({ ...table, name: `${table.name}x` })),
    }));
    await refuses(stream(await seal(renamed)), /lists other rows/);
    // Restore reads at any place, and must not load the rows of one table into another.
    await refuses(read(await seal(renamed)), /another name than the manifest says/);
    const twins = await tarOf(
      edited('tables/0002/table.json', (table) => ({ ...table, name: 'table`1' })),
      (manifest) => ({
        ...manifest,
        tables: manifest.tables.map((table) => ({ ...table, name: 'table`1' })),
      }),
    );
    await refuses(read(await seal(twins)), /contradicts itself/);
    await refuses(stream(await seal(twins)), /contradicts itself/);
  });

  it('is refused when its front promises a table that did not come, under this number or at all', async () => {
    for (const tables of [
      [{ index: 1, name: 'patient', tier: 'critical' }],
      [{ index: 9, name: 'patient', tier: 'critical' }],
    ]) {
      const archive = await seal(
        await tarOf(
          edited('database.json', (entry) => ({
            ...entry,
            database: { ...(entry['database'] as object), tables },
          })),
        ),
      );
      await refuses(stream(archive), /Tables that the archive lists are missing from it/);
      await refuses(read(archive), /Tables that the archive lists are missing from it/);
    }
  });

  it('is refused when there is something between its files, or behind them', async () => {
    const readme = named('README.txt');
    const padding = new Uint8Array(tarPadding(readme.content.length));
    assert.ok(padding.length > 0);
    for (const at of [0, padding.length - 1]) {
      const dirty = padding.slice();
      dirty[at] = 1;
      const list = files.map((file) => (file === readme ? { ...file, padding: dirty } : file));
      await refuses(stream(await seal(await tarOf(list))), /something between two files/);
    }
    const good = await tarOf(files);
    const longer = (more: number): Uint8Array => {
      const tar = new Uint8Array(good.length + more);
      tar.set(good);
      return tar;
    };
    for (const more of [1, tarBlockBytes])
      await refuses(stream(await seal(longer(more))), /goes on after its end/);
    await refuses(read(await seal(longer(1))), /does not end with a manifest/);
    for (const less of [1, tarBlockBytes, tarEndBytes]) {
      const archive = await seal(good.subarray(0, good.length - less));
      await refuses(stream(archive), /does not end after its manifest/);
      await refuses(read(archive), /does not end with a manifest/);
    }
    for (const at of [1, tarEndBytes]) {
      const dirty = good.slice();
      dirty[good.length - at] = 1;
      await refuses(stream(await seal(dirty)), /does not end after its manifest/);
      await refuses(read(await seal(dirty)), /does not end with a manifest/);
    }
    const end = tarBlockBytes + readme.content.length;
    for (const left of [100, 600, end - 1, end, end + padding.length - 1, end + padding.length + 511]) {
      await refuses(stream(await seal(good.subarray(0, left))), /ends too early/);
    }
    await refuses(read(await seal(new Uint8Array(tarEndBytes))), /does not end with a manifest/);
    await refuses(read(await seal(new Uint8Array(8 * tarBlockBytes))), /does not end with a manifest/);
  });
});

describe('the manifest of an archive', () => {
  it('is found from the end, however long it is', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity), labelRecipient(label)];
    let shortest = 0;
    const tarOf = (message: string): Promise<Uint8Array> =>
      collectBytes(
        writeTar(withWarning(message), label, (manifest) => {
          shortest ||= utf8(JSON.stringify(manifest, null, 1)).length + 1;
        }),
      );
    await tarOf('');
    // What is looked at from the end, at first and then again: the manifest's header just within it, and just
    // not.
    for (const window of [256 * 1024, 1024 * 1024]) {
      const most = window - tarEndBytes - tarBlockBytes;
      for (const size of [most - tarBlockBytes, most - 1, most, most + 1, most + tarBlockBytes]) {
        const message = 'x'.repeat(size - shortest);
        const archive = await collectBytes(encryptAge(await tarOf(message), { recipients }));
        const { manifest } = await openArchive(rangesOfBytes(archive), { identities: [identity] });
        assert.equal(manifest.warnings[0]?.message, message);
      }
    }
  });
});

async function* withWarning(message: string): AsyncGenerator<Part> {
  for await (const part of sampleParts({ tables: 1, partsPerTable: 1, rowsPerPart: 1 })) {
    if (part.kind !== 'summary') yield part;
    else yield { ...part, summary: { ...part.summary, warnings: [{ code: 'x', message }] } };
  }
}

function parse(content: Uint8Array): Json {
  return JSON.parse(Buffer.from(content).toString());
}

function jsonOf(json: object): Uint8Array {
  return utf8(JSON.stringify(json));
}
