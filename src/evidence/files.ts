import { createHash } from 'node:crypto';
import { BackupError } from '../errors.js';
import { readFileIfThere } from '../files/read-file-if-there.js';
import { amount, count, flag, fromJson, objectOf, oneOf, text } from '../shapes.js';
import type { EvidenceRehearsal } from './facts.js';

const isRehearsal = objectOf({
  certificate: objectOf<EvidenceRehearsal>({
    equal: flag,
    provenAgainst: oneOf('archive', 'fingerprint', 'source'),
    rehearsedAt: text,
    restoreSeconds: amount,
    rows: count,
    server: text,
  }),
});

/**
 * The last rehearsal, as `rehearse --json` wrote it.
 *
 * @returns undefined when there is no such file
 * @throws BackupError `settings-invalid` when it is something else
 */
export async function readRehearsal(file: string): Promise<EvidenceRehearsal | undefined> {
  const written = await readFileIfThere(file);
  if (written === null) return undefined;
  const said = fromJson(written);
  if (isRehearsal(said)) return said.certificate;
  throw new BackupError('settings-invalid', `${file} is not what rehearse --json writes.`);
}

/** The SHA-256 of a list of parts; undefined when there is no such file. */
export async function digestOf(file: string): Promise<string | undefined> {
  const written = await readFileIfThere(file);
  return written === null ? undefined : createHash('sha256').update(written).digest('hex');
}
