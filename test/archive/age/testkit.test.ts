// Not a quick test: 858 openings of another project’s files.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { inflateSync } from 'node:zlib';
import { generateX25519Identity } from 'age-encryption';
import * as testkit from 'cctv-age';
import { type DecryptAgeOptions, decryptAgeWith } from '../../../src/archive/age/decrypt.js';
import { engine as nodeEngine } from '../../../src/engine/node.js';
import { engine as portableEngine } from '../../../src/engine/portable.js';
import { type BackupErrorCode, isBackupError } from '../../../src/errors.js';

// The package says it has one export, and has one per vector.
const vectors = testkit as unknown as Readonly<Record<string, Uint8Array>>;

// For the vectors that come without a key.
const stranger = await generateX25519Identity();

/** A vector of the age testkit: facts, an empty line, the file. */
interface Vector {
  readonly facts: Readonly<Record<string, readonly string[]>>;
  readonly file: Uint8Array;
}

function parseVector(bytes: Uint8Array): Vector {
  const end = Buffer.from(bytes).indexOf('\n\n');
  const facts: Record<string, string[]> = {};
  for (const line of Buffer.from(bytes.subarray(0, end)).toString().split('\n')) {
    const [name, value] = line.split(/: (.*)/s) as [string, string];
    facts[name] = [...(facts[name] ?? []), value];
  }
  const body = bytes.subarray(end + 2);
  return { facts, file: facts['compressed']?.[0] === 'zlib' ? new Uint8Array(inflateSync(body)) : body };
}

const codesOf: Readonly<Record<string, readonly BackupErrorCode[]>> = {
  'no match': ['wrong-key'],
  // Which of the two is told is the reader's own choice; a work factor beyond the limit is one of them.
  'header failure': ['archive-damaged', 'archive-unsupported', 'archive-limit-exceeded'],
  'HMAC failure': ['archive-damaged'],
  'armor failure': ['archive-damaged', 'archive-unsupported'],
  'payload failure': ['archive-damaged'],
};

function* inPieces(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const deliveries: Readonly<Record<string, (file: Uint8Array) => Uint8Array | Iterable<Uint8Array>>> = {
  'one shot': (file) => file,
  'pieces of 4099 bytes': (file) => inPieces(file, 4099),
  'odd pieces': (file) => inPieces(file, file.length < 20_000 ? 1 : 65_537),
};

const parsed = Object.entries(vectors).map(([name, bytes]) => ({ name, ...parseVector(bytes) }));

for (const engine of [nodeEngine, portableEngine]) {
  for (const [delivery, deliver] of Object.entries(deliveries)) {
    describe(`the age testkit, ${engine.name} engine, ${delivery}`, () => {
      for (const { name, facts, file } of parsed) {
        const expected = facts['expect']![0]!;
        it(`${name}: ${expected}`, async () => {
          const options: DecryptAgeOptions = {
            identities: facts['identity'] ?? (facts['passphrase'] === undefined ? [stranger] : []),
            ...(facts['passphrase'] === undefined ? {} : { passphrase: facts['passphrase'][0]! }),
          };
          const digest = createHash('sha256');
          let failure: unknown = null;
          try {
            for await (const piece of decryptAgeWith(engine, deliver(file), options)) digest.update(piece);
          } catch (error) {
            failure = error;
          }
          if (expected === 'success') assert.equal(failure, null);
          else {
            assert.ok(isBackupError(failure), String(failure));
            assert.ok(codesOf[expected]!.includes(failure.code), failure.code);
          }
          // What was given out before a failure is exactly what had authenticated. Only of a text form with
          // garbage at its end nothing is given out, because the text is checked as a whole first.
          const isWholeText = name === 'armor_garbage_encoded';
          if (facts['payload'] !== undefined && !isWholeText)
            assert.equal(digest.digest('hex'), facts['payload'][0]);
        });
      }
    });
  }
}

describe('the age testkit', () => {
  it('is all there', () => {
    assert.equal(Object.keys(vectors).length, 143);
  });
});
