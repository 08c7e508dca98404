import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectBytes } from '../../src/bytes.js';
import { createHttpStorage } from '../../src/storage/http/index.js';
import { type HandOverOp, parseMessage, parseReply } from '../../src/storage/http/messages.js';
import { replayableBytes } from '../../src/storage/replayable.js';
import { isOnPage, offPage, page } from './hand-over-page.js';

const key = '4711/a';
const part = { number: 1, size: 5, md5: '5d41402abc4b2a76b9719d911017c592' };
const request = { url: 'https://store.example/a?X-Amz-Signature=s', headers: { 'content-md5': 'x' } };
const object = { key, size: 5, modifiedAt: '2026-02-01T00:00:00.000Z', etag: 'x' };
const pieces = [{ index: 0, size: 5, md5: part.md5 }];

/** A message of each kind, and what HQ grants to it. */
const exchanges: Readonly<Record<HandOverOp, readonly [message: object, reply: object]>> = {
  begin: [{ key, size: 5, sha256: 'ab'.repeat(32) }, { uploadId: 'u' }],
  present: [{ key, uploadId: 'u' }, { parts: [{ number: 1, size: 5, etag: 'x' }] }],
  part: [{ key, uploadId: 'u', part }, { request }],
  pieces: [{ key, uploadId: 'u', part, pieces }, { requests: [request, null] }],
  join: [{ key, uploadId: 'u', part, pieces }, { etag: 'x' }],
  complete: [{ key, uploadId: 'u', size: 5, parts: [{ ...part, etag: 'x' }] }, { object }],
  abort: [{ key, uploadId: 'u' }, {}],
  stat: [{ key }, { object }],
  read: [{ key }, { request, size: 5 }],
  list: [
    { prefix: '4711/', after: key },
    { objects: [object], more: true, next: key },
  ],
};
const ops = Object.keys(exchanges) as HandOverOp[];
const sent = (op: HandOverOp): object => ({ version: 2, op, ...exchanges[op][0] });
const granted = (op: HandOverOp): object => ({ ok: true, version: 2, reply: exchanges[op][1] });

const isTaken = (read: () => unknown): boolean => {
  try {
    read();
    return true;
  } catch {
    return false;
  }
};

/** The same with one member gone, or exchanged for another kind of value, at every place. */
function* damaged(value: unknown, place = ''): Generator<readonly [place: string, damaged: unknown]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    const here = `${place}/${name}`;
    const copyWith = (each: unknown): unknown =>
      Array.isArray(value)
        ? value.map((one, i) => (String(i) === name ? each : one))
        : { ...value, [name]: each };
    if (!Array.isArray(value)) {
      const { [name]: _, ...rest } = value as Readonly<Record<string, unknown>>;
      yield [`${here} gone`, rest];
    }
    for (const other of [null, -1, 1.5, '', 'text', true, [], {}, 'x'.repeat(20_000)]) {
      yield [`${here} = ${JSON.stringify(other).slice(0, 20)}`, copyWith(other)];
    }
    for (const [deeper, inside] of damaged(member, here)) yield [deeper, copyWith(inside)];
  }
}

// Texts that must be a URL or a date are told as such by words; a schema asks no more of them than that they
// are texts.
const toldByWords = /\/(url|modifiedAt) = "text"/;

test('the page of the hand-over tells every message and every reply', () => {
  for (const op of ops) {
    assert.deepEqual(offPage(sent(op), granted(op)), [], op);
    assert.deepEqual(offPage(sent(op), { ok: false, version: 2, error: 'storage-exists', reason: 'x' }), []);
  }
  for (const reply of [{ parts: null }, { object: null }]) {
    const op = 'parts' in reply ? 'present' : 'stat';
    assert.deepEqual(offPage(sent(op), { ok: true, version: 2, reply }), []);
  }
  assert.equal(page['openapi'], '3.1.0');
});

test('HQ takes what the page takes, and refuses what it refuses', () => {
  for (const op of ops) {
    for (const [place, message] of damaged(sent(op))) {
      // With another word it is another message.
      if (place.startsWith('/op ')) continue;
      assert.equal(
        isTaken(() => parseMessage(message)),
        isOnPage(op, 'Message', message),
        `${op}${place}`,
      );
    }
  }
});

test('an office takes what the page takes, and refuses what it refuses', () => {
  for (const op of ops) {
    for (const [place, reply] of damaged(granted(op))) {
      if (toldByWords.test(place)) continue;
      assert.equal(
        isTaken(() => parseReply(op, reply)),
        isOnPage(op, 'Reply', reply),
        `${op}${place}`,
      );
    }
  }
});

test('what an office sends is on the page', async () => {
  const asked: HandOverOp[] = [];
  const office = createHttpStorage({
    url: 'https://hq.example/',
    partRetry: { minTimeout: 0, maxTimeout: 0 },
    async fetch(url, init) {
      if (String(url) !== 'https://hq.example/') return new Response('hello');
      const message = JSON.parse(String(init?.body)) as { readonly op: HandOverOp };
      asked.push(message.op);
      const free = { ok: true, version: 2, reply: { object: null } };
      const reply = message.op === 'stat' && asked.length === 1 ? free : granted(message.op);
      const last =
        message.op === 'list' ? { ok: true, version: 2, reply: { objects: [], more: false } } : reply;
      assert.deepEqual(offPage(message, last), []);
      return Response.json(last);
    },
  });
  await office.put(key, replayableBytes(Buffer.from('hello')), { ifAbsent: true });
  await office.stat(key);
  await collectBytes(office.get(key));
  for await (const _ of office.list('4711/'));
  for (const op of ['begin', 'part', 'complete', 'stat', 'read', 'list'] as const)
    assert.ok(asked.includes(op), op);
});
