import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { armor, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { maxArmorBytes } from '../../../src/archive/age/armor.js';
import { decryptAge } from '../../../src/archive/age/decrypt.js';
import { encryptAge } from '../../../src/archive/age/encrypt.js';
import { collectBytes, fromUtf8, utf8 } from '../../../src/bytes.js';
import { isBackupError } from '../../../src/errors.js';

const begin = '-----BEGIN AGE ENCRYPTED FILE-----\n';

describe('the text form of an age file', () => {
  let identities: string[];
  let recipients: string[];
  before(async () => {
    identities = [await generateX25519Identity()];
    recipients = [await identityToRecipient(identities[0]!)];
  });

  it('is that of another implementation, whatever the size', async () => {
    for (const size of [0, 1, 2, 47, 48, 49, 300_000, 700_000, 1_000_001]) {
      const content = new Uint8Array(size).fill(7);
      const text = fromUtf8(await collectBytes(encryptAge(content, { recipients, armor: true })));
      // Lines of 64 letters, none but the last shorter.
      assert.match(
        text,
        /^-----BEGIN AGE ENCRYPTED FILE-----\n(\S{64}\n)*\S{1,64}\n-----END AGE ENCRYPTED FILE-----\n$/,
      );
      const binary = armor.decode(text);
      assert.equal(text.trimEnd(), armor.encode(binary).trimEnd());
      assert.deepEqual(await collectBytes(decryptAge(binary, { identities })), content);
    }
  });

  it('is read behind white space, as much as nobody would leave, and no more', async () => {
    const content = utf8('content');
    const text = fromUtf8(await collectBytes(encryptAge(content, { recipients, armor: true })));
    const open = (given: string): Promise<Uint8Array> =>
      collectBytes(decryptAge(utf8(given), { identities }));
    assert.deepEqual(await open(` \t\r\n${' '.repeat(1019)}${text}`), content);
    await assert.rejects(open(`${' '.repeat(1024)}${text}`), (error) =>
      isBackupError(error, 'archive-unsupported'),
    );
    await assert.rejects(open(text.replace('\n-----END', '\n!-----END')), (error) => {
      assert.ok(isBackupError(error, 'archive-damaged'));
      return error.cause instanceof Error;
    });
  });

  it('is given up where it is longer than can be held, and says what its source says', async () => {
    let given = 0;
    function* endless(): Generator<Uint8Array> {
      const piece = new Uint8Array(2 ** 20).fill(65);
      yield utf8(begin);
      for (; ; given += piece.length) yield piece;
    }
    await assert.rejects(collectBytes(decryptAge(endless(), { identities })), (error) =>
      isBackupError(error, 'archive-limit-exceeded'),
    );
    assert.ok(given <= maxArmorBytes, `${given} bytes were read`);
    function* broken(): Generator<Uint8Array> {
      yield utf8(begin.padEnd(2000, 'A'));
      throw new Error('the line is down');
    }
    await assert.rejects(collectBytes(decryptAge(broken(), { identities })), /^Error: the line is down$/);
  });

  it('lets go of its source when nobody wants more', async () => {
    let closed = 0;
    function* source(): Generator<Uint8Array> {
      try {
        for (;;) yield new Uint8Array(300_000);
      } finally {
        closed++;
      }
    }
    let pieces = 0;
    for await (const _ of encryptAge(source(), { recipients, armor: true })) if (++pieces === 5) break;
    assert.equal(closed, 1);
  });
});
