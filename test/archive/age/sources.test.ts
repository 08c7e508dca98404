import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptAge, decryptAgeWith } from '../../../src/archive/age/decrypt.js';
import { type EncryptAgeOptions, encryptAge, encryptAgeWith } from '../../../src/archive/age/encrypt.js';
import { type ByteSource, collectBytes, toReadableStream, utf8 } from '../../../src/bytes.js';
import type { Engine } from '../../../src/engine/engine.js';
import { engine as nodeEngine } from '../../../src/engine/node.js';
import { engine as portableEngine } from '../../../src/engine/portable.js';
import { isBackupError } from '../../../src/errors.js';

const plain: Uint8Array = new Uint8Array(200_000).map((_, i) => i * 7);

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function* later(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* pieces(bytes, 10_007);
}

const sources: Readonly<Record<string, (bytes: Uint8Array) => ByteSource>> = {
  bytes: (bytes) => bytes,
  'a list of pieces': (bytes) => [...pieces(bytes, 999), new Uint8Array(0)],
  'an iterable that waits': later,
  'a web stream': (bytes) => toReadableStream(later(bytes)),
  'a blob': (bytes) => new Blob([bytes.slice()]),
};

describe('an age file from and to any source of bytes', () => {
  for (const [name, sourceOf] of Object.entries(sources)) {
    it(`${name}: in binary and as text, for a key and for a passphrase`, async () => {
      const identity = await generateX25519Identity();
      const recipients = [await identityToRecipient(identity)];
      const ways: readonly [EncryptAgeOptions, Parameters<typeof decryptAge>[1]][] = [
        [{ recipients }, { identities: [identity] }],
        [{ passphrase: 'words', scryptLogN: 4 }, { passphrase: 'words' }],
      ];
      for (const [encrypting, decrypting] of ways) {
        for (const armor of [false, true]) {
          const file = await collectBytes(encryptAge(sourceOf(plain), { ...encrypting, armor }));
          assert.deepEqual(await collectBytes(decryptAge(sourceOf(file), decrypting)), plain);
        }
      }
    });
  }

  it('lets go of its source when nobody wants more, and when it cannot go on', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    const file = await collectBytes(encryptAge(plain, { recipients }));
    let closed = 0;
    async function* watched(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      try {
        yield* pieces(bytes, 70_000);
      } finally {
        closed++;
      }
    }
    for await (const _ of encryptAge(watched(plain), { recipients })) break;
    // Before the first piece of the source was asked for there is nothing to let go of.
    assert.equal(closed, 0);
    for await (const _ of decryptAge(watched(file), { identities: [identity] })) break;
    assert.equal(closed, 1);
    const stranger = await generateX25519Identity();
    await assert.rejects(collectBytes(decryptAge(watched(file), { identities: [stranger] })), (error) =>
      isBackupError(error, 'wrong-key'),
    );
    assert.equal(closed, 2);
  });

  it('stops when told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(
      collectBytes(encryptAge(plain, { passphrase: 'x', scryptLogN: 2, signal })),
      /enough/,
    );
    await assert.rejects(collectBytes(decryptAge(plain, { passphrase: 'x', signal })), /enough/);
  });
});

describe('for whom an age file is', () => {
  it('is told by recipients of both kinds, each of which opens it alone', async () => {
    const identities = [await generateX25519Identity(), await generateHybridIdentity()];
    const recipients = await Promise.all(identities.map(identityToRecipient));
    const file = await collectBytes(encryptAge(plain, { recipients }));
    for (const identity of identities) {
      assert.deepEqual(await collectBytes(decryptAge(file, { identities: [identity] })), plain);
    }
  });

  it('is never a passphrase and somebody else: age allows no other beside it', async () => {
    const recipients = [await identityToRecipient(await generateX25519Identity())];
    const both = { passphrase: 'words', recipients } as unknown as EncryptAgeOptions;
    assert.throws(() => encryptAge(plain, both), TypeError);
    assert.throws(() => encryptAge(plain, {} as EncryptAgeOptions), TypeError);
    assert.throws(() => encryptAge(plain, { recipients: [] }), TypeError);
    assert.throws(() => encryptAge(plain, { recipients: ['age1nonsense'] }), TypeError);
    assert.throws(() => encryptAge(plain, { passphrase: '' }), TypeError);
    for (const scryptLogN of [0, 21, 1.5, Number.NaN]) {
      assert.throws(() => encryptAge(plain, { passphrase: 'words', scryptLogN }), RangeError);
    }
  });

  it('must be said when opening one, by keys that are some, and is not repeated in the refusal', () => {
    assert.throws(() => decryptAge(plain, {}), TypeError);
    assert.throws(() => decryptAge(plain, { identities: [] }), TypeError);
    const secret = 'AGE-SECRET-KEY-1NOTQUITE';
    assert.throws(
      () => decryptAge(plain, { identities: [secret] }),
      (error) => error instanceof TypeError && !String(error.stack).includes(secret),
    );
  });
});

for (const engine of [nodeEngine, portableEngine]) {
  it(`secrets are wiped after use, whatever became of it: ${engine.name} engine`, async () => {
    const secrets: Uint8Array[] = [];
    let isBroken = false;
    const watching: Engine = {
      ...engine,
      seal(key, ...rest) {
        secrets.push(key);
        if (isBroken) throw new Error('broken');
        engine.seal(key, ...rest);
      },
      open(key, ...rest) {
        secrets.push(key);
        if (isBroken) throw new Error('broken');
        return engine.open(key, ...rest);
      },
      async scrypt(password, ...rest) {
        const key = await engine.scrypt(password, ...rest);
        secrets.push(password, key);
        return key;
      },
    };
    const seal = () => collectBytes(encryptAgeWith(watching, plain, { passphrase: 'words', scryptLogN: 2 }));
    const open = (bytes: Uint8Array, passphrase: string) =>
      collectBytes(decryptAgeWith(watching, bytes, { passphrase }));
    const allWiped = (): void => {
      assert.ok(secrets.length >= 3, `${secrets.length} secrets were seen`);
      assert.ok(secrets.every((secret) => secret.every((byte) => byte === 0)));
      secrets.length = 0;
    };
    const file = await seal();
    allWiped();
    await open(file, 'words');
    allWiped();
    await assert.rejects(open(file, 'other words'));
    allWiped();
    await assert.rejects(open(file.slice(0, -1), 'words'));
    allWiped();
    isBroken = true;
    await assert.rejects(seal());
    await assert.rejects(open(file, 'words'));
    allWiped();
  });
}

it('a damaged header and a wrong key are told apart, and neither says what was tried', async () => {
  const identity = await generateX25519Identity();
  const file = await collectBytes(
    encryptAge(utf8('content'), { recipients: [await identityToRecipient(identity)] }),
  );
  const text = Buffer.from(file).toString('latin1');
  const mac = text.indexOf('\n--- ') + 5;
  const damaged = file.slice();
  damaged[mac] = damaged[mac] === 65 ? 66 : 65;
  await assert.rejects(collectBytes(decryptAge(damaged, { identities: [identity] })), (error) =>
    isBackupError(error, 'archive-damaged'),
  );
  await assert.rejects(
    collectBytes(decryptAge(file, { identities: [await generateX25519Identity()] })),
    (error) => isBackupError(error, 'wrong-key') && error.cause === undefined,
  );
});
