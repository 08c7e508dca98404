import { askForBytes, bytesOf, textOf } from '../database/byte-answers.js';
import type { Connection, TextRow } from '../database/connection.js';
import { contentOf, join, type Token, tokenise } from '../database/tokens.js';

/** What a server shows of an object. */
export interface ShownObject {
  readonly row: TextRow;
  readonly warnings: readonly TextRow[];
  /** The statement as text, where it can be one. */
  readonly statement: string | null | undefined;
  /** The statement as its client sent it; a string of bytes. */
  readonly raw: string | null | undefined;
}

/**
 * Shows an object twice: as text, and in the character set of the client that made it. What a client of another character
 * set sent need not be text in any (O7).
 *
 * @param connection - with `character_set_results` utf8mb4
 * @param column - of the answer, with the statement
 */
export async function showObject(
  connection: Connection,
  question: string,
  column: string,
): Promise<ShownObject> {
  const [shown = [], warnings = [], , unconverted = []] = await askForBytes(connection, [
    question,
    'SHOW WARNINGS',
    'SET character_set_results = NULL',
    question,
    'SET character_set_results = utf8mb4',
  ]);
  const statement = shown[0]?.[column];
  return {
    row: asText(shown[0] ?? {}),
    warnings: warnings.map(asText),
    statement: typeof statement === 'string' ? readable(statement) : statement,
    raw: unconverted[0]?.[column],
  };
}

/**
 * The bytes of a statement that its text does not lead back to: base64; undefined when it does.
 *
 * @param text - that is kept
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
 * The text of a statement. A literal that says its character set holds bytes of that set, whatever the rest is in; where
 * those are not text they stand as hexadecimal.
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
