import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import {
  generateX25519Identity,
  type Identity,
  identityToRecipient,
  type Recipient,
  Stanza,
} from 'age-encryption';
import { decryptAge } from '../../../src/archive/age/decrypt.js';
import { encryptAge } from '../../../src/archive/age/encrypt.js';
import { maxHeaderBytes, maxStanzas } from '../../../src/archive/age/header.js';
import { inspectArchive } from '../../../src/archive/inspect-archive.js';
import { collectBytes, utf8 } from '../../../src/bytes.js';
import { type BackupErrorCode, isBackupError } from '../../../src/errors.js';

const content = utf8('content');
const hasCode = (code: BackupErrorCode) => (error: unknown) => isBackupError(error, code);

function* pieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/**
 * A recipient that wraps no key and takes room: stanzas of so many bytes, the last with so long an argument.
 */
function filler(count: number, bodyBytes: number, argument = 1): Recipient {
  return {
    wrapFileKey: () =>
      Array.from(
        { length: count },
        (_, i) =>
          new Stanza(['filler', 'x'.repeat(i === count - 1 ? argument : 1)], new Uint8Array(bodyBytes)),
      ),
  };
}

describe('the header of an age file', () => {
  let identity: string;
  let recipient: string;
  before(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
  });

  const fileWith = (...recipients: readonly Recipient[]): Promise<Uint8Array> =>
    collectBytes(encryptAge(content, { recipients: [recipient, ...recipients] }));
  const open = (file: Uint8Array, step = file.length): Promise<Uint8Array> =>
    collectBytes(decryptAge(pieces(file, step), { identities: [identity] }));
  const headerBytesOf = async (file: Uint8Array): Promise<number> => (await inspectArchive(file)).headerBytes;
  /** A file whose header has exactly so many bytes. */
  const fileOfHeader = async (wanted: number): Promise<Uint8Array> => {
    // Base64 with a line end for each 64 letters, and room left for the argument.
    const bodyBytes = Math.floor(((wanted - 400) / 65) * 48);
    const without = await headerBytesOf(await fileWith(filler(1, bodyBytes, 1)));
    return fileWith(filler(1, bodyBytes, 1 + wanted - without));
  };

  it('is found wherever it ends, in whatever pieces it comes', async () => {
    for (const border of [4096, 8192, 16384]) {
      for (let wanted = border - 60; wanted <= border + 60; wanted += 5) {
        const file = await fileOfHeader(wanted);
        assert.equal(await headerBytesOf(file), wanted);
        for (const step of [file.length, 4096, 61])
          assert.deepEqual(await open(file, step), content, `${wanted}`);
      }
    }
  });

  it('is read up to its limits, and no further', async () => {
    const longest = await fileOfHeader(maxHeaderBytes);
    assert.equal(await headerBytesOf(longest), 2 ** 20);
    assert.deepEqual(await open(longest, 65536), content);
    const most = await fileWith(filler(127, 32));
    assert.equal((await inspectArchive(most)).recipients.length, maxStanzas);
    assert.equal(maxStanzas, 128);
    assert.deepEqual(await open(most), content);
    const longer = new Uint8Array(longest.length + 1);
    // One letter more in the argument; where it ends is looked for before whether it is genuine.
    const at = Buffer.from(longest).indexOf('xx');
    longer.set(longest.subarray(0, at));
    longer[at] = 0x78;
    longer.set(longest.subarray(at), at + 1);
    for (const tooMuch of [longer, await fileWith(filler(128, 32))]) {
      await assert.rejects(inspectArchive(tooMuch), hasCode('archive-limit-exceeded'));
      await assert.rejects(open(tooMuch), hasCode('archive-limit-exceeded'));
    }
  });

  it('F7: is refused when it was cut, as no age file or as a damaged one', async () => {
    const file = await fileWith();
    const end = await headerBytesOf(file);
    for (let at = 0; at < end; at++) {
      const code = at < 'age-encryption.org/v1\n'.length ? 'archive-unsupported' : 'archive-damaged';
      await assert.rejects(open(file.subarray(0, at)), hasCode(code), String(at));
      await assert.rejects(inspectArchive(file.subarray(0, at)), hasCode(code), String(at));
    }
    const damaged = file.slice();
    damaged.set(utf8('!'), end - 2);
    await assert.rejects(open(damaged), (error) => {
      assert.ok(isBackupError(error, 'archive-damaged'));
      return error.cause instanceof Error;
    });
    const other = file.slice();
    other['age-encryption.org/v'.length] = '2'.charCodeAt(0);
    await assert.rejects(open(other), hasCode('archive-unsupported'));
  });

  it('opens by whichever of several keys fits, and says when none does', async () => {
    const file = await fileWith();
    const strangers = [await generateX25519Identity(), await generateX25519Identity()];
    const decrypt = (identities: readonly (string | Identity)[], bytes = file): Promise<Uint8Array> =>
      collectBytes(decryptAge(bytes, { identities }));
    await assert.rejects(decrypt(strangers), hasCode('wrong-key'));
    assert.deepEqual(await decrypt([...strangers, identity]), content);
  });

  it('is not made when a recipient fails, and that is told as it was', async () => {
    const failing: Recipient = { wrapFileKey: () => Promise.reject(new Error('the card was pulled')) };
    await assert.rejects(fileWith(failing), /^Error: the card was pulled$/);
  });

  it('passes over an identity that fails, and says that it did when no other fits', async () => {
    const pulled = new Error('the card was pulled');
    const failing: Identity = { unwrapFileKey: () => Promise.reject(pulled) };
    const file = await fileWith();
    const decrypt = (identities: readonly (string | Identity)[]): Promise<Uint8Array> =>
      collectBytes(decryptAge(file, { identities }));
    assert.deepEqual(await decrypt([failing, identity]), content);
    await assert.rejects(
      decrypt([failing, await generateX25519Identity()]),
      (error) => isBackupError(error, 'wrong-key') && error.cause === pulled,
    );
  });

  it('gives a key that is wiped once the content can be read, or never can', async () => {
    let wrapped = new Uint8Array(0);
    const own: Recipient = {
      wrapFileKey(fileKey) {
        wrapped = fileKey.slice();
        return [new Stanza(['own'], new Uint8Array(1))];
      },
    };
    const file = await fileWith(own);
    const end = await headerBytesOf(file);
    const given: Uint8Array[] = [];
    const identities: Identity[] = [
      {
        unwrapFileKey() {
          given.push(wrapped.slice());
          return given.at(-1)!;
        },
      },
    ];
    assert.ok(wrapped.some((byte) => byte !== 0));
    assert.deepEqual(await collectBytes(decryptAge(file, { identities })), content);
    for (const left of [0, 15, 16, 20]) {
      const cut = file.subarray(0, end + left);
      await assert.rejects(collectBytes(decryptAge(cut, { identities })), hasCode('archive-damaged'));
    }
    assert.equal(given.length, 5);
    for (const key of given) assert.deepEqual(key, new Uint8Array(16));
  });
});

describe('a passphrase of an age file', () => {
  const encrypt = (scryptLogN?: number): Promise<Uint8Array> =>
    collectBytes(
      encryptAge(content, { passphrase: 'words', ...(scryptLogN !== undefined && { scryptLogN }) }),
    );

  it('costs a third of a second by default, and from least to most what is asked for', async () => {
    assert.match(Buffer.from(await encrypt()).toString('latin1'), /\n-> scrypt \S{22} 17\n/);
    assert.match(Buffer.from(await encrypt(1)).toString('latin1'), /\n-> scrypt \S{22} 1\n/);
    // Only that it is taken: nothing is done before the first byte is asked for.
    encryptAge(content, { passphrase: 'words', scryptLogN: 20 });
  });

  it('is tried up to the work that is allowed, and no further', async () => {
    const file = await encrypt(5);
    const decrypt = (maxScryptLogN: number): Promise<Uint8Array> =>
      collectBytes(decryptAge(file, { passphrase: 'words', maxScryptLogN }));
    assert.deepEqual(await decrypt(5), content);
    await assert.rejects(decrypt(4), hasCode('archive-limit-exceeded'));
    const text = Buffer.from(file).toString('latin1');
    for (const logN of ['05', '+5', '5x', 'x5', '5 5', '0', '-1']) {
      const odd = Buffer.from(text.replace(/(-> scrypt \S{22}) 5\n/, `$1 ${logN}\n`), 'latin1');
      const attempt = collectBytes(decryptAge(new Uint8Array(odd), { passphrase: 'words' }));
      await assert.rejects(attempt, hasCode('archive-damaged'), logN);
    }
    for (const logN of ['21', '30', '64']) {
      const heavy = Buffer.from(text.replace(/(-> scrypt \S{22}) 5\n/, `$1 ${logN}\n`), 'latin1');
      const attempt = collectBytes(decryptAge(new Uint8Array(heavy), { passphrase: 'words' }));
      await assert.rejects(attempt, hasCode('archive-limit-exceeded'), logN);
    }
  });
});
