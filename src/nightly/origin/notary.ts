import { randomBytes } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readFileIfThere } from '../../files/read-file-if-there.js';
import { replaceFile } from '../../files/replace-file.js';
import { retryWhileBusy } from '../../files/retry-while-busy.js';
import { formatNoteKey, type NoteKey } from '../../history/note.js';
import { noteKeyOfSigner, type Signer, signerOf } from '../../history/signer.js';
import { remember } from '../remember.js';
import type { NightPlan } from '../run/night-plan.js';

const fileName = 'signing-key';
const secretText = /^[0-9a-f]{64}\n$/;

/** The signer of this run's notes, and the trusted keys. */
export interface Notary {
  readonly signer: Signer;
  readonly key: NoteKey;
  /** This service's own first, then those of further computers of the practice. */
  readonly trustedKeys: readonly string[];
}

/**
 * The host's signer, or the service's own key, which is made at the first run and stored in the spool folder
 * for its account alone. If it is lost, a new key is made, which is reported.
 *
 * @throws BackupError `storage-…`, or the error of the file system where the key cannot be read
 */
export async function openNotary(
  { practiceId, signer: given, trustedKeys = [] }: NightPlan,
  spoolFolder: string,
): Promise<Notary> {
  const signer = given ?? signerOfText(await ownSecret(join(spoolFolder, fileName)));
  const key = noteKeyOfSigner(signer, practiceId);
  const own = formatNoteKey(key);
  return { signer, key, trustedKeys: [own, ...trustedKeys.filter((each) => each !== own)] };
}

/** Making a key of its bytes takes a millisecond or two, every night. */
const signerOfText: (secret: string) => Signer = remember(
  (secret) => signerOf(Buffer.from(secret, 'hex')),
  4,
);

/** As hexadecimal text. */
async function ownSecret(path: string): Promise<string> {
  const text = await readFileIfThere(path);
  if (text !== null && secretText.test(text)) return text.trim();
  if (text !== null) await retryWhileBusy(() => rename(path, `${path}.damaged`));
  const secret = randomBytes(32).toString('hex');
  await replaceFile(path, `${secret}\n`);
  return secret;
}
