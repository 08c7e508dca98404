import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { collectBytes } from '../../src/bytes.js';
import { packRows } from '../../src/columns/pack.js';
import type { Part } from '../../src/model/parts.js';
import { column } from '../columns/support/columns.js';
import { sampleLabel, sampleParts } from './support/parts.js';

const partBytes: number = 64 * 2 ** 20;
const partCount = 4;

describe('F7: a small archive whose parts inflate to a thousand times their size', () => {
  let folder = '';
  let path = '';
  let identity = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bounded-'));
    path = join(folder, 'small.tar.age');
    identity = await generateX25519Identity();
    const archive = await collectBytes(
      encryptArchive(largeParts(), { label: sampleLabel, recipients: [await identityToRecipient(identity)] }),
    );
    assert.ok(archive.length < 8 * 2 ** 20, String(archive.length));
    await writeFile(path, archive);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const how of ['verify', 'read']) {
    it(`takes the memory of one of them to ${how}`, async () => {
      const child = fileURLToPath(new URL('support/read-child.js', import.meta.url));
      const { stdout } = await promisify(execFile)(process.execPath, [child, how, path, identity]);
      const [memory = 0] = stdout.split(' ').map(Number);
      // Reading makes the values beside the part they come from, and has the one before still in hand.
      const most = how === 'verify' ? 3 : 5;
      assert.ok(memory < most * partBytes, `${memory / partBytes} parts`);
    });
  }
});

/** One table, each part of it one row with a value of zeros. */
async function* largeParts(): AsyncGenerator<Part> {
  const long = await packRows(1, 1, {
    rows: 1,
    columns: [
      column('i64', [1n]),
      column('bytes', [new Uint8Array(partBytes)]),
      column('date', [Uint8Array.of()]),
    ],
  });
  for await (const part of sampleParts({ tables: 1, partsPerTable: partCount, rowsPerPart: 1 })) {
    yield part.kind === 'rows' ? { ...long, sequence: part.sequence } : part;
  }
}
