/**
 * A header of which some line is damaged. What an identity unwraps from a stanza proves itself, so that the
 * file key is as good as ever, and the payload with it. Nothing else of such a header is proven: neither a
 * label, nor for whom the file is besides.
 */
import { Decrypter, type Identity, Stanza } from 'age-encryption';
import { BackupError } from '../../errors.js';
import { maxStanzas } from './header.js';

/** What `age-encryption` does before it looks at the MAC; it has no public name there. */
interface Unwrapping {
  unwrapFileKey(stanzas: readonly Stanza[]): Promise<Uint8Array | null>;
}

const fileKeyBytes = 16;

/**
 * The stanzas of a header that are whole, whatever became of those between them.
 *
 * @throws BackupError `archive-limit-exceeded`
 */
export function wholeStanzasOf(header: Uint8Array): readonly Stanza[] {
  // Bodies are base64: what stands like this begins a stanza, also where the end of the line before it is
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
  // A line that is not full is the last.
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

/** The file key that one of the identities unwraps from a stanza; null when none does. */
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
      // A stanza that is damaged, or a token that is not plugged in: another identity may fit.
    }
  }
  return null;
}
