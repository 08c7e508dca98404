import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptAge } from '../../src/archive/age/encrypt.js';
import { makeContentId } from '../../src/archive/content-id.js';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { labelRecipient, makeLabel } from '../../src/archive/label.js';
import type { FoundFile } from '../../src/archive/salvage/find-files.js';
import { lossesOf } from '../../src/archive/salvage/losses.js';
import { type ArchiveSurvey, surveyArchive } from '../../src/archive/salvage/survey.js';
import { tarBlockBytes, tarHeader, tarPadding } from '../../src/archive/tar.js';
import { writeTar } from '../../src/archive/write-tar.js';
import { collectBytes, rangesOfBytes, utf8 } from '../../src/bytes.js';
import { packRows } from '../../src/columns/pack.js';
import type { Manifest, Part, SchemaObject } from '../../src/model/parts.js';
import { collect, sampleLabel, sampleParts, sampleTable } from '../archive/support/parts.js';
import { column } from '../columns/support/columns.js';

const chunkBytes = 65_552;

/**
 * What somebody wrote into an image of the practice: at every place where a block may begin, a table that
 * never was.
 */
async function planted(time: number): Promise<Uint8Array> {
  const name = 'tables/0007/table.json';
  const table = { ...sampleTable(7), name: 'planted', createStatement: 'CREATE TABLE planted (Id int)' };
  const content = utf8(JSON.stringify(table));
  const file = Buffer.concat([
    await tarHeader({ name, size: content.length, time }),
    content,
    new Uint8Array(tarPadding(content.length)),
  ]);
  // Whatever stands before the value, one of these begins at a block.
  const all: Uint8Array[] = [];
  for (let shift = 0; shift < tarBlockBytes; shift++) all.push(file, Uint8Array.of(0));
  return new Uint8Array(Buffer.concat(all));
}

async function* partsWith(image: Uint8Array, noiseBytes = 400_000): AsyncGenerator<Part> {
  const noise = new Uint8Array(noiseBytes);
  for (let i = 0, seed = 7; i < noise.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    noise[i] = seed >>> 24;
  }
  for await (const part of sampleParts({ tables: 2, partsPerTable: 2, rowsPerPart: 1 })) {
    if (part.kind !== 'rows' || part.table !== 1) yield part;
    else {
      const value = part.sequence === 1 ? noise : new Uint8Array(Buffer.concat([noise, image]));
      const packed = await packRows(1, part.sequence, {
        rows: 1,
        columns: [column('i64', [1n]), column('bytes', [value]), column('date', [Uint8Array.of()])],
      });
      // As it is, as a JPEG would be: the bytes of the value stand in the archive.
      yield { ...packed, data: storedMember(packed.rows, value) } as Part;
    }
  }
}

/** Something of the size of a part in which the value stands as it is. */
function storedMember(rows: number, value: Uint8Array): Uint8Array {
  const head = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 255, 8, 0, 0x53, 0x42, 4, 0, 0, 0, 0, 0]);
  head.writeUInt32LE(rows, 16);
  return new Uint8Array(Buffer.concat([head, value, Buffer.alloc(8)]));
}

test('F7: salvage takes no file that somebody wrote into a value of the database for one of the archive', async () => {
  const identity = await generateX25519Identity();
  const label = makeLabel({ ...sampleLabel, createdAt: '2026-02-03T22:00:00.000Z' });
  const recipients = [await identityToRecipient(identity)];
  const image = await planted(Date.parse('2026-01-15T12:00:00Z') / 1000);
  const archive = await collectBytes(encryptArchive(partsWith(image), { recipients, label }));
  const { headerBytes } = await inspectArchive(archive);
  // The value's own header is lost, and so is the manifest.
  const damaged = archive.slice(0, archive.length - chunkBytes);
  damaged.fill(0, headerBytes + 16, headerBytes + 16 + 2 * chunkBytes);
  const survey = await surveyArchive(rangesOfBytes(damaged), { identities: [identity] });
  assert.ok(survey.tables.every(({ name }) => name !== 'planted'));
  assert.ok(survey.unproven.count > 0);
  assert.match(
    lossesOf(survey)!.sentences.join('\n'),
    /not proven to be of this archive and (was|were) left out/,
  );
});

/** A complete file of a tar. */
async function fileOf(
  name: string,
  content: Uint8Array,
  header: { readonly time?: number; readonly contentId?: string | undefined },
): Promise<Uint8Array> {
  const { time = 0, contentId } = header;
  const { length: size } = content;
  const head = await tarHeader({ name, size, time, contentId });
  return new Uint8Array(Buffer.concat([head, content, new Uint8Array(tarPadding(size))]));
}

/** Every file that a restore would take, as somebody makes them who knows how archives are made. */
async function plantedFiles(): Promise<readonly { readonly name: string; readonly content: Uint8Array }[]> {
  const table = { ...sampleTable(7), name: 'planted', createStatement: 'CREATE TABLE planted (Id int)' };
  const object: SchemaObject = {
    kind: 'view',
    name: 'planted',
    createStatement: 'CREATE VIEW planted AS SELECT 1',
  };
  const [database] = await collect(sampleParts());
  assert.ok(database?.kind === 'database');
  const rows = await packRows(1, 9, { rows: 1, columns: [column('i64', [1n])] });
  const front = {
    format: { major: 1, minor: 2 },
    archiveId: 'ab'.repeat(16),
    database: {
      ...database.database,
      name: 'planted',
      tables: [{ index: 7, name: 'planted', tier: 'critical' }],
    },
  };
  return [
    { name: 'tables/0007/table.json', content: utf8(JSON.stringify(table)) },
    { name: 'tables/0001/table.json', content: utf8(JSON.stringify({ ...table, index: 1 })) },
    { name: 'tables/0001/000009.cols.gz', content: rows.data },
    { name: 'objects.json', content: utf8(JSON.stringify([object])) },
    { name: 'database.json', content: utf8(JSON.stringify(front)) },
  ];
}

/**
 * An archive that has lost its manifest and the header of the part that holds the image, and maybe all before
 * it.
 */
async function damagedWith(image: Uint8Array, contentId: string) {
  const identity = await generateX25519Identity();
  const label = makeLabel({ ...sampleLabel, createdAt, archiveId });
  // The worst of luck: the value begins where a block does, behind the twenty bytes of its part's own header.
  const parts = partsWith(image, tarBlockBytes * 700 - 20);
  let manifest: Manifest | undefined;
  const tar = await collectBytes(
    writeTar(
      parts,
      label,
      (made) => {
        manifest = made;
      },
      contentId,
    ),
  );
  const { entries } = manifest!;
  const { offset, size } = entries.at(-1)!;
  const end = offset + size + tarPadding(size);
  const cut = Buffer.concat([tar.subarray(0, end), new Uint8Array(2 * tarBlockBytes)]);
  const recipients = [await identityToRecipient(identity), labelRecipient(label)];
  const archive = await collectBytes(encryptAge(cut, { recipients }));
  const { headerBytes } = await inspectArchive(archive);
  const at = entries.find(({ name }) => name === 'tables/0001/000002.cols.gz')!.offset;
  const lost = Math.floor((at - 1) / 65_536);
  assert.ok(lost > 0 && at + 300_000 > (lost + 1) * 65_536);
  return (from: 'front' | 'header', unproven: boolean): Promise<ArchiveSurvey> => {
    const damaged = archive.slice();
    const first = from === 'front' ? 0 : lost;
    damaged.fill(0, headerBytes + 16 + first * chunkBytes, headerBytes + 16 + (lost + 1) * chunkBytes);
    return surveyArchive(rangesOfBytes(damaged), { identities: [identity], unproven });
  };
}

const createdAt = '2026-02-03T22:00:00.000Z';
const archiveId = 'c3'.repeat(16);
const time = Date.parse(createdAt) / 1000;
const seen = ({ tables, objects, database, absent }: ArchiveSurvey): string =>
  JSON.stringify([tables, objects, database, absent]);

test('F7: salvage believes no second, no guessed id and no header of another archive inside a value', async () => {
  const files = await plantedFiles();
  const [table] = files;
  const other = encryptArchive(sampleParts(), {
    recipients: [await identityToRecipient(await generateX25519Identity())],
    label: sampleLabel,
  });
  for await (const _ of other);
  const otherId = (await other.manifest).contentId;
  assert.ok(otherId !== undefined);
  const pieces: Uint8Array[] = [];
  for (let second = time - 1800; second < time + 1800; second++) {
    pieces.push(await fileOf(table!.name, table!.content, { time: second }));
  }
  const publicId = Buffer.from(archiveId, 'hex').toString('base64url');
  const guesses = [
    undefined,
    otherId,
    publicId,
    'A'.repeat(22),
    ...Array.from({ length: 500 }, makeContentId),
  ];
  for (const contentId of guesses) {
    for (const { name, content } of files) pieces.push(await fileOf(name, content, { time, contentId }));
  }
  const survey = await damagedWith(new Uint8Array(Buffer.concat(pieces)), makeContentId());
  // Asked for or not: behind a front that is there nothing foreign is ever taken.
  for (const [from, unproven] of [
    ['header', false],
    ['header', true],
    ['front', false],
  ] as const) {
    const found = await survey(from, unproven);
    assert.doesNotMatch(seen(found), /planted/);
    const isGenuine = ({ kind }: FoundFile): boolean => kind.kind !== 'rows' || kind.sequence < 9;
    assert.ok(found.tables.every(({ parts }) => parts.every(isGenuine)));
    assert.ok(found.unproven.count >= pieces.length, `${found.unproven.count} of ${pieces.length}`);
    for (const { name } of files) assert.ok(found.unproven.names.includes(name), name);
    assert.equal(found.unproven.fate, from === 'front' ? 'left-out' : 'foreign');
  }
});

test('what ties a file to its archive is the id in its header: whoever knew it would be believed', async () => {
  const [table] = await plantedFiles();
  const contentId = makeContentId();
  const image = await fileOf(table!.name, table!.content, { time, contentId });
  const survey = await damagedWith(image, contentId);
  assert.match(seen(await survey('header', false)), /planted/);
  assert.doesNotMatch(seen(await survey('front', false)), /planted/);
  assert.match(seen(await survey('front', true)), /planted/);
});
