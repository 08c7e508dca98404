/**
 * Reads a header with a damaged line. Each stanza authenticates the file key in it, so the payload can still
 * be verified. Nothing else in such a header is authenticated: neither the label nor the other recipients.
 */
import { Decrypter, type Identity, Stanza } from 'age-encryption';
import { BackupError } from '../../errors.js';
import { maxStanzas } from './header.js';

/** The part of `age-encryption` that runs before it checks the MAC; not public there. */
interface Unwrapping {
  unwrapFileKey(stanzas: readonly Stanza[]): Promise<Uint8Array | null>;
}

const fileKeyBytes = 16;

/**
 * The intact stanzas of a header, whatever happened to the lines between them.
 *
 * @throws BackupError `archive-limit-exceeded`
 */
export function wholeStanzasOf(header: Uint8Array): readonly Stanza[] {
  // Bodies are base64 and cannot contain `-> `, so it starts a stanza even if the line break before it is
  // lost.
  const pieces = new TextDecoder('latin1').decode(header).split('-> ').slice(1);
  if (pieces.length > maxStanzas) {
    throw new BackupError('archive-limit-exceeded', 'The header of the archive has too many recipients.');
  }
  return pieces.flatMap((piece) => stanzaIn(piece) ?? []);
}

function stanzaIn(piece: string): Stanza | null {
  const [first = '', ...lines] = piece.split('\n');
  const args = first.split(' ');
  if (!args.every((arg) => /^[\x21-\x7e]+$/.test(arg))) return null;
  // Only the last line of a body is shorter.
  const last = lines.findIndex((line) => line.length < 64);
  const body = lines.slice(0, last + 1);
  if (last < 0 || !body.every((line) => line.length <= 64 && /^[A-Za-z0-9+/]*$/.test(line))) return null;
  try {
    const bytes = atob(body.join(''));
    return new Stanza(
      args,
      Uint8Array.from(bytes, (char) => char.charCodeAt(0)),
    );
  } catch {
    return null;
  }
}

/** The file key that one of the identities unwraps from a stanza; null if none does. */
export async function unwrapFileKey(
  stanzas: readonly Stanza[],
  identities: readonly (string | Identity)[],
): Promise<Uint8Array | null> {
  for (const identity of identities) {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    try {
      const fileKey = await (decrypter as unknown as Unwrapping).unwrapFileKey([...stanzas]);
      if (fileKey?.length === fileKeyBytes) return fileKey;
    } catch {
      // The stanza is damaged, or the identity failed, as a hardware token that is not plugged in: others may
      // fit.
    }
  }
  return null;
}
