/** Who signs the notes beside archives. */
import { assertArgument } from '../arguments.js';
import { utf8 } from '../bytes.js';
import { formatNote, type NoteKey, noteKey } from './note.js';
import { publicKeyOf, signerWith } from './signatures.js';

/** Signs the notes of a practice: the service's own key, or one of the host's in a TPM or a key store. */
export interface Signer {
  /** 32 bytes of Ed25519. */
  readonly publicKey: Uint8Array;
  /** An Ed25519 signature of 64 bytes. */
  sign(
    message: Uint8Array,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array> | Uint8Array;
}

/**
 * A signer of 32 secret bytes. @throws RangeError when they are not 32
 * @example
 * ```ts
 * const signer = signerOf(crypto.getRandomValues(new Uint8Array(32)));
 * await runSupplementalBackup({ ...plan, signer });
 * ```
 */
export function signerOf(secret: Uint8Array): Signer {
  assertArgument('secret', secret, 'bytes');
  if (secret.length !== 32) throw new RangeError('"secret" must have 32 bytes, as Ed25519 wants it');
  return { publicKey: publicKeyOf(secret), sign: signerWith(secret) };
}

/** The key of a signer, as the notes of a practice name it. */
export function noteKeyOfSigner({ publicKey }: Pick<Signer, 'publicKey'>, practiceId: string): NoteKey {
  return noteKey(`supplemental-backup/${practiceId}`, publicKey);
}

/** Signs the lines of a note. */
export async function signNote(
  text: string,
  signer: Signer,
  key: NoteKey,
  signal?: AbortSignal,
): Promise<string> {
  const signature = await signer.sign(utf8(text), { signal });
  return formatNote(text, [{ name: key.name, id: key.id, signature }]);
}
