import { bech32 } from '@scure/base';

/**
 * Whether a text is a recipient of the plain kind, X25519, as far as a text shows it: what age itself checks
 * of one. It needs none of the arithmetic of keys, which takes as long to load as a small database to read.
 */
export function isPlainRecipient(text: string): boolean {
  const decoded = bech32.decodeUnsafe(text);
  if (decoded === undefined) return false;
  const { prefix, words } = decoded;
  return text.startsWith('age1') && prefix === 'age' && bech32.fromWordsUnsafe(words)?.length === 32;
}
