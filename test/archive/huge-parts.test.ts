import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32, deflateRawSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { collectBytes } from '../../src/bytes.js';
import { gunzipMember, gzipMember } from '../../src/columns/gzip-member.js';
import { isBackupError } from '../../src/errors.js';
import type { Part } from '../../src/model/parts.js';
import { processorTime } from '../support/processor.js';
import { sampleLabel, sampleParts } from './support/parts.js';

const mebi = 2 ** 20;

/** A member as a forger makes it: zeros, as small as they become. */
function memberOf(plainBytes: number): Uint8Array {
  const plain = new Uint8Array(plainBytes);
  const body = deflateRawSync(plain, { level: 1 });
  const member = Buffer.alloc(20 + body.length + 8);
  member.set([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 4, 255, 8, 0, 0x53, 0x42, 4, 0]);
  member.writeUInt32LE(1, 16);
  member.set(body, 20);
  member.writeUInt32LE(crc32(plain), 20 + body.length);
  member.writeUInt32LE(plainBytes, 24 + body.length);
  return new Uint8Array(member);
}

describe('F7: a small archive whose parts inflate to very much', () => {
  let folder = '';
  after(() => rm(folder, { recursive: true, force: true }));

  it('costs neither memory nor time, as no genuine part is so much smaller than its rows', async () => {
    folder = await mkdtemp(join(tmpdir(), 'huge-'));
    const identity = await generateX25519Identity();
    const data = memberOf(200 * mebi);
    const sha256 = createHash('sha256').update(data).digest('hex');
    async function* forged(): AsyncGenerator<Part> {
      for await (const part of sampleParts({ tables: 1, partsPerTable: 3, rowsPerPart: 1 })) {
        yield part.kind === 'rows' ? { ...part, data, sha256, rows: 1, plainBytes: 200 * mebi } : part;
      }
    }
    const recipients = [await identityToRecipient(identity)];
    const archive = await collectBytes(encryptArchive(forged(), { label: sampleLabel, recipients }));
    assert.ok(archive.length < 6 * mebi, String(archive.length));
    const path = join(folder, 'small.tar.age');
    await writeFile(path, archive);
    const child = fileURLToPath(new URL('support/read-child.js', import.meta.url));
    for (const how of ['verify', 'read']) {
      const { stdout } = await promisify(execFile)(process.execPath, [child, how, path, identity]);
      const [memory = 0, used = 0] = stdout.split(' ').map(Number);
      assert.ok(memory < 100 * mebi, `${how}: ${memory / mebi} MiB`);
      assert.ok(used < 8000, `${how} took ${used} ms of the processor`);
    }
  });

  it('is refused before it is inflated', async () => {
    const member = memberOf(33 * mebi);
    const used = await processorTime(() =>
      assert.rejects(gunzipMember(member), (error) => isBackupError(error, 'archive-limit-exceeded')),
    );
    assert.ok(used < 2000, `${used} ms`);
  });

  it('and a genuine row that is huge and all alike is written so that it is read', async () => {
    const plain = new Uint8Array(40 * mebi);
    const member = await gzipMember(plain, 1);
    assert.ok(member.length >= plain.length / 64);
    assert.ok(member.length < plain.length / 32);
    const back = await gunzipMember(member);
    assert.ok(Buffer.compare(back, plain) === 0);
  });
});
