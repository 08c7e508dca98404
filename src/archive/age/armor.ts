import { armor } from 'age-encryption';
import { collectBytes, utf8 } from '../../bytes.js';
import { BackupError } from '../../errors.js';
import { ByteReader } from '../byte-reader.js';

/** Largest armored file that is read, in bytes: it is held in memory, and meant for keys and small files. */
export const maxArmorBytes: number = 64 * 1024 * 1024;

const lineBytes = 48;
// Most white space before the first line.
const maxLeadingSpace = 1024;

/** The armored form of an age file. */
export async function* enarmor(file: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield utf8('-----BEGIN AGE ENCRYPTED FILE-----\n');
  const reader = new ByteReader(file);
  try {
    while (await reader.fill(1)) {
      await reader.fill(lineBytes * 1024);
      const whole = reader.available - (reader.available % lineBytes);
      yield lines(reader.take(whole === 0 ? reader.available : whole));
    }
  } finally {
    await reader.close();
  }
  yield utf8('-----END AGE ENCRYPTED FILE-----\n');
}

function lines(bytes: Uint8Array): Uint8Array {
  let text = '';
  for (let i = 0; i < bytes.length; i += lineBytes) {
    text += `${btoa(String.fromCharCode(...bytes.subarray(i, i + lineBytes)))}\n`;
  }
  return utf8(text);
}

/**
 * A reader of the binary form, whether or not the file is armored.
 *
 * @throws BackupError `archive-damaged` or `archive-limit-exceeded`
 */
export async function dearmor(reader: ByteReader): Promise<ByteReader> {
  await reader.fill(maxLeadingSpace);
  const start = reader.peek(Math.min(reader.available, maxLeadingSpace));
  const first = start.find((byte) => byte !== 9 && byte !== 10 && byte !== 13 && byte !== 32);
  if (first !== 45) return reader;
  const text = await collectBytes(reader.rest(), maxArmorBytes).catch((error: unknown) => {
    if (!(error instanceof RangeError)) throw error;
    throw new BackupError('archive-limit-exceeded', 'The text form of the encrypted file is too long.');
  });
  try {
    return new ByteReader(armor.decode(new TextDecoder('utf-8', { fatal: true }).decode(text)));
  } catch (cause) {
    throw new BackupError('archive-damaged', 'The text form of the encrypted file is malformed.', { cause });
  }
}
