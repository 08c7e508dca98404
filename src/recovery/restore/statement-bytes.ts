import type { Connection } from '../../database/connection.js';
import { sendStatement } from '../load/load-command.js';

/**
 * Runs a statement that the session reads in another character set than UTF-8. The server itself converts the
 * text, so that every set it has is supported.
 *
 * @returns false, with nothing done, when the character set cannot hold the text
 * @throws BackupError `database-…`
 */
export async function runInCharacterSet(
  connection: Connection,
  statement: string,
  characterSet: string,
): Promise<boolean> {
  const bytes =
    /^utf8/i.test(characterSet) || isAscii(statement)
      ? Buffer.from(statement, 'utf8')
      : await convert(connection, statement, characterSet);
  if (bytes === undefined || !keepsMarks(statement, bytes, characterSet)) return false;
  await runBytes(connection, bytes);
  return true;
}

/** Runs a statement that is in the session's character set already. @throws BackupError `database-…` */
export async function runBytes(connection: Connection, statement: Uint8Array): Promise<void> {
  // With free bytes for the header of the packet and the command.
  const packet = Buffer.concat([Buffer.alloc(5), statement]);
  await sendStatement(connection, packet, packet.length);
}

/** In these, a letter may contain bytes that are ASCII symbols elsewhere, which a server handles. */
const doubleByte: RegExp = /^(?:big5|cp932|gbk|gb18030|sjis)$/i;

/**
 * Whether the bytes contain the same ASCII symbols: in some sets, such as swe7, letters have the codes of
 * symbols.
 */
function keepsMarks(text: string, bytes: Uint8Array, characterSet: string): boolean {
  if (doubleByte.test(characterSet)) return true;
  const ascii = Buffer.from(bytes).filter((byte) => byte < 0x80);
  return Buffer.from(ascii).toString('latin1') === text.replaceAll(/[^\x00-\x7f]/g, '');
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

async function convert(
  connection: Connection,
  text: string,
  characterSet: string,
): Promise<Buffer | undefined> {
  const original = `CONVERT(X'${Buffer.from(text, 'utf8').toString('hex')}' USING utf8mb4)`;
  const converted = `CONVERT(${original} USING ${characterSet})`;
  const [row] = await connection.query(
    `SELECT HEX(${converted}) AS bytes, HEX(CONVERT(${converted} USING utf8mb4)) = HEX(${original}) AS faithful`,
  );
  return row?.['faithful'] === '1' ? Buffer.from(row['bytes'] ?? '', 'hex') : undefined;
}
