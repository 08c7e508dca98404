import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { formatNoteKey, isSignedBy, noteKey, parseNote, parseNoteKey } from '../../src/history/note.js';
import { formatBody, type NoteBody, parseBody } from '../../src/history/note-body.js';
import { formatNumbers, parseNumbers } from '../../src/history/numbers.js';
import { noteKeyOfSigner, signerOf, signNote } from '../../src/history/signer.js';

// The example in the documentation of golang.org/x/mod/sumdb/note, which others made.
const example = {
  key: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  note: `If you think cryptography is the answer to your problem,
then you don't know what your problem is.

\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`,
};

const secret = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
const signer = signerOf(secret);
const key = noteKeyOfSigner(signer, '4711');
const body: NoteBody = {
  practiceId: '4711',
  destination: 'local',
  scope: 'full',
  night: '2026-02-01',
  archiveId: 'a'.repeat(32),
  size: 12345,
  sha256: 'b'.repeat(64),
  madeAt: '2026-02-02T04:05:06.000Z',
  number: 212,
  previous: 'c'.repeat(64),
  standing: [1, 31, 60, 61, 62, 212],
  recipient: 'age1qqqq',
  heads: { hq: { number: 211, hash: 'd'.repeat(64) } },
  signedWith: key,
};

test('a note that another implementation signed is proven by its key', () => {
  const key = parseNoteKey(example.key);
  const note = parseNote(example.note);
  assert.ok(key !== null && note !== null);
  assert.equal(formatNoteKey(key), example.key);
  assert.equal(note.text.split('\n').length, 3);
  assert.ok(isSignedBy(note, key));
  assert.ok(!isSignedBy({ ...note, text: note.text.replace('your', 'my') }, key));
  assert.ok(!isSignedBy(note, noteKey('PeterNeumann', signer.publicKey)));
});

test('a note of ours is proven by other implementations of Ed25519', async () => {
  const text = formatBody(body);
  const note = parseNote(await signNote(text, signer, key));
  assert.ok(note !== null);
  const { signature } = note.signatures[0]!;
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), signer.publicKey]);
  const native = createPublicKey({ key: der, format: 'der', type: 'spki' });
  assert.ok(verify(null, Buffer.from(text), native, signature));
  assert.ok(ed25519.verify(signature, Buffer.from(text), signer.publicKey, { zip215: false }));
});

test('what a note says comes back, and anything less than whole does not', () => {
  const text = formatBody(body);
  assert.deepEqual(parseBody(text), { kind: 'body', body });
  const first = { ...body, number: 1, previous: null, standing: [1], recipient: null, heads: {} };
  assert.deepEqual(parseBody(formatBody(first)), { kind: 'body', body: first });
  for (const line of text
    .split('\n')
    .slice(1, -1)
    .filter((each) => !each.startsWith('head at'))) {
    assert.equal(parseBody(text.replace(`${line}\n`, '')).kind, 'malformed', line);
    assert.equal(parseBody(text.replace(line, `${line}\n${line}`)).kind, 'malformed', line);
    assert.equal(parseBody(text.replace(line, line.replace(/: .*/, ': ?'))).kind, 'malformed', line);
  }
});

test('what nobody has looked at is named, and words of later versions are passed over', () => {
  const told = { ...body, unseen: ['history', 'loss'] } as const;
  const text = formatBody(told);
  assert.deepEqual(parseBody(text), { kind: 'body', body: told });
  const later = text.replace('unseen: history, loss', 'unseen: loss, weather');
  assert.deepEqual(parseBody(later), { kind: 'body', body: { ...body, unseen: ['loss'] } });
  assert.equal(parseBody(text.replace('history, loss', 'history,')).kind, 'malformed');
});

test('a later version of the form is passed over, and an unknown line too', () => {
  const text = formatBody(body);
  assert.deepEqual(parseBody(text.replace('note 1\n', 'note 2\n')), { kind: 'later' });
  assert.deepEqual(parseBody(text.replace('night: ', 'weather: rain\nnight: ')), { kind: 'body', body });
});

test('what is no note is none', async () => {
  const note = await signNote(formatBody(body), signer, key);
  for (const wrong of [
    '',
    'x\n',
    note.slice(0, -1),
    note.replace('\u2014 ', '- '),
    note.replace('\n\n', '\n'),
    note.replace('night', 'nig\u0000ht'),
    `${note}\u2014 x y\n`,
    `${note}${'\u2014 x AAAAAAAA\n'.repeat(20)}`,
    'x'.repeat(100_000),
  ]) {
    const parsed = parseNote(wrong);
    assert.ok(parsed === null || !isSignedBy(parsed, key), JSON.stringify(wrong.slice(0, 40)));
  }
});

test('sets of numbers are short and come back', () => {
  for (const [numbers, text] of [
    [[1], '1'],
    [[1, 2, 3, 7, 9, 10], '1-3,7,9-10'],
  ] as const) {
    assert.equal(formatNumbers(numbers), text);
    assert.deepEqual(parseNumbers(text), numbers);
  }
  for (const wrong of ['', '0', '2,1', '1,1', '3-2', '1-', 'a', '1-999999999']) {
    assert.equal(parseNumbers(wrong), null, wrong);
  }
});
