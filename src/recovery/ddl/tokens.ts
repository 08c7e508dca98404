import { namesInView } from '../../archive/view-names.js';
import { quoteName } from '../../database/identifiers.js';
import { type Token, unquote } from '../../database/tokens.js';
import { BackupError } from '../../errors.js';

export { join, type Token, tokenise } from '../../database/tokens.js';

/** Points names qualified with one database at another: `` `from`. `` becomes `` `to`. ``. */
export function renameDatabase(tokens: readonly Token[], from: string, to: string): readonly Token[] {
  if (from === to) return tokens;
  return tokens.map((token, i) =>
    (token.kind === 'name' || token.kind === 'word') &&
    tokens[i + 1]?.text === '.' &&
    tokens[i - 1]?.text !== '.' &&
    unquote(token.text) === from
      ? { kind: 'name', text: quoteName(to) }
      : token,
  );
}

/** The same in a view, where a table or an alias may have the name of the database. */
export function renameInView(tokens: readonly Token[], from: string, to: string): readonly Token[] {
  if (from === to) return tokens;
  const renamed = new Set(
    namesInView(tokens)
      .filter(
        ({ parts, role }) =>
          parts[0] === from && (parts.length === 3 || (parts.length === 2 && role !== 'column')),
      )
      .map(({ at }) => at),
  );
  return tokens.map((token, i) => (renamed.has(i) ? { kind: 'name', text: quoteName(to) } : token));
}

/**
 * Whether a statement is what it should be: it makes a thing of one kind and name. Whoever knows the public recipient can
 * forge an archive, and a definition must not be anything else in disguise.
 *
 * @param kind - in words, such as `TABLE` or `PACKAGE BODY`
 */
export function makes(tokens: readonly Token[], kind: string, name: string): boolean {
  const meaningful = tokens.filter((token) => token.kind !== 'space' && token.kind !== 'comment');
  if (meaningful[0]?.text.toUpperCase() !== 'CREATE') return false;
  const words = kind.split(' ');
  const at = meaningful.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === words[0]);
  // Between CREATE and the kind stand a definer, an algorithm, SQL SECURITY … and never a body.
  if (at === -1 || meaningful.slice(0, at).some((token) => token.text === ';' || token.text === '('))
    return false;
  if (!words.every((word, i) => meaningful[at + i]?.text.toUpperCase() === word)) return false;
  let named = meaningful.slice(at + words.length);
  if (named[0]?.text.toUpperCase() === 'IF') named = named.slice(3);
  // A trigger keeps the name of its database when it was made with one.
  if (named[1]?.text === '.') named = kind === 'TRIGGER' ? named.slice(2) : [];
  return unquote(named[0]?.text ?? '').toLowerCase() === name.toLowerCase();
}

/** The error for a definition that is none. */
export function notADefinition(of: string): BackupError {
  return new BackupError(
    'archive-damaged',
    `What the archive holds as the definition of ${of} is something else.`,
  );
}
