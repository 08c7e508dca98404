import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { collectBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { StorageAdapter } from '../../src/storage/adapter.js';
import { createHttpStorage, type HttpStorageOptions } from '../../src/storage/http/index.js';
import { type HandOverOp, parseReply } from '../../src/storage/http/messages.js';
import { Silence } from '../../src/storage/http/silence.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { fc } from '../support/properties.js';

const desk = 'https://hq.example/hand-over';
const signed = { url: 'https://store.example/part?X-Amz-Signature=sesame', headers: { 'content-md5': 'x' } };
const hello = replayableBytes(Buffer.from('hello'));
const object = { key: 'p/a', size: 5, modifiedAt: '2026-02-01T00:00:00.000Z', etag: 'x' };
const quick = { minTimeout: 0, maxTimeout: 0 } as const;

type Ask = (message: { readonly op: HandOverOp; readonly after?: string }) => unknown;

const granted = (reply: unknown): unknown => ({ ok: true, version: 2, reply });
const usual: Ask = ({ op }) =>
  granted(
    {
      begin: { uploadId: 'u' },
      part: { request: signed },
      pieces: { requests: [signed] },
      join: { etag: 'x' },
      complete: { object },
      present: { parts: [] },
      stat: { object },
      read: { request: signed, size: 5 },
      list: { objects: [object], more: false },
      abort: {},
    }[op],
  );

/** An office in front of a desk and a store that answer as told. */
function officeOf(
  replyTo: Ask,
  store: (method: string) => Response = () => new Response('hello'),
  options: Partial<HttpStorageOptions> = {},
): StorageAdapter {
  return createHttpStorage({
    url: desk,
    partRetry: quick,
    async fetch(url, init) {
      if (String(url) !== desk) return store(init?.method ?? 'GET');
      const reply = replyTo(JSON.parse(String(init?.body)) as Parameters<Ask>[0]);
      return new Response(typeof reply === 'string' ? reply : JSON.stringify(reply));
    },
    ...options,
  });
}

async function keysOf(storage: StorageAdapter): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list('p/')) keys.push(key);
  return keys;
}

const permanent = (error: unknown): boolean =>
  isBackupError(error, 'storage-permanent') && !JSON.stringify(error).includes('sesame');

test('the usual replies bring an object there and back', async () => {
  const office = officeOf(usual);
  assert.equal((await office.put('p/a', hello)).size, 5);
  assert.equal(Buffer.from(await collectBytes(office.get('p/a'))).toString(), 'hello');
  assert.deepEqual(await keysOf(office), ['p/a']);
});

test('what HQ signed for one place is not carried to another', async () => {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await collectBytes(request);
    asked.push(request.url!);
    if (request.url !== '/desk') {
      response.writeHead(307, { location: '/elsewhere' }).end();
      return;
    }
    const { op } = JSON.parse(Buffer.from(body).toString()) as { readonly op: HandOverOp };
    const moved = { request: { url: `${origin}/signed`, headers: {} }, size: 5 };
    response.end(JSON.stringify(op === 'part' || op === 'read' ? granted(moved) : usual({ op })));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const office = createHttpStorage({
      url: `${origin}/desk`,
      allowLoopbackHttp: true,
      partRetry: { ...quick, retries: 1 },
    });
    const transient = (error: unknown): boolean => isBackupError(error, 'storage-transient');
    await assert.rejects(office.put('p/a', hello), transient);
    await assert.rejects(collectBytes(office.get('p/a')), transient);
    assert.ok(asked.includes('/signed'));
    assert.ok(!asked.includes('/elsewhere'));
  } finally {
    server.close();
    server.closeAllConnections();
  }
});

test('a first connection that breaks while the HTTP client is still being loaded is told of', async () => {
  const server = createServer()
    .on('connection', (socket) => {
      socket.on('error', () => undefined);
      // Once the connection is made, and well before the client is loaded.
      setTimeout(() => socket.resetAndDestroy(), 50);
    })
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const office = fileURLToPath(new URL('first-connection.js', import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [office, String(port)]);
    assert.equal(stdout, 'storage-transient\n');
  } finally {
    server.close();
  }
});

test('whatever comes instead of a reply is a typed failure, never a crash', async () => {
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.jsonValue().map(granted),
    fc.record({ ok: fc.jsonValue(), version: fc.jsonValue(), reply: fc.jsonValue() }),
    // Nearly right: one field of a good reply is something else.
    fc
      .tuple(fc.constantFrom('uploadId', 'request', 'object', 'objects', 'more', 'size'), fc.jsonValue())
      .map(([name, value]) => granted({ ...(object as object), request: signed, [name]: value })),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (reply) => {
      const office = officeOf(() => reply);
      const calls = [
        office.put('p/a', hello),
        office.stat('p/a'),
        collectBytes(office.get('p/a')),
        keysOf(office),
      ];
      for (const outcome of await Promise.allSettled(calls)) {
        assert.ok(outcome.status === 'fulfilled' || isBackupError(outcome.reason), JSON.stringify(reply));
      }
    }),
    { numRuns: 200 },
  );
});

test('a portal that answers for HQ, and a desk of another version, are lasting failures', async () => {
  await assert.rejects(officeOf(() => '<html>Please log in</html>').stat('p/a'), permanent);
  await assert.rejects(
    officeOf(() => ({ ok: true, version: 3, reply: { object } })).stat('p/a'),
    (error) => permanent(error) && /version/u.test((error as Error).message),
  );
  assert.throws(() => parseReply('stat', { ok: true, version: 2, reply: { object: {} } }), permanent);
});

test('a desk that is not there is no object that is not there', async () => {
  const nowhere = createHttpStorage({ url: desk, fetch: async () => new Response('', { status: 404 }) });
  await assert.rejects(nowhere.stat('p/a'), permanent);
  const gone = officeOf(usual, () => new Response('', { status: 404 }));
  await assert.rejects(collectBytes(gone.get('p/a')), (error) => isBackupError(error, 'storage-not-found'));
});

test('what is signed for plain HTTP is not sent, and not fetched', async () => {
  for (const url of ['http://store.example/part', 'http://127.0.0.1/part', 'ftp://store.example/part']) {
    const request = { ...signed, url };
    const office = officeOf(
      (message) =>
        message.op === 'part'
          ? granted({ request })
          : message.op === 'read'
            ? granted({ request, size: 5 })
            : usual(message),
      () => assert.fail('something was sent'),
    );
    await assert.rejects(office.put('p/a', hello), permanent, url);
    await assert.rejects(collectBytes(office.get('p/a')), permanent, url);
  }
});

test('plain HTTP leads to this machine alone, and only where it is allowed', () => {
  const at = (url: string, allowLoopbackHttp: boolean) => () => createHttpStorage({ url, allowLoopbackHttp });
  assert.throws(at('http://127.0.0.1/', false), TypeError);
  assert.throws(at('http://hq.example/', true), TypeError);
  assert.throws(at('http://127.evil.example/', true), TypeError);
  at('http://127.0.0.1/', true)();
  at('http://localhost/', true)();
});

test('a signature that the store refuses is tried three times in a row, and then is a lasting failure', async () => {
  let left = 3;
  let sent = 0;
  const store = (): Response => {
    sent += 1;
    left -= 1;
    return new Response('', { status: left >= 0 ? 403 : 200 });
  };
  await assert.rejects(officeOf(usual, store).put('p/a', hello), permanent);
  assert.equal(sent, 3);
  left = 2;
  assert.equal((await officeOf(usual, store).put('p/a', hello)).size, 5);
});

test('a list that leads nowhere ends', async () => {
  const looping = officeOf(() => granted({ objects: [object], more: true }));
  await assert.rejects(keysOf(looping), permanent);
  const foreign = officeOf(() => granted({ objects: [{ ...object, key: 'q/a' }], more: false }));
  await assert.rejects(keysOf(foreign), permanent);
});

test('a reading that falls silent breaks off, and one that is only slow does not', async () => {
  const silence = new Silence(30, undefined);
  for (let i = 0; i < 3; i += 1) {
    await silence.during(() => Promise.resolve());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(silence.signal.aborted, false);
  const never = new Promise((_, reject) => {
    silence.signal.addEventListener('abort', () => reject(silence.signal.reason as Error));
  });
  await assert.rejects(
    silence.during(() => never),
    { code: 'ETIMEDOUT' },
  );
});

test('the digest goes with an object, so that the next night knows it', async () => {
  const sha256 = createHash('sha256').update('hello').digest('hex');
  const seen: unknown[] = [];
  const office = officeOf((message) => {
    if ('sha256' in message) seen.push([message.op, message.sha256]);
    return usual(message);
  });
  await office.put('p/a', { ...hello, sha256 });
  assert.deepEqual(seen, [
    ['begin', sha256],
    ['complete', sha256],
  ]);
});
