import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  CreateBucketCommand,
  GetObjectRetentionCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createHttpStorage, type HttpStorageOptions } from '../../src/storage/http/index.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { Bucket } from '../../src/storage/s3/bucket.js';
import { holdClaim } from '../../src/storage/s3/claim.js';
import {
  createFileUploadJournal,
  createMemoryUploadJournal,
  createS3Storage,
  type S3Storage,
  type UploadJournal,
} from '../../src/storage/s3/index.js';
import { s3PartTransport } from '../../src/storage/s3/s3-upload.js';
import { withRetry } from '../../src/storage/wrappers/with-retry.js';
import { storageContract } from '../../src/testing.js';
import { type FlakyLink, openFlakyLink } from '../support/flaky-link.js';
import { describeWithObjectStore, type ObjectStore } from '../support/s3.js';
import { type HandOverDesk, openDesk } from './hand-over-desk.js';
import type { LargeTransferStore } from './transfer-large.js';

const mebibyte = 1024 * 1024;
const quick = { minTimeout: 1, maxTimeout: 20 } as const;
const bucket = 'archives';

function connectionTo(store: ObjectStore, endpoint: string = store.endpoint): S3ClientConfig {
  const { region, accessKeyId, secretAccessKey } = store;
  return { endpoint, region, forcePathStyle: true, credentials: { accessKeyId, secretAccessKey } };
}

async function keysOf(storage: StorageAdapter, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys;
}

describeWithObjectStore('the object store', (store) => {
  let client: S3Client;
  let folder: string;
  before(async () => {
    client = new S3Client({
      ...connectionTo(store()),
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    folder = await mkdtemp(join(tmpdir(), 'sb-s3-test-'));
  });
  after(async () => {
    client.destroy();
    await rm(folder, { recursive: true, force: true });
  });

  describe('the S3 adapter keeps the contract', () => {
    const subject = {
      create: () =>
        createS3Storage({ bucket, connection: connectionTo(store()), pageSize: 10, partRetry: quick }),
      severalParts: 6 * mebibyte,
      broken: [
        { credentials: { accessKeyId: 'AKTEST', secretAccessKey: 'SKWRONG' } },
        { credentials: { accessKeyId: 'AKNOBODY', secretAccessKey: 'SKWRONG' } },
        { endpoint: 'http://127.0.0.1:9' },
      ].map((wrong) => () => {
        const connection = { ...connectionTo(store()), ...wrong };
        return createS3Storage({ bucket, connection, partRetry: { ...quick, retries: 1 } });
      }),
      secrets: ['SKTEST', 'AKTEST', 'SKWRONG', 'AKNOBODY'],
    };
    for (const check of storageContract(subject)) test(check.name, check.run);
  });

  it('says what is wrong with credentials and buckets, and holds no secret', async () => {
    const connection = connectionTo(store());
    const wrongSecret = createS3Storage({
      bucket,
      connection: { ...connection, credentials: { accessKeyId: 'AKTEST', secretAccessKey: 'WRONG' } },
    });
    await assert.rejects(keysOf(wrongSecret, ''), (error) => isBackupError(error, 'storage-permanent'));
    const wrongBucket = createS3Storage({ bucket: 'nowhere', connection });
    await assert.rejects(keysOf(wrongBucket, ''), (error) => isBackupError(error, 'destination-missing'));
    const nobody = createS3Storage({ bucket, connection: connectionTo(store(), 'http://127.0.0.1:9') });
    await assert.rejects(keysOf(nobody, ''), (error) => isBackupError(error, 'storage-transient'));
  });

  it('goes on with a broken-off upload after a restart, and sends again only what is missing', async () => {
    const bytes = randomBytes(21 * mebibyte);
    const journal = () => createFileUploadJournal(join(folder, 'journal'));
    const open = () =>
      createS3Storage({ bucket, connection: connectionTo(store()), journal: journal(), concurrency: 1 });
    const broken = new Error('power cut');
    const first = open().put('resumed/a', {
      size: bytes.length,
      *open() {
        yield bytes.subarray(0, 16 * mebibyte);
        throw broken;
      },
    });
    await assert.rejects(first, broken);
    assert.equal((await readdir(join(folder, 'journal'))).length, 1);
    const sent: number[] = [];
    const { size } = await open().put('resumed/a', replayableBytes(bytes), {
      onProgress: ({ transferredBytes }) => sent.push(transferredBytes),
    });
    assert.equal(size, bytes.length);
    assert.deepEqual(await readdir(join(folder, 'journal')), []);
    assert.ok(bytes.equals(await collectBytes(open().get('resumed/a'))));
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    assert.deepEqual(Uploads ?? [], [], 'an upload was left behind');
  });

  // Puts, loses the power when the object is complete and the journal does not know, and puts again.
  async function knowsItsOwn(
    key: string,
    open: (journal: UploadJournal) => StorageAdapter,
    line: FlakyLink,
  ): Promise<void> {
    const bytes = randomBytes(6 * mebibyte);
    const journal = createFileUploadJournal(join(folder, key.replace('/', '-')));
    const powerCut = new Error('power cut');
    const unnoted = { ...journal, end: () => Promise.reject(powerCut) };
    await assert.rejects(open(unnoted).put(key, replayableBytes(bytes), { ifAbsent: true }), powerCut);
    const sent = line.sentBytes;
    const stored = await open(journal).put(key, replayableBytes(bytes), { ifAbsent: true });
    assert.equal(stored.size, bytes.length);
    assert.ok(line.sentBytes - sent < 100_000, `${line.sentBytes - sent} bytes went again`);
    const others = open(createMemoryUploadJournal()).put(key, replayableBytes(randomBytes(6 * mebibyte)), {
      ifAbsent: true,
    });
    await assert.rejects(others, (error) => isBackupError(error, 'storage-exists'));
    assert.ok(bytes.equals(await collectBytes(open(journal).get(key))));
  }

  it('knows its own object when the power failed between the completion and the note of it', async () => {
    const line = await openFlakyLink({ target: store().endpoint });
    const connection = connectionTo(store(), line.url);
    try {
      await knowsItsOwn('own/a', (journal) => createS3Storage({ bucket, connection, journal }), line);
    } finally {
      await line.close();
    }
  });

  it('lets the next writer in when one died with the right to publish, and the dead one never overwrites', async () => {
    const key = 'claimed/a';
    const { dead, connection } = await deadClaimant(key);
    const open = (now: Date): StorageAdapter =>
      createS3Storage({ bucket, connection, partRetry: { ...quick, retries: 2 }, now: () => now });
    const bytes = randomBytes(3000);
    const early = open(new Date()).put(key, replayableBytes(bytes), { ifAbsent: true });
    await assert.rejects(early, (error) => isBackupError(error, 'storage-transient'));
    const inAWhile = new Date(Date.now() + 11 * 60 * 1000);
    await open(inAWhile).put(key, replayableBytes(bytes), { ifAbsent: true });
    await assert.rejects(dead.complete());
    assert.ok(bytes.equals(await collectBytes(open(inAWhile).get(key))));
    const own = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: '.supplemental-claims/' }),
    );
    assert.deepEqual(own.Contents ?? [], [], 'a claim was left behind');
    const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: key }));
    const left = (Uploads ?? []).map(({ UploadId }) => UploadId);
    assert.ok(!left.includes(dead.uploadId), 'the dead one could still complete its upload');
  });

  // A writer that has sent its bytes and holds the claim, and has not completed.
  async function deadClaimant(key: string) {
    const connection = connectionTo(store());
    const held = new Bucket({ bucket, connection });
    const upload = {
      bucket: held,
      key,
      size: 5,
      sha256: undefined,
      retention: undefined,
      partRetry: {},
      signal: undefined,
    };
    const now = (): Date => new Date();
    const transport = s3PartTransport({ ...upload, now, ifAbsent: 'claim' });
    const bytes = Buffer.from('slow!');
    const md5 = createHash('md5').update(bytes).digest('hex');
    const uploadId = await transport.begin();
    const part = { number: 1, bytes, md5, failures: 0, freshConnection: false };
    const etag = await transport.send(uploadId, part, new AbortController().signal);
    await holdClaim({ bucket: held, key, uploadId, now, signal: undefined, abort: transport.abort });
    const parts = [{ number: 1, size: 5, md5, etag }];
    return { dead: { uploadId, complete: () => transport.complete(uploadId, parts) }, connection };
  }

  it('does not go on with the parts of other bytes', async () => {
    const storage = createS3Storage({ bucket, connection: connectionTo(store()), concurrency: 1 });
    const [before, after] = [randomBytes(11 * mebibyte), randomBytes(11 * mebibyte)];
    const broken = new Error('power cut');
    const first = storage.put('other/a', {
      size: before.length,
      *open() {
        yield before.subarray(0, 6 * mebibyte);
        throw broken;
      },
    });
    await assert.rejects(first, broken);
    await storage.put('other/a', replayableBytes(after));
    assert.ok(after.equals(await collectBytes(storage.get('other/a'))));
  });

  it('discards what nobody will finish', async () => {
    const storage: S3Storage = createS3Storage({ bucket, connection: connectionTo(store()) });
    const failing = storage.put('discarded/a', {
      size: 12 * mebibyte,
      *open() {
        yield new Uint8Array(6 * mebibyte);
        throw new Error('power cut');
      },
    });
    await assert.rejects(failing, /power cut/);
    assert.equal(await storage.discardUnfinished({ olderThan: new Date(0), prefix: 'discarded/' }), 0);
    const later = new Date(Date.now() + 60_000);
    assert.equal(await storage.discardUnfinished({ olderThan: later, prefix: 'discarded/' }), 1);
    assert.equal(await storage.discardUnfinished({ olderThan: later, prefix: 'discarded/' }), 0);
  });

  it('keeps to its prefix in a shared bucket, and shows no foreign names', async () => {
    const storage = createS3Storage({ bucket, prefix: 'shared/ours/', connection: connectionTo(store()) });
    await storage.put('a', replayableBytes(Buffer.from('ours')));
    for (const Key of ['shared/ours/folder/', 'shared/oursnot']) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', ContentLength: 1 }));
    }
    assert.deepEqual(await keysOf(storage, ''), ['a']);
    const ranges = await rangeSourceOf(storage, 'a');
    assert.equal(Buffer.from(await ranges.read(1, 2)).toString(), 'ur');
  });

  it('brings back what was deleted or replaced from a locked bucket, as of a moment before', async () => {
    const locked = 'locked';
    await client.send(new CreateBucketCommand({ Bucket: locked, ObjectLockEnabledForBucket: true }));
    await client.send(
      new PutBucketVersioningCommand({ Bucket: locked, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    const storage = createS3Storage({
      bucket: locked,
      connection: connectionTo(store()),
      retention: { mode: 'COMPLIANCE', days: 1 },
    });
    const bytes = randomBytes(6 * mebibyte);
    await storage.put('p/full', replayableBytes(bytes));
    const { modifiedAt } = await storage.put('p/small', replayableBytes(Buffer.from('before')));
    // Stores date to the second: the harm is done in a later one.
    while (Date.now() < modifiedAt.getTime() + 1100) await new Promise((resolve) => setTimeout(resolve, 50));
    await storage.put('p/small', replayableBytes(Buffer.from('ransom')));
    await storage.delete('p/full');
    assert.deepEqual(await keysOf(storage, 'p/'), ['p/small']);

    const before = storage.asOf(modifiedAt);
    assert.deepEqual(await keysOf(before, 'p/'), ['p/full', 'p/small']);
    const full = await collectBytes(before.get('p/full'));
    assert.equal(
      createHash('sha256').update(full).digest('hex'),
      createHash('sha256').update(bytes).digest('hex'),
    );
    assert.equal(Buffer.from(await collectBytes(before.get('p/small'))).toString(), 'before');
    const middle = await rangeSourceOf(before, 'p/full');
    assert.ok(bytes.subarray(5 * mebibyte, 5 * mebibyte + 9).equals(await middle.read(5 * mebibyte, 9)));
    await assert.rejects(before.delete('p/full'), (error) => isBackupError(error, 'storage-permanent'));

    // Longer for one of them, and never shorter again.
    const until = new Date(Date.now() + 40 * 24 * 60 * 60 * 1000);
    await withRetry(storage).retainUntil!('p/small', until);
    const { Retention } = await client.send(
      new GetObjectRetentionCommand({ Bucket: locked, Key: 'p/small' }),
    );
    assert.equal(Retention?.Mode, 'COMPLIANCE');
    assert.ok(Math.abs(until.getTime() - Retention!.RetainUntilDate!.getTime()) < 1000);
    await assert.rejects(storage.retainUntil!('p/small', new Date(Date.now() + 60_000)), (error) =>
      isBackupError(error, 'storage-permanent'),
    );
    await assert.rejects(storage.retainUntil!('p/none', until), (error) =>
      isBackupError(error, 'storage-not-found'),
    );
    assert.equal(await storage.asOf(new Date(0)).stat('p/full'), null);
  });

  const breaking = {
    resetAfterBytes: { least: 1e6, most: 12e6 },
    seed: Number(process.env['FLAKY_SEED'] ?? 1),
  } as const;

  // Sends an archive, loses the power after a third, sends it again, and looks what went over the lines.
  async function survives(
    t: TestContext,
    key: string,
    lines: readonly FlakyLink[],
    open: (journal: UploadJournal) => StorageAdapter,
  ): Promise<void> {
    const size = Number(process.env['FLAKY_MEGABYTES'] ?? 40) * 1e6;
    const bytes = randomBytes(size);
    const restarted = (): StorageAdapter =>
      open(createFileUploadJournal(join(folder, key.replace('/', '-'))));
    const powerCut = new AbortController();
    const first = restarted().put(key, replayableBytes(bytes), {
      signal: powerCut.signal,
      onProgress({ transferredBytes }) {
        if (transferredBytes > size / 3) powerCut.abort(new Error('power cut'));
      },
    });
    await assert.rejects(first, /power cut/);
    await restarted().put(key, replayableBytes(bytes));
    const direct = createS3Storage({ bucket, connection: connectionTo(store()) });
    assert.ok(bytes.equals(await collectBytes(direct.get(key))), 'what arrived is not what was sent');
    const ratio = lines.reduce((sum, line) => sum + line.sentBytes, 0) / size;
    const resets = lines.reduce((sum, line) => sum + line.resets, 0);
    t.diagnostic(`${size / 1e6} MB, ${resets} resets, sent ${ratio.toFixed(3)} times its size`);
    assert.ok(resets > 0, 'the line never broke');
    assert.ok(ratio <= (size >= 200e6 ? 1.35 : 1.5), `sent ${ratio} times its size`);
    const own = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: '.supplemental-' }));
    assert.deepEqual(own.Contents ?? [], [], 'something was left behind');
  }

  it('brings an archive over a line that breaks every 1 to 12 MB and a restart', async (t) => {
    const line = await openFlakyLink({ ...breaking, target: store().endpoint });
    const connection = connectionTo(store(), line.url);
    try {
      await survives(t, 'flaky/a', [line], (journal) =>
        createS3Storage({ bucket, connection, journal, partRetry: { ...quick, retries: 30 } }),
      );
    } finally {
      await line.close();
    }
  });

  async function transfersIn150MB(t: TestContext, via: LargeTransferStore, key: string): Promise<void> {
    const size = Number(process.env['LARGE_MEGABYTES'] ?? 64) * 1e6;
    const child = fileURLToPath(new URL('transfer-large.js', import.meta.url));
    const job = JSON.stringify({ store: via, key: `${key}-${size}`, size });
    const { stdout } = await promisify(execFile)(process.execPath, [child, job]);
    const { same, peakKilobytes } = JSON.parse(stdout) as { same: boolean; peakKilobytes: number };
    t.diagnostic(`${size / 1e6} MB up and down, peak ${Math.round(peakKilobytes / 1024)} MB`);
    assert.ok(same, 'what came down is not what went up');
    assert.ok(peakKilobytes < 150 * 1024, `peak of ${peakKilobytes} kB`);
  }

  it('keeps its memory while a large object goes up and comes down', async (t) => {
    await transfersIn150MB(
      t,
      { kind: 's3', options: { bucket, connection: connectionTo(store()) } },
      'large',
    );
  });

  describe('the HTTP hand-over', () => {
    let desk: HandOverDesk;
    const office = (port: number, options: Partial<HttpStorageOptions> = {}): StorageAdapter =>
      createHttpStorage({
        url: `http://127.0.0.1:${port}/hand-over`,
        allowLoopbackHttp: true,
        headers: () => ({ authorization: `Bearer ${desk.token}` }),
        partRetry: { ...quick, retries: 30 },
        ...options,
      });
    before(async () => {
      desk = await openDesk({ bucket, connection: connectionTo(store()), keysUnder: 'office/' });
    });
    after(() => desk.close());

    describe('keeps the contract', () => {
      const subject = {
        create: () => office(desk.port),
        prefix: 'office',
        severalParts: 6 * mebibyte,
        broken: [
          () => office(desk.port, { headers: () => ({ authorization: 'Bearer wrong-token' }) }),
          () => office(9, { partRetry: { ...quick, retries: 1 } }),
        ],
        secrets: ['wrong-token', 'SKTEST', 'office-token', 'X-Amz-Signature'],
      };
      for (const check of storageContract(subject)) test(check.name, check.run);
    });

    it('gives an office nothing but its own keys, and nothing to a stranger', async () => {
      const refused = (error: unknown): boolean => isBackupError(error, 'storage-permanent');
      const hello = replayableBytes(Buffer.from('hello'));
      await assert.rejects(office(desk.port).put('other-office/a', hello), refused);
      await assert.rejects(office(desk.port).stat('other-office/a'), refused);
      await assert.rejects(keysOf(office(desk.port), ''), refused);
      await assert.rejects(keysOf(office(desk.port, { headers: () => ({}) }), 'office/'), refused);
      assert.throws(() => createHttpStorage({ url: 'http://hq.example/' }), TypeError);
    });

    it('signs for exactly the bytes that were named', async () => {
      const ask = async (message: object) =>
        (await (
          await fetch(`http://127.0.0.1:${desk.port}/`, {
            method: 'POST',
            headers: { authorization: `Bearer ${desk.token}` },
            body: JSON.stringify({ version: 2, key: 'office/signed', ...message }),
          })
        ).json()) as {
          reply: { uploadId: string; request: { url: string; headers: Record<string, string> } };
        };
      const { uploadId } = (await ask({ op: 'begin', size: 5 })).reply;
      const md5 = createHash('md5').update('hello').digest('hex');
      const { request } = (await ask({ op: 'part', uploadId, part: { number: 1, size: 5, md5 } })).reply;
      const send = async (body: string, url = request.url) => {
        const response = await fetch(url, { method: 'PUT', headers: request.headers, body });
        await response.arrayBuffer();
        return response.status;
      };
      assert.equal(await send('HELLO'), 400, 'other bytes');
      assert.equal(await send('hello!'), 403, 'more bytes');
      assert.equal(await send('hello', request.url.replace('partNumber=1', 'partNumber=2')), 403);
      const object = new URL(request.url);
      for (const name of ['partNumber', 'uploadId']) object.searchParams.delete(name);
      assert.equal(await send('hello', String(object)), 403, 'the object itself');
      assert.equal(await send('hello'), 200);
      assert.equal(await office(desk.port).stat('office/signed'), null, 'HQ has not made it visible');
    });

    it('knows its own object when the power failed between the completion and the note of it', async () => {
      const toStore = await openFlakyLink({ target: store().endpoint });
      const linked = await openDesk({
        bucket,
        connection: connectionTo(store()),
        keysUnder: 'office/',
        publicEndpoint: toStore.url,
      });
      try {
        await knowsItsOwn('office/own', (journal) => office(linked.port, { journal }), toStore);
      } finally {
        await linked.close();
        await toStore.close();
      }
    });

    it('keeps its memory while a large object goes up and comes down', async (t) => {
      const url = `http://127.0.0.1:${desk.port}/`;
      await transfersIn150MB(t, { kind: 'http', url, token: desk.token }, 'office/large');
    });

    it('brings an archive over a line that breaks every 1 to 12 MB and a restart', async (t) => {
      const toStore = await openFlakyLink({ ...breaking, target: store().endpoint });
      const flakyDesk = await openDesk({
        bucket,
        connection: connectionTo(store()),
        keysUnder: 'office/',
        publicEndpoint: toStore.url,
      });
      const toDesk = await openFlakyLink({ ...breaking, target: `http://127.0.0.1:${flakyDesk.port}` });
      const port = Number(new URL(toDesk.url).port);
      try {
        await survives(t, 'office/flaky', [toStore, toDesk], (journal) => office(port, { journal }));
      } finally {
        await toDesk.close();
        await flakyDesk.close();
        await toStore.close();
      }
    });
  });
});
