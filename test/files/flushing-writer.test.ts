import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FlushingWriter } from '../../src/files/flushing-writer.js';
import { diskFolder } from '../support/disk.js';

const mebibyte = 1024 * 1024;

/** A file that takes everything, and flushes as it is told. */
class PlayedFile {
  readonly calls: string[] = [];
  readonly #flush: () => Promise<void>;

  constructor(flush: () => Promise<void>) {
    this.#flush = flush;
  }

  async write(chunk: Uint8Array, from: number): Promise<{ bytesWritten: number }> {
    return { bytesWritten: chunk.length - from };
  }

  datasync(): Promise<void> {
    this.calls.push('datasync');
    return this.#flush();
  }

  async sync(): Promise<void> {
    this.calls.push('sync');
  }
}

const writerTo = (file: PlayedFile): FlushingWriter => new FlushingWriter(file as unknown as FileHandle);
const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));

describe('a file that is flushed while it is written', () => {
  it('holds what was appended', async (t) => {
    const folder = await mkdtemp(join(diskFolder(), 'sb-flush-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'file');
    const content = randomBytes(40 * mebibyte);
    const file = await open(path, 'wx');
    const writer = new FlushingWriter(file);
    for (let at = 0; at < content.length; at += mebibyte)
      await writer.append(content.subarray(at, at + mebibyte));
    await writer.finish();
    await file.close();
    assert.ok((await readFile(path)).equals(content));
  });

  it('is flushed one flush at a time, and once more at the end, after the last of them', async () => {
    let release = (): void => undefined;
    const file = new PlayedFile(() => new Promise((resolve) => (release = resolve)));
    const writer = writerTo(file);
    for (let i = 0; i < 40; i++) await writer.append(new Uint8Array(mebibyte));
    const finished = writer.finish();
    await setImmediate();
    assert.deepEqual(file.calls, ['datasync']);
    release();
    await finished;
    assert.deepEqual(file.calls, ['datasync', 'sync']);
  });

  it('tells a flush that failed, though the system would say at the end that all is well', async () => {
    const lost = writerTo(new PlayedFile(failing('EIO')));
    await lost.append(new Uint8Array(16 * mebibyte));
    await assert.rejects(lost.finish(), { code: 'EIO' });
    await assert.rejects(lost.append(new Uint8Array(1)), { code: 'EIO' });
  });

  it('is written where nothing can be flushed', async () => {
    const file = new PlayedFile(failing('EINVAL'));
    const writer = writerTo(file);
    await writer.append(new Uint8Array(16 * mebibyte));
    await writer.finish();
    assert.deepEqual(file.calls, ['datasync', 'sync']);
  });
});
