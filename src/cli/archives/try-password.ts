import { type Label, type Password, type UnlockedIdentity, unlockChain } from '../../archive/index.js';
import { isBackupError } from '../../errors.js';

/** What a password does with an archive. */
export type PasswordVerdict =
  | { readonly kind: 'opens' }
  /** It opens only with the keys in the label of a newer archive. */
  | { readonly kind: 'opens-with'; readonly newer: Label }
  | { readonly kind: 'does-not' }
  /** No password opens it. */
  | { readonly kind: 'key-file' };

/**
 * Tries a password on all archives of a practice. Each try costs one scrypt, so each sealed identity is tried
 * once.
 *
 * @param labels - of one practice, newest first
 * @param onTry - gets how many labels have been tried
 */
export async function tryPassword(
  labels: readonly Label[],
  password: Password,
  { signal, onTry }: { readonly signal: AbortSignal; readonly onTry: (done: number) => void },
): Promise<ReadonlyMap<Label, PasswordVerdict>> {
  const opened = new Map<string, readonly UnlockedIdentity[]>();
  const carriedBy = new Map<string, Label>();
  const direct = new Set<Label>();
  for (const [index, label] of labels.entries()) {
    signal.throwIfAborted();
    for (const unlock of label.unlock) {
      const identities =
        opened.get(unlock.sealedIdentity) ?? (await open({ ...label, unlock: [unlock] }, password));
      opened.set(unlock.sealedIdentity, identities);
      if (identities.length > 0) direct.add(label);
      for (const { recipient } of identities) if (!carriedBy.has(recipient)) carriedBy.set(recipient, label);
    }
    onTry(index + 1);
  }
  return new Map(labels.map((label) => [label, verdictOf(label)]));

  function verdictOf(label: Label): PasswordVerdict {
    if (label.unlock.length === 0) return { kind: 'key-file' };
    if (direct.has(label)) return { kind: 'opens' };
    const newer = label.unlock
      .map(({ recipient }) => carriedBy.get(recipient))
      .find((each) => each !== undefined);
    return newer === undefined ? { kind: 'does-not' } : { kind: 'opens-with', newer };
  }
}

async function open(
  label: Pick<Label, 'keyHolder' | 'unlock'>,
  password: Password,
): Promise<readonly UnlockedIdentity[]> {
  try {
    return await unlockChain(label, password);
  } catch (error) {
    // One damaged label must not hide the others.
    if (isBackupError(error)) return [];
    throw error;
  }
}
