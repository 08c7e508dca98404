import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { generateX25519Identity, identityToRecipient, type Recipient, Stanza } from 'age-encryption';
import { encryptAge } from '../../src/archive/age/encrypt.js';
import { inspectArchive } from '../../src/archive/inspect-archive.js';
import { labelRecipient, labelStanza, makeLabel, maxLabelBytes } from '../../src/archive/label.js';
import { collectBytes, utf8 } from '../../src/bytes.js';
import { type BackupErrorCode, isBackupError } from '../../src/errors.js';
import type { Label } from '../../src/model/parts.js';
import { sampleLabel } from './support/parts.js';

describe('the label of an archive', () => {
  let recipient: string;
  before(async () => {
    recipient = await identityToRecipient(await generateX25519Identity());
  });

  const inspect = async (...others: readonly Recipient[]) =>
    inspectArchive(await collectBytes(encryptAge(utf8('content'), { recipients: [recipient, ...others] })));
  const hasCode = (code: BackupErrorCode) => (error: unknown) => isBackupError(error, code);
  const labelOfLength = (length: number, label: Label): Label => {
    const { length: shortest } = utf8(JSON.stringify({ ...label, practiceId: '' }));
    return { ...label, practiceId: 'x'.repeat(length - shortest) };
  };

  it('has an id of its own and the present moment, where none are given', () => {
    const earliest = Date.now();
    const labels = Array.from({ length: 20 }, () => makeLabel(sampleLabel));
    for (const { format, archiveId, createdAt } of labels) {
      assert.deepEqual(format, { major: 1, minor: 3 });
      assert.match(archiveId, /^[0-9a-f]{32}$/);
      assert.ok(Date.parse(createdAt) >= earliest && Date.parse(createdAt) <= Date.now());
      assert.equal(createdAt, new Date(createdAt).toISOString());
    }
    assert.equal(new Set(labels.map(({ archiveId }) => archiveId)).size, 20);
    const given = { archiveId: 'ab'.repeat(16), createdAt: '2026-07-15T05:00:00Z' };
    assert.deepEqual(makeLabel({ ...sampleLabel, ...given }), {
      format: { major: 1, minor: 3 },
      ...sampleLabel,
      ...given,
    });
  });

  it('is written and read up to 256 KiB, and no further', async () => {
    assert.equal(maxLabelBytes, 262_144);
    const longest = labelOfLength(maxLabelBytes, makeLabel(sampleLabel));
    assert.deepEqual(makeLabel(longest), longest);
    assert.deepEqual((await inspect(labelRecipient(longest))).label, longest);
    const longer = labelOfLength(maxLabelBytes + 1, longest);
    assert.throws(() => makeLabel(longer), RangeError);
    await assert.rejects(inspect(labelRecipient(longer)), hasCode('archive-limit-exceeded'));
  });

  it('stands once, alone in its stanza, beside stanzas of any other kind', async () => {
    const label = makeLabel(sampleLabel);
    const body = utf8(JSON.stringify(label));
    const stanzas = (...all: readonly Stanza[]): Recipient => ({ wrapFileKey: () => [...all] });
    const own = new Stanza([labelStanza], body);
    const foreign = [new Stanza(['other', labelStanza], body), new Stanza([`${labelStanza}s`], body)];
    const { label: read, recipients } = await inspect(stanzas(foreign[0]!, own, foreign[1]!));
    assert.deepEqual(read, label);
    assert.deepEqual(recipients, ['X25519', 'other', `${labelStanza}s`]);
    assert.equal((await inspect(stanzas(...foreign))).label, null);
    await assert.rejects(inspect(stanzas(own, own)), hasCode('archive-damaged'));
    await assert.rejects(inspect(stanzas(new Stanza([labelStanza, 'x'], body))), hasCode('archive-damaged'));
  });

  it('cannot be made of what no reader would take', () => {
    for (const wrong of [{ scope: 'all' }, { archiveId: 'short' }, { practiceId: 5 }, { keyHolder: {} }]) {
      assert.throws(() => makeLabel({ ...sampleLabel, ...wrong } as never), /^TypeError: "label" lacks/);
    }
  });
});
