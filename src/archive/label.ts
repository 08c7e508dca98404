import { type Recipient, Stanza } from 'age-encryption';
import { assertEach } from '../arguments.js';
import { utf8 } from '../bytes.js';
import { BackupError } from '../errors.js';
import type { Label } from '../model/parts.js';
import { formatVersion, parseLabel } from './descriptions.js';

/** Type of the stanza that holds the label; age itself ignores it. */
export const labelStanza = 'supplemental-backup/label';
/** Largest label, in bytes: enough for the identities of many password changes. */
export const maxLabelBytes: number = 256 * 1024;

/** The fields that a caller gives; the rest of the {@link Label} has defaults. */
export type LabelFields = Omit<Label, 'archiveId' | 'createdAt' | 'format'> &
  Partial<Pick<Label, 'archiveId' | 'createdAt'>>;

/** Completes a label with a random id and the current time, where they are not given. */
export function makeLabel(fields: LabelFields): Label {
  assertEach('label.unlock', fields.unlock, { kind: 'text' });
  const id = crypto.getRandomValues(new Uint8Array(16));
  const archiveId = fields.archiveId ?? Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const createdAt = fields.createdAt ?? new Date().toISOString();
  const label: Label = { format: formatVersion, ...fields, archiveId, createdAt };
  if (new Set(label.unlock.map(({ kind }) => kind)).size > 1) {
    throw new TypeError(
      '"label" has "unlock" entries of two kinds, of which the weaker would decide the security of the archive',
    );
  }
  const bytes = utf8(JSON.stringify(label));
  if (bytes.length > maxLabelBytes) throw new RangeError(`"label" is longer than ${maxLabelBytes} bytes`);
  try {
    parseLabel(bytes);
  } catch {
    throw new TypeError('"label" lacks a field or has an invalid one');
  }
  return label;
}

/** The label as a recipient that wraps no key: its stanza is in the header, whose MAC covers it. */
export function labelRecipient(label: Label): Recipient {
  return { wrapFileKey: () => [new Stanza([labelStanza], utf8(JSON.stringify(label)))] };
}

/**
 * The label in the stanzas of a header; null when there is none.
 *
 * @throws BackupError `archive-damaged`, `archive-limit-exceeded`, `archive-unsupported`
 */
export function labelOf(stanzas: readonly Stanza[]): Label | null {
  const found = stanzas.filter((stanza) => stanza.args[0] === labelStanza);
  const stanza = found[0];
  if (stanza === undefined) return null;
  if (stanza.args.length > 1)
    throw new BackupError('archive-damaged', 'The label of the archive is malformed.');
  if (found.length > 1) throw new BackupError('archive-damaged', 'The archive has more than one label.');
  if (stanza.body.length > maxLabelBytes) {
    throw new BackupError('archive-limit-exceeded', 'The label of the archive is too long.');
  }
  return parseLabel(stanza.body);
}
