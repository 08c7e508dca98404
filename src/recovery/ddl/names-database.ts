import type { SchemaObject } from '../../model/parts.js';
import { type Token, tokenise } from './tokens.js';

/**
 * Whether an object's body names a database: in a copy beside the original, it would read from the original
 * and write to it. Names in texts and comments do not count. Views are not checked, since a restore redirects
 * them to the copy; nor is the part of a trigger before its body.
 *
 * @param foldsCase - whether the server treats names of databases that differ only in case as equal
 */
export function namesDatabase(
  { kind, createStatement, sqlMode = '' }: SchemaObject,
  database: string,
  foldsCase: boolean,
): boolean {
  if (kind === 'view' || kind === 'sequence') return false;
  const tokens = tokenise(createStatement).filter(
    (token) => token.kind !== 'space' && token.kind !== 'comment',
  );
  const fold = (name: string): string => (foldsCase ? name.toLowerCase() : name);
  const wanted = fold(database);
  const marks = sqlMode.split(',').includes('ANSI_QUOTES') ? '`"' : '`';
  for (let i = bodyOf(kind, tokens); i < tokens.length - 1; i++) {
    const { text } = tokens[i]!;
    if (tokens[i + 1]!.text !== '.' || tokens[i - 1]?.text === '.') continue;
    const mark = text[0]!;
    const name = marks.includes(mark) ? text.slice(1, -1).replaceAll(mark + mark, mark) : text;
    if (fold(name) === wanted) return true;
  }
  return false;
}

/** Start of the body: behind the name of a routine or an event, which may be qualified. */
function bodyOf(kind: SchemaObject['kind'], tokens: readonly Token[]): number {
  const wordAt = (word: string, from = 0): number =>
    tokens.findIndex((token, i) => i >= from && token.kind === 'word' && token.text.toUpperCase() === word);
  if (kind === 'trigger') return Math.max(wordAt('EACH'), 0);
  const own = wordAt(kind.replace('-', ' ').toUpperCase().split(' ').at(-1)!);
  const at = wordAt('IF', own) === own + 1 ? own + 4 : own + 1;
  return tokens[at + 1]?.text === '.' ? at + 2 : at;
}

/** For people. */
export function namesDatabaseSentence({ kind, name }: SchemaObject, source: string): string {
  return (
    `The ${kind} "${name}" names database "${source}": in a copy beside the original, it reads from that one and` +
    ' writes to it. Change it before it runs, or restore under the same name.'
  );
}
