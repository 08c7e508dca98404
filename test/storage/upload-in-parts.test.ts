import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { BackupError, isBackupError } from '../../src/errors.js';
import type { PutOptions, StoredObject } from '../../src/storage/adapter.js';
import {
  type OutgoingPart,
  type PartTransport,
  partSizeFor,
  uploadInParts,
} from '../../src/storage/multipart/upload-in-parts.js';
import {
  createFileUploadJournal,
  createMemoryUploadJournal,
  type UploadJournal,
  uploadName,
} from '../../src/storage/multipart/upload-journal.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { fc } from '../support/properties.js';

const partSize = 1000;
const transient = (): BackupError => new BackupError('storage-transient', 'The line broke.');
const name = uploadName('store', 'key');

/** A store of parts in memory that counts what is sent, and fails where it is told to. */
class PartStore implements PartTransport {
  readonly uploads = new Map<string, Map<number, { readonly bytes: Buffer; readonly etag: string }>>();
  object: Buffer | undefined;
  completedAs = '';
  sent: number[] = [];
  mostInFlight = 0;
  /** Encrypted buckets give etags that are no MD5. */
  opaqueEtags = false;
  failSend: (part: OutgoingPart) => Error | undefined = () => undefined;
  failComplete: () => Error | undefined = () => undefined;
  #begun = 0;
  #inFlight = 0;

  async begin(): Promise<string> {
    this.#begun += 1;
    this.uploads.set(`upload-${this.#begun}`, new Map());
    return `upload-${this.#begun}`;
  }

  async present(uploadId: string) {
    const parts = this.uploads.get(uploadId);
    if (parts === undefined) return null;
    return [...parts].map(([number, { bytes, etag }]) => ({ number, size: bytes.length, etag }));
  }

  async send(uploadId: string, part: OutgoingPart): Promise<string> {
    this.#inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.#inFlight);
    try {
      this.sent.push(part.number);
      await new Promise((resolve) => setImmediate(resolve));
      const failure = this.failSend(part);
      if (failure !== undefined) throw failure;
      const etag = this.opaqueEtags ? randomBytes(16).toString('hex') : part.md5;
      this.uploads.get(uploadId)?.set(part.number, { bytes: Buffer.from(part.bytes), etag });
      return etag;
    } finally {
      this.#inFlight -= 1;
    }
  }

  async complete(
    uploadId: string,
    parts: readonly { readonly number: number; readonly etag: string }[],
  ): Promise<StoredObject> {
    const failure = this.failComplete();
    if (failure !== undefined) throw failure;
    const stored = this.uploads.get(uploadId);
    if (stored === undefined) {
      // As a store says it of an upload that it completed before, or never knew.
      const md5 = createHash('md5');
      for (const { etag } of parts) md5.update(etag, 'hex');
      if (this.object !== undefined && this.completedAs === md5.digest('hex')) return this.#stored();
      throw new BackupError('storage-not-found', 'No such upload.');
    }
    this.object = Buffer.concat(
      parts.map(({ number, etag }) => {
        assert.equal(stored.get(number)?.etag, etag);
        return stored.get(number)!.bytes;
      }),
    );
    const md5 = createHash('md5');
    for (const { etag } of parts) md5.update(etag, 'hex');
    this.completedAs = md5.digest('hex');
    this.uploads.delete(uploadId);
    return this.#stored();
  }

  #stored(): StoredObject {
    return { key: 'key', size: this.object!.length, modifiedAt: new Date(0) };
  }

  async abort(uploadId: string): Promise<void> {
    this.uploads.delete(uploadId);
  }
}

function send(
  transport: PartTransport,
  bytes: Uint8Array,
  journal: UploadJournal,
  options: PutOptions = {},
  concurrency = 1,
): Promise<StoredObject> {
  return uploadInParts({
    store: 'store',
    key: 'key',
    source: replayableBytes(bytes),
    transport,
    journal,
    partSize,
    concurrency,
    partRetry: { minTimeout: 0, maxTimeout: 0, retries: 3 },
    options,
  });
}

describe('an upload in parts', () => {
  let folder: string;
  let journal: UploadJournal;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sb-journal-'));
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    journal = createFileUploadJournal(folder);
  });

  /** Sends until the fourth part fails for good, as a dead uplink does. */
  async function breakOff(store: PartStore, bytes: Uint8Array): Promise<void> {
    store.failSend = ({ number }) => (number === 4 ? transient() : undefined);
    await assert.rejects(send(store, bytes, journal), (error) => isBackupError(error, 'storage-transient'));
    store.failSend = () => undefined;
    store.sent = [];
  }

  test('a part that fails is sent again, and only that part', async () => {
    const store = new PartStore();
    const bytes = randomBytes(5500);
    store.failSend = ({ number, failures }) => (number === 3 && failures < 3 ? transient() : undefined);
    await send(store, bytes, journal);
    assert.deepEqual(store.sent, [1, 2, 3, 3, 3, 3, 4, 5, 6]);
    assert.ok(bytes.equals(store.object!));
  });

  test('the next run sends only what the store does not have', async () => {
    const store = new PartStore();
    const bytes = randomBytes(5500);
    await breakOff(store, bytes);
    journal = createFileUploadJournal(folder);
    await send(store, bytes, journal);
    assert.deepEqual(store.sent, [4, 5, 6]);
    assert.ok(bytes.equals(store.object!));
    assert.deepEqual(await readdir(folder), []);
  });

  test('where etags are no MD5, the journal tells which parts are ours', async () => {
    const store = new PartStore();
    store.opaqueEtags = true;
    const bytes = randomBytes(5500);
    await breakOff(store, bytes);
    await send(store, bytes, journal);
    assert.deepEqual(store.sent, [4, 5, 6]);
  });

  test('parts of other bytes are sent again, and an upload of another size is given up', async () => {
    const store = new PartStore();
    await breakOff(store, randomBytes(5500));
    const other = randomBytes(5500);
    await send(store, other, journal);
    assert.deepEqual(store.sent, [1, 2, 3, 4, 5, 6]);
    assert.ok(other.equals(store.object!));

    await breakOff(store, randomBytes(5500));
    await send(store, randomBytes(5501), journal);
    assert.equal(store.uploads.size, 0, 'the old upload was left behind');
  });

  test('an upload that the store has forgotten begins anew', async () => {
    const store = new PartStore();
    const bytes = randomBytes(5500);
    await breakOff(store, bytes);
    store.uploads.clear();
    await send(store, bytes, journal);
    assert.deepEqual(store.sent, [1, 2, 3, 4, 5, 6]);
    assert.ok(bytes.equals(store.object!));
  });

  test('an object that was completed and not noted is known, and not sent again', async () => {
    const unnoted: UploadJournal = { ...journal, end: () => Promise.reject(new Error('power cut')) };
    for (const size of [5500, 3000, 0]) {
      const store = new PartStore();
      const bytes = randomBytes(size);
      await assert.rejects(send(store, bytes, unnoted), /power cut/u);
      store.sent = [];
      assert.equal((await send(store, bytes, journal)).size, size);
      assert.deepEqual(store.sent, []);
      assert.deepEqual(await readdir(folder), []);

      // Other bytes of the same size are another object, and a night without any trace begins anew.
      await assert.rejects(send(store, bytes, unnoted), /power cut/u);
      store.sent = [];
      await send(store, size === 0 ? bytes : randomBytes(size), journal);
      assert.equal(store.sent.length > 0, size > 0);
      await assert.rejects(send(store, bytes, unnoted), /power cut/u);
      store.object = undefined;
      await send(store, bytes, journal);
      assert.ok(bytes.equals(store.object!));
    }
  });

  test('a journal that a power cut tore costs parts, never the upload', async () => {
    const store = new PartStore();
    store.opaqueEtags = true;
    const bytes = randomBytes(5500);
    await breakOff(store, bytes);
    const path = join(folder, `${name}.upload`);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, text.lastIndexOf('"etag"')));
    await appendFile(path, '\0\0\0');
    await send(store, bytes, journal);
    assert.deepEqual(store.sent, [3, 4, 5, 6]);

    await breakOff(store, bytes);
    await writeFile(path, 'not a journal');
    await send(store, bytes, journal);
    assert.deepEqual(store.sent, [1, 2, 3, 4, 5, 6]);
  });

  test('a journal holds names, sizes and digests, and nothing of the bytes', async () => {
    const store = new PartStore();
    const bytes = Buffer.from('patient'.repeat(700));
    await breakOff(store, bytes);
    const text = await readFile(join(folder, `${name}.upload`), 'utf8');
    assert.ok(!text.includes('patient') && !text.includes(bytes.toString('base64').slice(0, 20)));
    await send(store, bytes, journal);
  });

  test('a name that was taken meanwhile gives the parts up', async () => {
    const store = new PartStore();
    store.failComplete = () => new BackupError('storage-exists', 'There is already one.');
    await assert.rejects(send(store, randomBytes(2500), journal), (error) =>
      isBackupError(error, 'storage-exists'),
    );
    assert.equal(store.uploads.size, 0);
    assert.deepEqual(await readdir(folder), []);
  });

  test('an abort between two parts keeps them for the next run', async () => {
    const store = new PartStore();
    const bytes = randomBytes(5500);
    const abort = new AbortController();
    const reason = new Error('the window is over');
    store.failSend = ({ number }) => {
      if (number === 3) abort.abort(reason);
      return undefined;
    };
    await assert.rejects(send(store, bytes, journal, { signal: abort.signal }), reason);
    store.failSend = () => undefined;
    store.sent = [];
    await send(store, bytes, journal);
    assert.deepEqual(store.sent, [4, 5, 6]);
  });

  test('two puts of one key at a time never share an upload', async () => {
    const store = new PartStore();
    const [one, other] = [randomBytes(5500), randomBytes(5500)];
    await Promise.all([send(store, one, journal), send(store, other, journal)]);
    assert.ok(one.equals(store.object!) || other.equals(store.object!));
    assert.equal(store.uploads.size, 0);
  });

  test('whatever fails, what becomes visible is what was sent', async () => {
    const scenario = fc.record({
      size: fc.integer({ min: 1, max: 8000 }),
      concurrency: fc.integer({ min: 1, max: 4 }),
      faults: fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 12 }),
      opaqueEtags: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(scenario, async ({ size, concurrency, faults, opaqueEtags }) => {
        const store = new PartStore();
        store.opaqueEtags = opaqueEtags;
        const memory = createMemoryUploadJournal();
        const bytes = randomBytes(size);
        const left = [...faults];
        store.failSend = ({ number }) => {
          const at = left.indexOf(number);
          if (at === -1) return undefined;
          left.splice(at, 1);
          return transient();
        };
        // Each run may use up its tries; a night follows a night.
        for (let night = 0; store.object === undefined && night < 5; night += 1) {
          await send(store, bytes, memory, {}, concurrency).catch((error: unknown) =>
            assert.ok(isBackupError(error, 'storage-transient')),
          );
        }
        assert.equal(
          createHash('md5').update(store.object!).digest('hex'),
          createHash('md5').update(bytes).digest('hex'),
        );
        assert.ok(store.mostInFlight <= concurrency);
      }),
      { numRuns: 60 },
    );
  });

  test('parts grow only where 10,000 of them would not do', () => {
    const mebibyte = 1024 * 1024;
    assert.equal(partSizeFor(1e9, 5 * mebibyte), 5 * mebibyte);
    assert.equal(partSizeFor(60 * 1024 * mebibyte, 5 * mebibyte), 7 * mebibyte);
  });
});
