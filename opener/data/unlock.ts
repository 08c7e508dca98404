import { type Label, unlockChain, unlockLabel } from '../../src/archive/index.js';
import { identitiesOfKit } from '../../src/archive/kit-words.js';
import { isBackupError } from '../../src/errors.js';

/** What opens a copy. */
export type GivenKey =
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'key-file'; readonly text: string }
  | { readonly kind: 'kit'; readonly words: string };

/**
 * The age identities that a key leads to.
 *
 * @param label - of the copy that is to be opened
 * @param newer - labels of other copies beside it: through them today's password may lead to an older one
 * @throws BackupError `wrong-key`, and as `unlockLabel`
 * @throws NoKeyFile when a file is not a key file
 */
export async function identitiesFrom(
  given: GivenKey,
  label: Label | null,
  newer: readonly Label[],
): Promise<readonly string[]> {
  if (given.kind === 'key-file') return identitiesIn(given.text);
  if (given.kind === 'kit') return identitiesOfKit(given.words);
  if (label === null) throw new NoKeyFile();
  try {
    return [(await unlockLabel(label, given.password)).identity];
  } catch (error) {
    if (!isBackupError(error, 'wrong-key')) throw error;
    for (const other of newer.filter((each) => each.keyHolder?.userNum === label.keyHolder?.userNum)) {
      const chain = await unlockChain(other, given.password).catch(() => []);
      if (chain.length > 0) return chain.map(({ identity }) => identity);
    }
    throw error;
  }
}

/** The file that was given holds no key. */
export class NoKeyFile extends Error {
  override readonly name = 'NoKeyFile';
}

function identitiesIn(text: string): readonly string[] {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  if (lines.length === 0 || !lines.every((line) => line.startsWith('AGE-SECRET-KEY-'))) throw new NoKeyFile();
  return lines;
}
