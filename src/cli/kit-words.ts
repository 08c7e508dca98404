import { identitiesOfKit } from '../archive/kit-words.js';
import { fromUtf8 } from '../bytes.js';
import { isBackupError } from '../errors.js';
import type { CommandLine } from './command.js';
import { askPassword, readPasswordFromDescriptor } from './password.js';

/**
 * The words of a recovery kit as they were typed or scanned, from a descriptor or asked for, sheet by sheet.
 */
export async function askKitWords(descriptor: string | undefined, line: CommandLine): Promise<string> {
  if (descriptor !== undefined) return textOf(await readPasswordFromDescriptor(descriptor));
  const words = textOf(await askPassword(line, 'Words of the recovery kit, in one line: '));
  try {
    await identitiesOfKit(words);
  } catch (error) {
    if (!isBackupError(error, 'wrong-key') || error.details['reason'] !== 'one-sheet') throw error;
    return `${words} ${textOf(await askPassword(line, 'Words of a second sheet, in one line: '))}`;
  }
  return words;
}

/** The keys that the words of a recovery kit stand for. */
export async function readKitWords(
  descriptor: string | undefined,
  line: CommandLine,
): Promise<readonly string[]> {
  return identitiesOfKit(await askKitWords(descriptor, line));
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    // Not UTF-8: no words, which is reported like wrong ones.
    return '';
  } finally {
    bytes.fill(0);
  }
}
