import { bech32 } from '@scure/base';

/**
 * Whether a text looks like an X25519 recipient, by the same check of the text that age makes. It avoids
 * loading the cryptographic code, which takes as long as backing up a small database.
 */
export function isPlainRecipient(text: string): boolean {
  const decoded = bech32.decodeUnsafe(text);
  if (decoded === undefined) return false;
  const { prefix, words } = decoded;
  return text.startsWith('age1') && prefix === 'age' && bech32.fromWordsUnsafe(words)?.length === 32;
}
