import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { before, describe, it } from 'node:test';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptArchive } from '../../src/archive/decrypt-archive.js';
import { encryptArchive } from '../../src/archive/encrypt-archive.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { collectBytes, rangesOfBytes } from '../../src/bytes.js';
import { isBackupError } from '../../src/errors.js';
import type { Part } from '../../src/model/parts.js';
import { collect, sampleLabel, sampleParts } from './support/parts.js';

describe('an archive', () => {
  let identity: string;
  let recipients: string[];
  let archive: Uint8Array;

  before(async () => {
    identity = await generateX25519Identity();
    recipients = [await identityToRecipient(identity)];
    archive = await collectBytes(encryptArchive(sampleParts(), { recipients, label: sampleLabel }));
  });

  it('gives back every part as it came, and a manifest that lists every file', async () => {
    const sealed = encryptArchive(sampleParts(), { recipients, label: sampleLabel });
    const bytes = await collectBytes(sealed);
    const opened = decryptArchive(bytes, { identities: [identity] });
    const parts = await collect(opened);
    const expected = await collect(sampleParts());
    assert.deepEqual(parts.slice(0, -1), expected.slice(0, -1));
    const manifest = await sealed.manifest;
    assert.deepEqual(parts.at(-1), { kind: 'summary', summary: manifest });
    const summary = expected.at(-1);
    assert.deepEqual({ ...manifest, ...(summary?.kind === 'summary' ? summary.summary : {}) }, manifest);
    assert.deepEqual(await opened.label, sealed.label);
    assert.equal(manifest.archiveId, sealed.label.archiveId);
    assert.equal(manifest.entries.length, 2 + 1 + 2 * 3 + 1);
  });

  it('can be read in pieces of any size, and as a web stream', async () => {
    function* pieces(): Generator<Uint8Array> {
      for (let at = 0, size = 1; at < archive.length; at += size, size = (size * 7 + 1) % 1009) {
        yield archive.subarray(at, at + size);
      }
    }
    assert.equal((await collect(decryptArchive(pieces(), { identities: [identity] }))).length, 9);
    const stream = encryptArchive(sampleParts(), { recipients, label: sampleLabel }).toReadableStream();
    assert.equal((await collect(decryptArchive(stream, { identities: [identity] }))).length, 9);
  });

  it('is sealed once and read once by each call, and lets go of its source wherever reading ends', async () => {
    const sealed = encryptArchive(sampleParts(), { recipients, label: sampleLabel });
    await collectBytes(sealed);
    assert.throws(() => sealed[Symbol.asyncIterator](), /can be iterated once/);
    let isOpen = true;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (let at = 0; at < archive.length; at += 500) yield archive.subarray(at, at + 500);
      } finally {
        isOpen = false;
      }
    }
    const opened = decryptArchive(source(), { identities: [identity] });
    for await (const part of opened) if (part.kind === 'database') break;
    assert.equal(isOpen, false);
    assert.throws(() => opened[Symbol.asyncIterator](), /can be iterated once/);
  });

  it('is labelled on the outside, for whoever has no key', async () => {
    for (const source of [archive, rangesOfBytes(archive), new Blob([new Uint8Array(archive)])]) {
      const inspection = await inspectArchive(source);
      assert.equal(inspection.label?.practiceId, 'practice-1');
      assert.equal(inspection.label?.scope, 'full');
      assert.deepEqual(inspection.recipients, ['X25519']);
      assert.equal(inspection.verified, false);
      assert.equal(inspection.size, archive.length);
    }
    // A Node stream has a method `read` too, and is read as a stream all the same.
    assert.equal((await inspectArchive(Readable.from([archive]))).label?.practiceId, 'practice-1');
    await assert.rejects(inspectArchive(new Uint8Array(5000)), (error) =>
      isBackupError(error, 'archive-unsupported'),
    );
  });

  it('opens for each of its recipients and for nobody else', async () => {
    const hybrid = await generateHybridIdentity();
    const both = [...recipients, await identityToRecipient(hybrid)];
    const bytes = await collectBytes(encryptArchive(sampleParts(), { recipients: both, label: sampleLabel }));
    assert.deepEqual((await inspectArchive(bytes)).recipients, ['X25519', 'mlkem768x25519']);
    for (const key of [identity, hybrid]) {
      assert.equal((await collect(decryptArchive(bytes, { identities: [key] }))).length, 9);
    }
    const stranger = await generateX25519Identity();
    await assert.rejects(collect(decryptArchive(bytes, { identities: [stranger] })), (error) =>
      isBackupError(error, 'wrong-key'),
    );
    await assert.rejects(decryptArchive(bytes, { identities: [stranger] }).label, (error) =>
      isBackupError(error, 'wrong-key'),
    );
  });

  it('R1: is never finished when the dump fails, and says so', async () => {
    async function* failing(): AsyncGenerator<Part> {
      for await (const part of sampleParts()) {
        if (part.kind === 'objects') throw new Error('the server went away');
        yield part;
      }
    }
    const sealed = encryptArchive(failing(), { recipients, label: sampleLabel });
    const written: Uint8Array[] = [];
    await assert.rejects(async () => {
      for await (const piece of sealed) written.push(piece);
    }, /the server went away/);
    await assert.rejects(sealed.manifest, /the server went away/);
    await assert.rejects(collect(decryptArchive(written, { identities: [identity] })), (error) =>
      isBackupError(error, 'archive-damaged'),
    );
  });

  it('R4: is refused by the writer when the summary promises other rows than came', async () => {
    async function* short(): AsyncGenerator<Part> {
      for await (const part of sampleParts()) if (part.kind !== 'rows' || part.sequence !== 2) yield part;
    }
    await assert.rejects(collectBytes(encryptArchive(short(), { recipients, label: sampleLabel })), (error) =>
      isBackupError(error, 'dump-incomplete'),
    );
    async function* endless(): AsyncGenerator<Part> {
      for await (const part of sampleParts()) if (part.kind !== 'summary') yield part;
    }
    await assert.rejects(
      collectBytes(encryptArchive(endless(), { recipients, label: sampleLabel })),
      (error) => isBackupError(error, 'dump-incomplete'),
    );
  });

  it('F7: is refused with any byte changed, cut anywhere, or with something behind its end', async () => {
    const step = Math.max(1, Math.floor(archive.length / 150));
    for (let at = 0; at < archive.length; at += step) {
      const flipped = archive.slice();
      flipped[at]! ^= 1 << (at % 8);
      for (const hostile of [flipped, archive.subarray(0, at)]) {
        await assert.rejects(collect(decryptArchive(hostile, { identities: [identity] })), (error) =>
          ['archive-damaged', 'archive-unsupported', 'wrong-key'].some((code) =>
            isBackupError(error, code as never),
          ),
        );
      }
    }
    const longer = new Uint8Array(archive.length + 1);
    longer.set(archive);
    await assert.rejects(collect(decryptArchive(longer, { identities: [identity] })), (error) =>
      isBackupError(error, 'archive-damaged'),
    );
  });

  it('stops when told to, and lets go of its source', async () => {
    const reason = new Error('enough');
    const controller = new AbortController();
    let isClosed = false;
    async function* parts(): AsyncGenerator<Part> {
      try {
        for await (const part of sampleParts()) {
          if (part.kind === 'objects') controller.abort(reason);
          yield part;
        }
      } finally {
        isClosed = true;
      }
    }
    const sealed = encryptArchive(parts(), { recipients, label: sampleLabel, signal: controller.signal });
    await assert.rejects(collectBytes(sealed), reason);
    await assert.rejects(sealed.manifest, reason);
    assert.ok(isClosed);

    const left = encryptArchive(sampleParts(), { recipients, label: sampleLabel });
    for await (const _ of left) break;
    await assert.rejects(left.manifest, { name: 'AbortError' });
  });

  it('lets go of its source when it cannot be opened, though nothing but the label was asked for', async () => {
    const recipient = await identityToRecipient(await generateX25519Identity());
    const bytes = await collectBytes(
      encryptArchive(sampleParts(), { recipients: [recipient], label: sampleLabel }),
    );
    let isClosed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
      } finally {
        isClosed = true;
      }
    }
    const archive = decryptArchive(source(), { identities: [await generateX25519Identity()] });
    await assert.rejects(archive.label, (error) => isBackupError(error, 'wrong-key'));
    assert.equal(isClosed, true);
    await assert.rejects(collect(archive), (error) => isBackupError(error, 'wrong-key'));
  });

  it('takes no half-given arguments', () => {
    assert.throws(() => encryptArchive(sampleParts(), { recipients: [], label: sampleLabel }), TypeError);
    assert.throws(
      () => encryptArchive(sampleParts(), { recipients: ['age1x'], label: sampleLabel }),
      TypeError,
    );
    const label = { ...sampleLabel, scope: 'everything' as never };
    assert.throws(() => encryptArchive(sampleParts(), { recipients, label }), TypeError);
    assert.throws(() => decryptArchive(archive, {}), TypeError);
    assert.throws(
      () => decryptArchive(archive, { identities: ['AGE-SECRET-KEY-1HUSH'] }),
      (error) => error instanceof TypeError && !error.message.includes('HUSH'),
    );
  });
});
