// Makes the frozen archives of test/vectors, those that are not there yet:
// `node dist/test/archive/vectors/make-vectors.js`. What is there is never made again: every later version
// must open it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { decryptAge } from '../../../src/archive/age/decrypt.js';
import { encryptAge } from '../../../src/archive/age/encrypt.js';
import { decryptArchive } from '../../../src/archive/decrypt-archive.js';
import { encryptArchive } from '../../../src/archive/encrypt-archive.js';
import { filterParts } from '../../../src/archive/filter-parts.js';
import { labelRecipient, makeLabel } from '../../../src/archive/label.js';
import { passphraseFor } from '../../../src/archive/password/passphrase.js';
import { collectBytes, fromUtf8, utf8 } from '../../../src/bytes.js';
import type { Label, Part, Unlock } from '../../../src/model/parts.js';
import { sampleLabel, sampleParts } from '../support/parts.js';
import { projectRoot } from '../support/reader-script.js';
import { tarOfLaterMinor } from './later-minor.js';
import {
  partsOfBase64,
  partsOfEveryForm,
  partsOfEveryKey,
  partsOfEveryTexture,
  partsWithPromise,
} from './parts.js';
import { render } from './render.js';
import type { Vector } from './vector.js';

const place = join(projectRoot, 'test', 'vectors');

interface Pair {
  readonly identity: string;
  readonly recipient: string;
}

async function pairOf(identity: string): Promise<Pair> {
  return { identity, recipient: await identityToRecipient(identity) };
}

const sealedWith = async (pair: Pair, passphrase: string): Promise<string> =>
  fromUtf8(
    await collectBytes(encryptAge(utf8(`${pair.identity}\n`), { passphrase, scryptLogN: 10, armor: true })),
  );
const sealedTo = async (pair: Pair, recipient: string): Promise<string> =>
  fromUtf8(
    await collectBytes(encryptAge(utf8(`${pair.identity}\n`), { recipients: [recipient], armor: true })),
  );

const x25519 = await pairOf(await generateX25519Identity());
const older = await pairOf(await generateX25519Identity());
const oldest = await pairOf(await generateX25519Identity());
const hybrid = await pairOf(await generateHybridIdentity());
const keyHolder = { userNum: '9007199254740993', userName: 'Änne Muster' };

async function storedHash(hashType: string, salt: string, password: string): Promise<Partial<Label>> {
  const bare = { kind: 'stored-hash', hashType, salt, recipient: x25519.recipient } as const;
  const unlock: Unlock = {
    ...bare,
    sealedIdentity: await sealedWith(x25519, passphraseFor({ ...bare, sealedIdentity: '' }, password)),
  };
  return { keyHolder, unlock: [unlock] };
}

async function make(
  name: string,
  what: string,
  parts: AsyncIterable<Part>,
  recipients: readonly string[],
  keys: Pick<Vector, 'identities' | 'passwords' | 'wrongPasswords'>,
  label: Partial<Label> = {},
): Promise<void> {
  if (existsSync(join(place, `${name}.json`))) return;
  const archive = encryptArchive(parts, { recipients, label: { ...sampleLabel, ...label } });
  await write(name, what, await collectBytes(archive), keys, archive.label);
}

async function write(
  name: string,
  what: string,
  bytes: Uint8Array,
  keys: Pick<Vector, 'identities' | 'passwords' | 'wrongPasswords'>,
  label: Label | null,
): Promise<void> {
  const first = keys.identities?.[0];
  const content = await render(
    decryptArchive(bytes, first === undefined ? { password: keys.passwords![0]! } : { identities: [first] }),
  );
  const vector: Vector = { what, ...keys, label, content };
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, `${name}.tar.age`), bytes);
  writeFileSync(join(place, `${name}.json`), `${JSON.stringify(vector)}\n`);
}

await make('every-form', 'every form of value in every encoding', partsOfEveryForm(), [x25519.recipient], {
  identities: [x25519.identity],
});
await make('hybrid', 'sealed to a post-quantum hybrid recipient', sampleParts(), [hybrid.recipient], {
  identities: [hybrid.identity],
});
await make(
  'two-recipients',
  'sealed to two recipients',
  sampleParts(),
  [x25519.recipient, hybrid.recipient],
  {
    identities: [x25519.identity, hybrid.identity],
  },
);
await make(
  'critical',
  'some tables of a dump, and the list of what was left out',
  filterParts(sampleParts({ tables: 3 }), { tables: [{ name: 'table`2' }], scope: 'critical', leftOut: [] }),
  [x25519.recipient],
  { identities: [x25519.identity] },
  { scope: 'critical' },
);
await make(
  'many-chunks',
  'more than one chunk of 64 KiB, parts across their borders',
  sampleParts({ tables: 3, partsPerTable: 3, rowsPerPart: 250, noise: 40 }),
  [x25519.recipient],
  { identities: [x25519.identity] },
);
await make(
  'enrolled',
  'opened by the password itself, in any Unicode form; an older password does not open it',
  sampleParts(),
  [x25519.recipient],
  { passwords: ['Pässwörd ＡＢＣ', 'Pa\u0308sswo\u0308rd ABC'], wrongPasswords: ['Passwort ABC', ''] },
  {
    keyHolder,
    unlock: [
      {
        kind: 'enrolled',
        epoch: 2,
        recipient: x25519.recipient,
        sealedIdentity: await sealedWith(x25519, 'Pässwörd ABC'),
        chain: [
          { epoch: 1, recipient: older.recipient, sealedIdentity: await sealedTo(older, x25519.recipient) },
        ],
      },
    ],
  },
);
await make(
  'stored-hash-sha3',
  'opened by the password whose SHA3-512 hash the database stored',
  sampleParts(),
  [x25519.recipient],
  { passwords: ['awesomePassword'], wrongPasswords: ['awesomepassword'] },
  await storedHash('SHA3_512', 'AAECAwQFBgcICQoLDA0ODw==', 'awesomePassword'),
);
await make(
  'stored-hash-md5',
  'opened by the password whose MD5 hash the database stored',
  sampleParts(),
  [x25519.recipient],
  { passwords: ['1234'], wrongPasswords: ['12345'] },
  await storedHash('MD5', 'AAECAwQFBgcICQoLDA0ODw==', '1234'),
);
await make(
  'stored-hash-md5-ecw',
  'opened by the password whose unsalted MD5 hash another program stored; a question mark stands for what ASCII lacks',
  sampleParts({ tables: 1 }),
  [x25519.recipient],
  { passwords: ['Zähne', 'Z?hne'], wrongPasswords: ['Zahne'] },
  await storedHash('MD5_ECW', '', 'Zähne'),
);
await make(
  'two-ways-in',
  'opened by the passwords of two people, one of them by a post-quantum pair that leads down a chain of two',
  sampleParts({ tables: 1 }),
  [x25519.recipient, hybrid.recipient],
  {
    identities: [x25519.identity, hybrid.identity],
    passwords: ['the one', 'the other'],
    wrongPasswords: ['none'],
  },
  {
    keyHolder,
    unlock: [
      {
        kind: 'enrolled',
        epoch: 1,
        recipient: x25519.recipient,
        sealedIdentity: await sealedWith(x25519, 'the one'),
      },
      {
        kind: 'enrolled',
        epoch: 7,
        recipient: hybrid.recipient,
        sealedIdentity: await sealedWith(hybrid, 'the other'),
        chain: [
          { epoch: 5, recipient: older.recipient, sealedIdentity: await sealedTo(older, hybrid.recipient) },
          { epoch: 4, recipient: oldest.recipient, sealedIdentity: await sealedTo(oldest, older.recipient) },
        ],
      },
    ],
  },
);
await make(
  'every-key',
  'every key of every description, a table without rows, rows without columns, objects of every kind',
  partsOfEveryKey(),
  [x25519.recipient],
  { identities: [x25519.identity] },
);
await make(
  'every-texture',
  'a part whose compressed stream is of several pieces: runs, text, noise',
  partsOfEveryTexture(),
  [x25519.recipient],
  { identities: [x25519.identity] },
);
await make(
  'base64',
  'a column of base64 that stands as the bytes it was made of, beside values that are none',
  partsOfBase64(),
  [x25519.recipient],
  { identities: [x25519.identity] },
);
await make(
  'promised',
  'a front that names the tables to come, as written from version 1.1 on',
  partsWithPromise(),
  [x25519.recipient],
  { identities: [x25519.identity] },
);
await make(
  'content-id',
  'every file bears the id of its archive in the place of the owner, as written from version 1.2 on',
  sampleParts({ tables: 3, partsPerTable: 3, rowsPerPart: 250, noise: 40 }),
  [x25519.recipient],
  { identities: [x25519.identity] },
);
if (!existsSync(join(place, 'later-minor.json'))) {
  const later = {
    ...makeLabel(sampleLabel),
    format: { major: 1, minor: 7 },
    ofALaterVersion: { of: ['keys'] },
  };
  const bytes = await collectBytes(
    encryptAge(await tarOfLaterMinor(later), { recipients: [x25519.recipient, labelRecipient(later)] }),
  );
  const what = 'of a later minor version: more keys, more files, rows of tables in turns';
  await write('later-minor', what, bytes, { identities: [x25519.identity] }, later);
}
if (!existsSync(join(place, 'no-label.json'))) {
  const sealed = encryptArchive(sampleParts(), { recipients: [x25519.recipient], label: sampleLabel });
  const tar = decryptAge(await collectBytes(sealed), { identities: [x25519.identity] });
  const bytes = await collectBytes(encryptAge(tar, { recipients: [x25519.recipient] }));
  const what = 'a tar that was encrypted again with a tool that knows no label';
  await write('no-label', what, bytes, { identities: [x25519.identity] }, null);
}
