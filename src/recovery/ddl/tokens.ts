import { qualifiersInView } from '../../catalog/view-names.js';
import { quoteName } from '../../database/identifiers.js';
import { type Token, unquote } from '../../database/tokens.js';
import { BackupError } from '../../errors.js';

export { join, type Token, tokenise } from '../../database/tokens.js';

/** Replaces a database that qualifies names: `` `from`. `` becomes `` `to`. ``. */
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
  const renamed = qualifiersInView(tokens, from);
  return tokens.map((token, i) => (renamed.has(i) ? { kind: 'name', text: quoteName(to) } : token));
}

/** The error for a definition that is refused. */
export function notADefinition(of: string, why?: string): BackupError {
  return new BackupError(
    'archive-damaged',
    `The definition of ${of} in the archive is not accepted${why === undefined ? '' : `: ${why}`}.`,
  );
}
