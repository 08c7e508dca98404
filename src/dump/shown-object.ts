import { askForBytes, bytesOf, textOf } from '../database/byte-answers.js';
import type { Connection, TextRow } from '../database/connection.js';
import { quoteName } from '../database/identifiers.js';
import { contentOf, join, type Token, tokenise } from '../database/tokens.js';

/** An object as the server shows it. */
export interface ShownObject {
  readonly row: TextRow;
  readonly warnings: readonly TextRow[];
  /** The statement as text, if it is valid text. */
  readonly statement: string | null | undefined;
  /** The statement as its client sent it; a byte string. */
  readonly raw: string | null | undefined;
}

/**
 * Reads an object twice: as UTF-8, and in the character set of the client that created it. A statement from a
 * client with another character set need not be valid text in any (O7).
 *
 * @param connection - with `character_set_results` utf8mb4
 * @param column - column of the result with the statement
 * @param name - of the object
 */
export async function showObject(
  connection: Connection,
  question: string,
  column: string,
  name: string,
): Promise<ShownObject> {
  const [shown = [], warnings = [], , unconverted = []] = await askForBytes(connection, [
    question,
    'SHOW WARNINGS',
    'SET character_set_results = NULL',
    question,
    'SET character_set_results = utf8mb4',
  ]);
  const row = asText(shown[0] ?? {});
  const statement = shown[0]?.[column];
  const seen: ShownObject = {
    row,
    warnings: warnings.map(asText),
    statement: typeof statement === 'string' ? readable(statement) : statement,
    raw: unconverted[0]?.[column],
  };
  return withOwnName(connection, seen, name, row['character_set_client'] ?? 'utf8mb4');
}

/**
 * MySQL inserts the name in UTF-8 into a text in the client's character set, and converts both from that set,
 * which garbles a name beyond ASCII. This replaces it by the right name.
 */
async function withOwnName(
  connection: Connection,
  seen: ShownObject,
  name: string,
  client: string,
): Promise<ShownObject> {
  const { statement, raw } = seen;
  const quoted = quoteName(name);
  if (isAscii(name) || typeof statement !== 'string' || typeof raw !== 'string') return seen;
  if (statement.includes(quoted) || !/^\w+$/.test(client)) return seen;
  const hex = Buffer.from(name, 'utf8').toString('hex');
  const [row] = await connection.query(
    `SELECT CONVERT(_${client} X'${hex}' USING utf8mb4) AS garbled,` +
      ` HEX(CONVERT(CONVERT(X'${hex}' USING utf8mb4) USING ${client})) AS in_its_set`,
  );
  const own = Buffer.from(row?.['in_its_set'] ?? '', 'hex').toString('latin1');
  return {
    ...seen,
    statement: statement.replace(quoteName(row?.['garbled'] ?? ''), () => quoted),
    raw: raw.replace(Buffer.from(quoted, 'utf8').toString('latin1'), () => quoteName(own)),
  };
}

/**
 * The bytes of a statement that cannot be restored from its text, as base64; undefined when they can.
 *
 * @param text - the text that is kept
 */
export async function bytesBeside(
  connection: Connection,
  text: string,
  { row, raw }: ShownObject,
): Promise<string | undefined> {
  const client = row['character_set_client'] ?? 'utf8mb4';
  if (typeof raw !== 'string' || isAscii(raw) || !/^\w+$/.test(client)) return undefined;
  if (textOf(raw) === text && (/^utf8/.test(client) || client === 'binary')) return undefined;
  const hex = Buffer.from(text, 'utf8').toString('hex');
  const [back] = await connection.query(
    `SELECT HEX(CONVERT(CONVERT(X'${hex}' USING utf8mb4) USING ${client})) AS bytes`,
  );
  const isLossless = back?.['bytes']?.toLowerCase() === bytesOf(raw).toString('hex');
  return isLossless ? undefined : bytesOf(raw).toString('base64');
}

function asText(row: TextRow): TextRow {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, value === null ? null : bytesOf(value).toString('utf8')]),
  );
}

/**
 * The text of a statement. A literal with an introducer holds bytes of its own character set; bytes that are
 * not valid UTF-8 become hexadecimal.
 */
function readable(bytes: string): string {
  if (textOf(bytes) !== undefined) return bytesOf(bytes).toString('utf8');
  const tokens = tokenise(bytes);
  const honest = tokens.map((token, i): Token => {
    if (token.kind !== 'text' || textOf(token.text) !== undefined || !isIntroducer(tokens[i - 1]))
      return token;
    return { kind: 'text', text: ` X'${bytesOf(contentOf(token.text)).toString('hex')}'` };
  });
  return bytesOf(join(honest)).toString('utf8');
}

function isIntroducer(token: Token | undefined): boolean {
  return token?.kind === 'word' && /^_\w+$/.test(token.text);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
