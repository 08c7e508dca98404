import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import { findLatestBackup } from '../../src/history/list-backups.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createHttpStorage } from '../../src/storage/http/index.js';
import { createMemoryStorage } from '../../src/storage/memory.js';
import { rangeSourceOf } from '../../src/storage/read-ranges.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { createUploadGrant, type S3Storage } from '../../src/storage/s3/index.js';
import { withRetry } from '../../src/storage/wrappers/with-retry.js';
import { answerXml, contents, type OddRequest, openOddStore, page } from './odd-store.js';

// A store is believed only as far as it proves what it says: whatever else answers is a typed failure.

type Answer = Parameters<typeof openOddStore>[0];

async function against<Result>(
  answer: Answer,
  work: (bucket: S3Storage) => Promise<Result>,
): Promise<Result> {
  const store = await openOddStore(answer);
  try {
    return await work(store.bucket());
  } finally {
    await store.close();
  }
}

async function keysOf(storage: StorageAdapter, prefix = 'p/'): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys;
}

const ofAStore = (error: unknown): boolean =>
  isBackupError(error, 'storage-transient') || isBackupError(error, 'storage-permanent');
const html = '<html><body>Sign in to the guest network</body></html>';
const respond =
  (type: string, body: string | Buffer, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': type, ...headers }).end(body);

const noAnswers: Readonly<Record<string, Answer>> = {
  'a page of HTML': respond('text/html', html),
  'a page that calls itself XML': respond('application/xml', html),
  nothing: respond('application/xml', ''),
  'other XML': respond('application/xml', '<?xml version="1.0"?><Maintenance/>'),
  JSON: respond('application/json', '{"objects":[]}'),
  'half a page': respond('application/xml', page(contents('p/a')).slice(0, -30)),
  'a list that does not say whether it is whole': respond('application/xml', '<ListBucketResult/>'),
  'a list in gzip': respond('application/xml', gzipSync(page('')), { 'content-encoding': 'gzip' }),
  'entities that multiply': respond(
    'application/xml',
    `<!DOCTYPE a [<!ENTITY a "${'a'.repeat(1000)}"><!ENTITY b "${'&a;'.repeat(1000)}">]>${page('&b;')}`,
  ),
  'a redirect': (_, response) => void response.writeHead(302, { location: 'http://login.example/' }).end(),
  'not found, in HTML': (_, response) =>
    void response.writeHead(404, { 'content-type': 'text/html' }).end(html),
};
for (const [what, answer] of Object.entries(noAnswers)) {
  test(`${what} is not "there is no copy"`, async () => {
    await against(answer, async (bucket) => {
      await assert.rejects(findLatestBackup(bucket, { practiceId: 'p' }), ofAStore, 'list');
      await assert.rejects(keysOf(bucket.asOf(new Date())), ofAStore, 'versions');
      await assert.rejects(bucket.discardUnfinished({ olderThan: new Date() }), ofAStore, 'uploads');
      const large = replayableBytes(new Uint8Array(10));
      await assert.rejects(bucket.put('p/a', large, { ifAbsent: true }), ofAStore, 'put');
    });
  });
}

for (const what of ['a page of HTML', 'a redirect', 'not found, in HTML']) {
  test(`${what} is no object, and not "there is none"`, async () => {
    await against(noAnswers[what]!, async (bucket) => {
      await assert.rejects(bucket.stat('p/a'), ofAStore, 'stat');
      await assert.rejects(collectBytes(bucket.get('p/a')), ofAStore, 'get');
      await assert.rejects(bucket.put('p/a', replayableBytes(new Uint8Array(3))), ofAStore, 'put');
      await assert.rejects(bucket.delete('p/a'), ofAStore, 'delete');
    });
  });
}

test('a page without an end is not read into memory', { timeout: 20_000 }, async () => {
  const block = Buffer.alloc(1024 * 1024, ' ');
  await against(
    (_, response) =>
      new Promise((resolve) => {
        response.writeHead(200, { 'content-type': 'application/xml' });
        const more = (): void => {
          while (!response.destroyed && response.write(block));
        };
        response.on('drain', more).on('close', () => resolve());
        more();
      }),
    (bucket) => assert.rejects(keysOf(bucket), ofAStore),
  );
});

const oddLists: Readonly<Record<string, (token: string | null) => string>> = {
  'is cut off without a word': () => page(contents('p/a'), { truncated: true }),
  'repeats its token': (token) =>
    page(token === null ? contents('p/a') : '', { truncated: true, token: 't' }),
  'goes in a circle of two': (token) => page('', { truncated: true, token: token === 'a' ? 'b' : 'a' }),
  'repeats an object': () => page(contents('p/a') + contents('p/a')),
  'is not in order': () => page(contents('p/b') + contents('p/a')),
  'has what was not asked for': () => page(contents('q/a')),
  'has an object without a name': () => page('<Contents><Size>1</Size></Contents>'),
  'has a negative size': () => page(contents('p/a', { size: '-5' })),
  'has a size beyond all': () => page(contents('p/a', { size: '99999999999999999999' })),
  'has a size that is none': () => page(contents('p/a', { size: 'large' })),
  'has a date that is none': () => page(contents('p/a', { date: 'yesterday' })),
};
for (const [what, listed] of Object.entries(oddLists)) {
  test(`a list that ${what} is refused`, async () => {
    await against(
      ({ query }, response) => answerXml(response, listed(query.get('continuation-token'))),
      (bucket) => assert.rejects(keysOf(bucket), ofAStore),
    );
  });
}

test('names with entities and names written as in a URL are what they stand for', async () => {
  const encoded = contents('p/a%20%26%2Bb').replace('%20', '+');
  await against(
    (_, response) =>
      answerXml(response, page(`<EncodingType>url</EncodingType>${encoded}${contents('p/%C3%A4')}`)),
    async (bucket) => assert.deepEqual(await keysOf(bucket), ['p/a &+b', 'p/ä']),
  );
  await against(
    (_, response) => answerXml(response, page(contents('p/a&amp;b'))),
    async (bucket) => assert.deepEqual(await keysOf(bucket), ['p/a&b']),
  );
  await against(
    (_, response) => answerXml(response, page(`<EncodingType>url</EncodingType>${contents('p/%E4%')}`)),
    (bucket) => assert.rejects(keysOf(bucket), ofAStore),
  );
});

test('of unfinished uploads none is given up that was not asked for', async () => {
  const store = await openOddStore((_, response) =>
    answerXml(
      response,
      '<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>other/a</Key><UploadId>u</UploadId>' +
        '<Initiated>2020-01-01T00:00:00.000Z</Initiated></Upload></ListMultipartUploadsResult>',
    ),
  );
  try {
    const olderThan = new Date();
    await assert.rejects(store.bucket().discardUnfinished({ olderThan, prefix: 'p/' }), ofAStore);
    assert.ok(!store.asked.some((each) => each.startsWith('DELETE')));
  } finally {
    await store.close();
  }
});

const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));
const plain = { etag: '"e"', 'last-modified': new Date(0).toUTCString() };

/** How a store may answer the question for bytes 1,000 to 1,099. */
const oddBodies: Readonly<Record<string, (response: ServerResponse, request: OddRequest) => void>> = {
  'the whole': (response) => response.writeHead(200, { ...plain, 'content-length': bytes.length }).end(bytes),
  'the whole, in chunks': (response) => response.writeHead(200, plain).end(bytes),
  'a range some bytes off': (response) =>
    response
      .writeHead(206, { ...plain, 'content-range': `bytes 1003-1102/${bytes.length}`, 'content-length': 100 })
      .end(bytes.subarray(1003, 1103)),
  'a shorter range': (response) =>
    response
      .writeHead(206, { ...plain, 'content-range': `bytes 1000-1049/${bytes.length}`, 'content-length': 50 })
      .end(bytes.subarray(1000, 1050)),
  'a longer range': (response) =>
    response
      .writeHead(206, { ...plain, 'content-range': `bytes 900-1199/${bytes.length}`, 'content-length': 300 })
      .end(bytes.subarray(900, 1200)),
  'a range without its place': (response) =>
    response.writeHead(206, { ...plain, 'content-length': 100 }).end(bytes.subarray(0, 100)),
  'a range of an unknown size': (response) =>
    response
      .writeHead(206, { ...plain, 'content-range': 'bytes 1000-1099/*', 'content-length': 100 })
      .end(bytes.subarray(1000, 1100)),
  'fewer bytes than it says': (response) =>
    response
      .writeHead(206, { ...plain, 'content-range': `bytes 1000-1099/${bytes.length}` })
      .end(bytes.subarray(1000, 1050)),
  'more bytes than it says': (response) =>
    response
      .writeHead(206, { ...plain, 'content-range': `bytes 1000-1099/${bytes.length}` })
      .end(bytes.subarray(1000, 1300)),
  'the range in gzip': (response) =>
    response
      .writeHead(206, {
        ...plain,
        'content-range': `bytes 1000-1099/${bytes.length}`,
        'content-encoding': 'gzip',
      })
      .end(gzipSync(bytes.subarray(1000, 1100))),
};
const range = { offset: 1000, length: 100 };
const object = { key: 'p/a', size: bytes.length, modifiedAt: new Date(0).toISOString(), etag: 'e' };

for (const [what, answer] of Object.entries(oddBodies)) {
  test(`a range that is answered with ${what} gives the range or a typed failure, never other bytes`, async () => {
    const store = await openOddStore((request, response) => {
      if (request.method === 'GET') return answer(response, request);
      response.writeHead(200, { ...plain, 'content-length': bytes.length }).end();
    });
    const office = createHttpStorage({
      url: 'https://hq.example/',
      allowLoopbackHttp: true,
      fetch: async (url, init) => {
        if (String(url) !== 'https://hq.example/') return fetch(url, init);
        const { op } = JSON.parse(String(init?.body)) as { readonly op: string };
        const request = { url: `http://127.0.0.1:${store.port}/copies/p/a`, headers: {} };
        const reply = op === 'read' ? { request, size: bytes.length } : { object };
        return Response.json({ ok: true, version: 2, reply });
      },
    });
    try {
      for (const storage of [
        store.bucket(),
        office,
        withRetry(store.bucket(), { retries: 1, minTimeout: 0 }),
      ]) {
        const got: Uint8Array[] = [];
        let failure: unknown;
        try {
          for await (const chunk of storage.get('p/a', { range })) got.push(chunk);
        } catch (error) {
          failure = error;
        }
        const all = Buffer.concat(got);
        assert.deepEqual(all, bytes.subarray(1000, 1000 + all.length), 'no other bytes');
        if (all.length !== 100) assert.ok(ofAStore(failure), `${all.length} bytes, then ${String(failure)}`);
      }
    } finally {
      await store.close();
    }
  });
}

test('a body without a length is held against what the store says of the object', async () => {
  await against(
    ({ method }, response) => {
      if (method === 'HEAD') response.writeHead(200, { ...plain, 'content-length': bytes.length }).end();
      else response.writeHead(200, plain).end(bytes);
    },
    async (bucket) => assert.deepEqual(Buffer.from(await collectBytes(bucket.get('p/a'))), bytes),
  );
});

/** Refuses whoever dates a request other than this machine does. */
function strictClock({ headers }: OddRequest, response: ServerResponse): boolean {
  const told = String(headers['x-amz-date']);
  const at = Date.parse(told.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/u, '$1-$2-$3T$4:$5:$6Z'));
  if (Math.abs(at - Date.now()) < 900_000) return false;
  answerXml(response, '<Error><Code>RequestTimeTooSkewed</Code><Message>m</Message></Error>', 403);
  return true;
}

for (const systemClockOffset of [3_600_000, -3_600_000]) {
  test(`a clock that is ${systemClockOffset / 60_000} minutes off costs one request`, async () => {
    const store = await openOddStore((request, response) => {
      if (strictClock(request, response)) return;
      response.writeHead(200, { ...plain, 'content-length': 5 }).end();
    });
    try {
      const connection = { ...store.connection, systemClockOffset };
      assert.equal((await store.bucket({ connection }).stat('p/a'))?.size, 5);
      assert.equal(store.asked.length, 2);
      const both = store.bucket({ connection });
      await Promise.all(['p/a', 'p/b', 'p/c'].map((key) => both.stat(key)));
    } finally {
      await store.close();
    }
  });
}

test('credentials that cannot be renewed just now are a passing failure', async () => {
  await against(
    (_, response) => void response.writeHead(200, { ...plain, 'content-length': 5 }).end(),
    async () => undefined,
  );
  const store = await openOddStore(
    (_, response) => void response.writeHead(200, { ...plain, 'content-length': 5 }).end(),
  );
  let calls = 0;
  const credentials = async () => {
    calls += 1;
    if (calls === 1) throw new TypeError('fetch failed');
    return { accessKeyId: 'A', secretAccessKey: 'B' };
  };
  try {
    const bucket = store.bucket({ connection: { ...store.connection, credentials } });
    const patient = withRetry(bucket, { retries: 2, minTimeout: 1, maxTimeout: 1 });
    assert.equal((await patient.stat('p/a'))?.size, 5);
  } finally {
    await store.close();
  }
});

test('a token that cannot be renewed just now is a passing failure, and one that never comes ends by the signal', async () => {
  let calls = 0;
  const fetching = async (): Promise<Response> =>
    Response.json({ ok: true, version: 2, reply: { object: null } });
  const office = createHttpStorage({
    url: 'https://hq.example/',
    fetch: fetching,
    async headers() {
      calls += 1;
      if (calls === 1) throw new TypeError('fetch failed: token sesame');
      return {};
    },
  });
  await assert.rejects(
    office.stat('p/a'),
    (error) => isBackupError(error, 'storage-transient') && !JSON.stringify(error).includes('sesame'),
  );
  assert.equal(await office.stat('p/a'), null);
  const silent = createHttpStorage({
    url: 'https://hq.example/',
    fetch: fetching,
    headers: () => new Promise(() => undefined),
  });
  const stop = new AbortController();
  const asked = silent.stat('p/a', { signal: stop.signal });
  stop.abort(new Error('enough'));
  await assert.rejects(asked, /enough/u);
});

test('markers of folders do not hide what comes after them over the hand-over', async () => {
  const all = Array.from({ length: 1200 }, (_, i) => `p/${String(i).padStart(6, '0')}/`);
  all.push('p/999999/a');
  const store = await openOddStore(({ query }, response) => {
    const after = query.get('start-after') ?? '';
    const rest = all.filter((key) => key > after);
    const few = rest.slice(0, Number(query.get('max-keys')));
    const inside = few.map((key) => contents(key)).join('');
    answerXml(response, page(inside, { truncated: rest.length > few.length, token: 'ignored' }));
  });
  const grant = createUploadGrant({ bucket: 'copies', keysUnder: 'p/', connection: store.connection });
  const office = createHttpStorage({
    url: 'https://hq.example/',
    fetch: async (_, init) => grant.respond(new Request('http://localhost/', init)),
  });
  try {
    assert.deepEqual(await keysOf(office), ['p/999999/a']);
  } finally {
    await store.close();
  }
});

test('a reply of HQ without an end, of another object or with a code of something else is a failure of the store', async () => {
  const officeTold = (reply: unknown): StorageAdapter =>
    createHttpStorage({
      url: 'https://hq.example/',
      fetch: async () => (reply instanceof Response ? reply : Response.json(reply)),
    });
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
    },
  });
  await assert.rejects(officeTold(new Response(endless)).stat('p/a'), ofAStore);
  const other = { object: { ...object, key: 'p/b' } };
  await assert.rejects(officeTold({ ok: true, version: 2, reply: other }).stat('p/a'), ofAStore);
  await assert.rejects(officeTold({ ok: false, version: 2, error: 'wrong-key' }).stat('p/a'), ofAStore);
  await assert.rejects(
    keysOf(officeTold({ ok: true, version: 2, reply: { objects: [], more: true } })),
    ofAStore,
  );
  await assert.rejects(
    keysOf(officeTold({ ok: true, version: 2, reply: { objects: [], more: true, next: 'p/a' } })),
    ofAStore,
  );
});

test('nothing is signed beyond the size that was promised when an upload began', async () => {
  const xml = '<InitiateMultipartUploadResult><UploadId>u.1</UploadId></InitiateMultipartUploadResult>';
  const store = await openOddStore(({ method }, response) => {
    if (method === 'HEAD') response.writeHead(404).end();
    else answerXml(response, xml);
  });
  const mebibyte = 1024 * 1024;
  const size = 12 * mebibyte;
  const options = { bucket: 'copies', keysUnder: 'p/', connection: store.connection };
  const grant = createUploadGrant(options);
  const ask = (message: object, of = grant) => of.answer({ version: 2, key: 'p/a', ...message });
  try {
    const begun = await ask({ op: 'begin', size });
    assert.ok(begun.ok);
    const { uploadId } = begun.reply as { readonly uploadId: string };
    const md5 = '0'.repeat(32);
    const sign = (number: number, bytes: number, more: object = {}, of = grant) =>
      ask({ op: 'part', uploadId, part: { number, size: bytes, md5 }, ...more }, of);
    for (const [number, bytes] of [
      [1, 5 * mebibyte],
      [2, 5 * mebibyte],
      [3, 2 * mebibyte],
    ] as const) {
      assert.ok((await sign(number, bytes)).ok, `part ${number}`);
    }
    assert.ok((await sign(1, 5 * mebibyte, {}, createUploadGrant(options))).ok, 'another server of HQ');
    for (const refused of [
      sign(1, 5 * mebibyte + 1),
      sign(3, 2 * mebibyte + 1),
      sign(4, 1),
      sign(9999, 5 * mebibyte),
      sign(1, 1, { key: 'p/b' }),
      sign(1, 1, { uploadId: 'u.1' }),
      sign(1, 1, { uploadId: uploadId.replace(String(size), String(size * 10)) }),
      ask({ op: 'join', uploadId, part: { number: 4, size: 1, md5 }, pieces: [{ index: 0, size: 1, md5 }] }),
      ask({
        op: 'pieces',
        uploadId,
        part: { number: 4, size: 1, md5 },
        pieces: [{ index: 0, size: 1, md5 }],
      }),
      ask({ op: 'complete', uploadId, size: size * 2, parts: [] }),
      ask({ op: 'abort', uploadId: 'u.1' }),
    ]) {
      assert.equal((await refused).ok, false);
    }
    assert.deepEqual(await ask({ op: 'present', uploadId: 'u.1' }), {
      ok: true,
      version: 2,
      reply: { parts: null },
    });
  } finally {
    await store.close();
  }
});

test('a store that gives more than was asked for is a typed failure, also one of a host', async () => {
  const inner = createMemoryStorage();
  await inner.put('p/a', replayableBytes(bytes));
  const generous: StorageAdapter = {
    description: 'generous store',
    capabilities: inner.capabilities,
    put: (...given) => inner.put(...given),
    get: (key, options) => inner.get(key, { signal: options?.signal }),
    stat: (...given) => inner.stat(...given),
    list: (...given) => inner.list(...given),
    delete: (...given) => inner.delete(...given),
    classify: (error) => inner.classify(error),
  };
  const ranges = await rangeSourceOf(generous, 'p/a');
  await assert.rejects(ranges.read(1000, 100), (error) => isBackupError(error, 'storage-permanent'));
});

test('a claim that is none is a typed failure', async () => {
  const large = Buffer.alloc(10_000, 'x');
  await against(
    ({ method, key, query }, response) => {
      if (method === 'GET' && key.includes('claims/')) {
        response.writeHead(200, { ...plain, 'content-length': large.length }).end(large);
      } else if (method === 'HEAD') response.writeHead(404).end();
      else if (query.has('uploads')) {
        answerXml(
          response,
          '<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>',
        );
      } else response.writeHead(200, { etag: '"e"' }).end();
    },
    (bucket) =>
      assert.rejects(bucket.put('p/a', replayableBytes(Buffer.from('a')), { ifAbsent: true }), ofAStore),
  );
});
