import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { hashSchemes } from '../../src/archive/password/hash-schemes.js';
import { passphraseFor, passphraseFromPassword } from '../../src/archive/password/passphrase.js';
import {
  hashPassword,
  parseStoredPassword,
  type StoredPassword,
  storedPasswordStrength,
  verifyStoredPassword,
} from '../../src/archive/password/stored-password.js';
import { isBackupError } from '../../src/errors.js';
import { fc } from '../support/properties.js';

// Salts that give themselves away: the base64 of 00, 01, 02 …
const salt64 = Buffer.from(Array.from({ length: 64 }, (_, i) => i)).toString('base64');
const salt16 = Buffer.from(Array.from({ length: 16 }, (_, i) => i)).toString('base64');

describe('taking a stored password apart', () => {
  const cases: [string, string | null, StoredPassword][] = [
    ['NULL', null, { scheme: 'None', salt: '', hash: '' }],
    ['the empty text', '', { scheme: 'None', salt: '', hash: '' }],
    ['the canonical empty password', 'None$$', { scheme: 'None', salt: '', hash: '' }],
    ['a scheme and a salt but no hash', 'SHA3_512$c2FsdA==$', { scheme: 'None', salt: '', hash: '' }],
    ['a plain text', 'None$TrashPanda$Groot', { scheme: 'None', salt: 'TrashPanda', hash: 'Groot' }],
    [
      'unsalted MD5 of long ago',
      '7215ee9c7d9dc229d2921a==',
      { scheme: 'MD5', salt: '', hash: '7215ee9c7d9dc229d2921a==' },
    ],
    ['unsalted MD5 of today', 'MD5$$x==', { scheme: 'MD5', salt: '', hash: 'x==' }],
    ['text of no form', 'lakjdfhldjfyndslf', { scheme: 'None', salt: '', hash: 'lakjdfhldjfyndslf' }],
    ['an unknown scheme', 'Vroom$Vroom$Racing', { scheme: 'None', salt: '', hash: 'Vroom$Vroom$Racing' }],
    ['a property of every object', 'toString$a$b', { scheme: 'None', salt: '', hash: 'toString$a$b' }],
    ['a field too many', 'MD5$a$b$c', { scheme: 'None', salt: '', hash: 'MD5$a$b$c' }],
    ['a field too few', 'MD5$a', { scheme: 'None', salt: '', hash: 'MD5$a' }],
    ['another case of letters', 'md5$a$b', { scheme: 'None', salt: '', hash: 'md5$a$b' }],
    [
      '24 letters ending in == with a dollar',
      'MD5$345678901234567890$==',
      {
        scheme: 'MD5',
        salt: '345678901234567890',
        hash: '==',
      },
    ],
    ['the numeral 0', '0$a$b', { scheme: 'None', salt: 'a', hash: 'b' }],
    ['the numeral 1', '1$a$b', { scheme: 'MD5', salt: 'a', hash: 'b' }],
    ['the numeral 2', '2$a$b', { scheme: 'MD5_ECW', salt: 'a', hash: 'b' }],
    ['the numeral 3', '3$a$b', { scheme: 'SHA3_512', salt: 'a', hash: 'b' }],
    ['a numeral beyond', '4$a$b', { scheme: 'None', salt: '', hash: '4$a$b' }],
  ];
  for (const [name, text, expected] of cases) {
    it(name, () => assert.deepEqual(parseStoredPassword(text), expected));
  }

  it('with the eClinicalWorks link on, bare text is that program’s hash', () => {
    const ecw = { eClinicalWorks: true };
    const bare = '81dc9bdb52d04dc20036dbd8313ed055';
    assert.deepEqual(parseStoredPassword(bare, ecw), { scheme: 'MD5_ECW', salt: '', hash: bare });
    assert.equal(parseStoredPassword(bare).scheme, 'None');
    assert.equal(parseStoredPassword('7215ee9c7d9dc229d2921a==', ecw).scheme, 'MD5');
    assert.equal(parseStoredPassword('', ecw).hash, '');
  });

  it('never fails, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => `MD5$${s}$${s}`),
        ),
        fc.boolean(),
        (text, eClinicalWorks) => {
          const { scheme, salt, hash } = parseStoredPassword(text, { eClinicalWorks });
          assert.ok(['None', 'MD5', 'MD5_ECW', 'SHA3_512'].includes(scheme));
          assert.equal(typeof salt + typeof hash, 'stringstring');
        },
      ),
    );
  });
});

describe('checking a typed password against a stored one', () => {
  const vectors: [string, string, string][] = [
    [
      'SHA3_512 with an empty salt, FIPS-202 padding',
      'SHA3_512$$J3k3VWdgC8ffI5EhDVNr8aNfrtYZqm+bwUDFSbTbArOodGBxByKJC8S1gRmJwNKO0omhhpjb6DWp8nBMlfm4cA==',
      ' ',
    ],
    [
      'SHA3_512, salt text before the password',
      `SHA3_512$${salt64}$kYHKw9Hy2l95R0ZuOSvSdtdxX/VGxwTlu+I1HLROibmdROfKKD+xYbAoBtou84clNbAkcgGTFptGBg2ZHbKYNA==`,
      'awesomePassword',
    ],
    [
      'SHA3_512 of letters beyond ASCII and beyond the first plane',
      'SHA3_512$$5esXMVg24z6jmrybPrFlHX79et7IhzkLJLPosrNWsmqVGrod934/Vm83mFJ0Rwftd1c8xGxqNpAATjJAGBwJCw==',
      'Pässwörd😀',
    ],
    ['MD5 without salt, of long ago', 'DwN1hMmef9T0+MWVUPj1Bw==', '1234'],
    ['MD5 with salt', `MD5$${salt16}$YivdcNcwliTxRg4m00C5Rg==`, '1234'],
    ['MD5_ECW of one space', 'MD5_ECW$$7215ee9c7d9dc229d2921a40e899ec5f', ' '],
    ['MD5_ECW of 1234', 'MD5_ECW$$81dc9bdb52d04dc20036dbd8313ed055', '1234'],
    ['a numeral as scheme', '2$$81dc9bdb52d04dc20036dbd8313ed055', '1234'],
  ];
  for (const [name, text, password] of vectors) {
    it(name, () => {
      const stored = parseStoredPassword(text);
      assert.equal(verifyStoredPassword(stored, password), true);
      assert.equal(hashPassword(stored.scheme, stored.salt, password), stored.hash);
      for (const wrong of ['', `${password} `, ` ${password}`, `${password.toUpperCase()}x`, 'Password']) {
        assert.equal(verifyStoredPassword(stored, wrong), false, JSON.stringify(wrong));
      }
    });
  }

  it('no password is normalised or trimmed: another form of the same letter is another password', () => {
    const stored = parseStoredPassword(`SHA3_512$s$${hashPassword('SHA3_512', 's', 'caf\u00e9')}`);
    assert.equal(verifyStoredPassword(stored, 'caf\u00e9'), true);
    assert.equal(verifyStoredPassword(stored, 'cafe\u0301'), false);
  });

  it('None takes the empty password and no other, not even its own text', () => {
    for (const text of [null, '', 'None$$', 'None$TrashPanda$Groot']) {
      assert.equal(verifyStoredPassword(parseStoredPassword(text), ''), true);
      assert.equal(verifyStoredPassword(parseStoredPassword(text), 'Groot'), false);
    }
  });

  it('the hashes are those of an independent implementation', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.string({ unit: 'grapheme', minLength: 1 }),
        (salt, password) => {
          const bytes = Buffer.from(salt + password, 'utf16le');
          assert.equal(
            hashPassword('SHA3_512', salt, password),
            createHash('sha3-512').update(bytes).digest('base64'),
          );
          assert.equal(hashPassword('MD5', salt, password), createHash('md5').update(bytes).digest('base64'));
        },
      ),
    );
  });

  it('MD5_ECW writes a question mark for what ASCII lacks', () => {
    assert.equal(hashPassword('MD5_ECW', '', 'ä😀'), hashPassword('MD5_ECW', '', '???'));
  });

  it('an unknown scheme is a mistake of the caller', () => {
    assert.throws(() => hashPassword('None', '', 'x'), RangeError);
    assert.throws(() => hashPassword('constructor', '', 'x'), RangeError);
  });

  it('a host can add a scheme of its own', () => {
    const schemes = {
      ...hashSchemes,
      Reverse: {
        name: 'Reverse',
        hash: (salt: string, password: string) => [...`${password}${salt}`].reverse().join(''),
      },
    };
    const stored = parseStoredPassword('Reverse$ab$bacba', { schemes });
    assert.equal(stored.scheme, 'Reverse');
    assert.equal(verifyStoredPassword(stored, 'abc', schemes), true);
    assert.equal(storedPasswordStrength(stored, schemes), 'hashed');
  });
});

describe('whether a stored password protects anything', () => {
  const cases: [string | null, string][] = [
    [null, 'empty'],
    ['', 'empty'],
    ['None$$', 'empty'],
    ['MD5$c2FsdA==$', 'empty'],
    [`MD5$${salt16}$${hashPassword('MD5', salt16, '')}`, 'empty'],
    ['MD5_ECW$$d41d8cd98f00b204e9800998ecf8427e', 'empty'],
    ['None$TrashPanda$Groot', 'unsupported'],
    ['lakjdfhldjfyndslf', 'unsupported'],
    ['4$a$b', 'unsupported'],
    ['DwN1hMmef9T0+MWVUPj1Bw==', 'hashed'],
    ['SHA3_512$a$b', 'hashed'],
  ];
  for (const [text, strength] of cases) {
    it(`${text} is ${strength}`, () =>
      assert.equal(storedPasswordStrength(parseStoredPassword(text)), strength));
  }
});

describe('from a typed password to the passphrase of a sealed identity', () => {
  const sealed = { recipient: 'age1', sealedIdentity: '' };

  it('enrolled: the NFKC form, so that keyboards agree', () => {
    const unlock = { kind: 'enrolled', epoch: 1, ...sealed } as const;
    assert.equal(passphraseFor(unlock, 'cafe\u0301 ﬁ'), 'caf\u00e9 fi');
    assert.equal(passphraseFromPassword(new TextEncoder().encode('①')), '1');
  });

  it('stored hash: the hash text, by Open Dental’s own encoding', () => {
    const unlock = { kind: 'stored-hash', hashType: 'MD5', salt: salt16, ...sealed } as const;
    assert.equal(passphraseFor(unlock, '1234'), 'YivdcNcwliTxRg4m00C5Rg==');
    assert.equal(passphraseFor(unlock, Buffer.from('1234')), 'YivdcNcwliTxRg4m00C5Rg==');
  });

  it('a scheme of the future is refused as such, not as a wrong password', () => {
    const unlock = { kind: 'stored-hash', hashType: 'ARGON2', salt: '', ...sealed } as const;
    assert.throws(
      () => passphraseFor(unlock, '1234'),
      (error) => isBackupError(error, 'archive-unsupported'),
    );
  });

  it('bytes that are no text are refused without being quoted', () => {
    assert.throws(() => passphraseFromPassword(Uint8Array.of(0xff, 0x41)), {
      name: 'TypeError',
      message: '"password" must be UTF-8',
    });
  });
});
