import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { makeLabel } from '../../src/archive/label.js';
import { lossesOf } from '../../src/archive/salvage/losses.js';
import { surveyArchive } from '../../src/archive/salvage/survey.js';
import { TAR_BLOCK_BYTES, tarHeader, tarPadding } from '../../src/archive/tar.js';
import { collectBytes, rangesOfBytes, utf8 } from '../../src/bytes.js';
import { packRows } from '../../src/columns/pack.js';
import type { Part } from '../../src/model/parts.js';
import { sampleLabel, sampleParts, sampleTable } from '../archive/support/parts.js';
import { column } from '../columns/support/columns.js';

const chunkBytes = 65_552;

/** What somebody wrote into an image of the practice: at every place where a block may begin, a table that never was. */
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
  for (let shift = 0; shift < TAR_BLOCK_BYTES; shift++) all.push(file, Uint8Array.of(0));
  return new Uint8Array(Buffer.concat(all));
}

async function* partsWith(image: Uint8Array): AsyncGenerator<Part> {
  const noise = new Uint8Array(400_000);
  for (let i = 0, seed = 7; i < noise.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    noise[i] = seed >>> 24;
  }
  const value = new Uint8Array(Buffer.concat([noise, image]));
  for await (const part of sampleParts({ tables: 2, partsPerTable: 1, rowsPerPart: 1 })) {
    if (part.kind !== 'rows' || part.table !== 1) yield part;
    else {
      const packed = await packRows(1, 1, {
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
  assert.ok(survey.unproven > 0);
  assert.match(
    lossesOf(survey)!.sentences.join('\n'),
    /not proven to be of this archive and (was|were) left out/,
  );
});
