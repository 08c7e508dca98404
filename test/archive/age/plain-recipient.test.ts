import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { checkRecipients } from '../../../src/archive/age/keys.js';
import { isPlainRecipient } from '../../../src/archive/age/plain-recipient.js';

test('a text is known as a plain recipient exactly when age takes it for one', async () => {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const typedWrong = Array.from(recipient, (letter, at) => {
    const other = letter === 'q' ? 'p' : 'q';
    return recipient.slice(0, at) + other + recipient.slice(at + 1);
  });
  const texts = [
    ...[recipient, recipient.toUpperCase(), `${recipient} `, recipient.slice(0, -1), `${recipient}q`],
    ...[identity, identity.toLowerCase(), '', 'age1', 'age1yubikey1qqqqqq', 'bob@example.com'],
    ...typedWrong,
  ];
  for (const text of texts) assert.equal(isPlainRecipient(text), isTaken(text), text);
  assert.ok(isPlainRecipient(recipient));
});

test('a recipient of another kind is none of the plain ones', async () => {
  const hybrid = await identityToRecipient(await generateHybridIdentity());
  assert.ok(isTaken(hybrid));
  assert.ok(!isPlainRecipient(hybrid));
});

function isTaken(text: string): boolean {
  try {
    checkRecipients([text]);
    return true;
  } catch {
    return false;
  }
}
