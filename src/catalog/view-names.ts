import { join, type Token, tokenise, unquote } from '../database/tokens.js';

/** A name in the text of a view, as a server shows it. */
export interface ViewName {
  /** Index of its first token. */
  readonly at: number;
  /** One to three parts: database, table, column, as far as given. */
  readonly parts: readonly string[];
  readonly role: 'column' | 'function' | 'table';
}

/** A pair of parentheses: a query, the tables of a query, or arguments of a function. */
interface Level {
  kind: 'expression' | 'query' | 'tables';
  /** The clause at this position. A condition ends with the next comma or JOIN. */
  place: 'condition' | 'expression' | 'tables';
}

const afterTables: ReadonlySet<string> = new Set(
  'EXCEPT GROUP HAVING INTERSECT INTO LIMIT LOCK ORDER PROCEDURE UNION WHERE WINDOW WITH'.split(' '),
);
const beforeTable: ReadonlySet<string> = new Set(['FROM', 'JOIN', 'STRAIGHT_JOIN', 'LATERAL', ',', '(']);
const sequenceCalls: ReadonlySet<string> = new Set(['NEXTVAL', 'LASTVAL', 'SETVAL']);

/**
 * The names in a view, each with its meaning: `` `shop`.`id` `` is a table of database `shop` after FROM, and
 * a column of an alias `shop` elsewhere. Reads what `SHOW CREATE VIEW` shows, where every name is in
 * backticks.
 */
export function namesInView(tokens: readonly Token[]): readonly ViewName[] {
  const found: ViewName[] = [];
  const at = tokens.flatMap(({ kind }, i) => (kind === 'space' || kind === 'comment' ? [] : [i]));
  const word = (i: number): string => {
    const token = tokens[at[i] ?? -1];
    return token?.kind === 'word' || token?.kind === 'symbol' ? token.text.toUpperCase() : '';
  };
  const levels: Level[] = [{ kind: 'query', place: 'expression' }];
  for (let i = 0; i < at.length; i++) {
    const level = levels.at(-1) ?? { kind: 'query', place: 'expression' };
    if (tokens[at[i]!]!.kind === 'name') {
      const first = i;
      const parts = [unquote(tokens[at[i]!]!.text)];
      while (word(i + 1) === '.' && tokens[at[i + 2] ?? -1]?.kind === 'name') {
        parts.push(unquote(tokens[at[i + 2]!]!.text));
        i += 2;
      }
      const isTable =
        (level.place === 'tables' && beforeTable.has(word(first - 1))) ||
        (word(first - 1) === '(' && sequenceCalls.has(word(first - 2)));
      const isCalled = word(i + 1) === '(' && level.place !== 'tables';
      found.push({ at: at[first]!, parts, role: isCalled ? 'function' : isTable ? 'table' : 'column' });
      continue;
    }
    enter(levels, level, word(i), word(i - 1));
  }
  return found;
}

function enter(levels: Level[], level: Level, word: string, before: string): void {
  switch (word) {
    case '(':
      levels.push(
        level.place === 'tables' && beforeTable.has(before)
          ? { kind: 'tables', place: 'tables' }
          : { kind: 'expression', place: 'expression' },
      );
      return;
    case ')':
      levels.pop();
      return;
    case 'SELECT':
      level.kind = 'query';
      level.place = 'expression';
      return;
    case ',':
      if (level.place === 'condition') level.place = 'tables';
      return;
    default:
  }
  // EXTRACT(DAY FROM …), GROUP_CONCAT(… ORDER BY …): keywords inside of a function.
  if (level.kind === 'expression') return;
  if (word === 'FROM') level.place = 'tables';
  else if (word === 'JOIN' || word === 'STRAIGHT_JOIN') {
    if (level.place === 'condition') level.place = 'tables';
  } else if (word === 'ON' || word === 'FOR') {
    if (level.place === 'tables') level.place = 'condition';
  } else if (level.kind === 'query' && afterTables.has(word)) level.place = 'expression';
}

/** The token indices of database names that qualify a table, column or function. */
export function qualifiersInView(tokens: readonly Token[], database: string): ReadonlySet<number> {
  return new Set(
    namesInView(tokens)
      .filter(
        ({ parts, role }) =>
          parts[0] === database && (parts.length === 3 || (parts.length === 2 && role !== 'column')),
      )
      .map(({ at }) => at),
  );
}

/** The text of a view without its database's name. A table or an alias may have the same name. */
export function unqualifiedView(text: string, database: string): string {
  const tokens = tokenise(text);
  const dropped = qualifiersInView(tokens, database);
  return join(tokens.filter((_, i) => !dropped.has(i) && !dropped.has(i - 1)));
}

/** Names of the tables and views that a view reads from, in its own database only. */
export function tablesOfView(tokens: readonly Token[], database: string): ReadonlySet<string> {
  const names = namesInView(tokens);
  const temporary = new Set(names.filter(({ at }) => isNamedQuery(tokens, at)).map(({ parts }) => parts[0]));
  const own = names.flatMap(({ role, parts: [first, second] }) => {
    if (role !== 'table') return [];
    if (second === undefined) return temporary.has(first) ? [] : [first!];
    return first === database ? [second] : [];
  });
  return new Set(own);
}

/** Whether a name is that of a common table expression: `` WITH `name` (…) AS (SELECT … ``. */
function isNamedQuery(tokens: readonly Token[], at: number): boolean {
  const ahead = tokens
    .slice(at + 1, at + 400)
    .filter(({ kind }) => kind !== 'space' && kind !== 'comment')
    .map(({ text }) => text.toUpperCase());
  const end = ahead[0] === '(' ? ahead.indexOf(')') + 1 : 0;
  return ahead[end] === 'AS' && ahead[end + 1] === '(';
}
