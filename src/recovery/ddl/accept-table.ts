import { quoteName } from '../../database/identifiers.js';
import { type Token, unquote } from '../../database/tokens.js';
import { HeadReader, isAscii, isWord, NotAccepted } from './head-reader.js';

/** A definition of a table that was accepted. */
export interface AcceptedTable {
  readonly tokens: readonly Token[];
  /** Storage engines that access rows elsewhere. */
  readonly outside: readonly string[];
}

/** The beginnings of the version comments in the output of SHOW CREATE TABLE. */
const versioned: readonly RegExp[] = [
  /^PARTITION BY /,
  /^WITH PARSER /,
  /^TABLESPACE /,
  /^STORAGE (?:DEFAULT|DISK|MEMORY)\b/,
  /^COLUMN_FORMAT (?:DEFAULT|DYNAMIC|FIXED)$/,
  /^ALGORITHM = [12]$/,
  /^(?:IN)?VISIBLE$/,
  /^NOT ENFORCED$/,
  /^NOT SECONDARY$/,
  /^SRID \d+$/,
  /^COMPRESSED$/,
  /^(?:DEFAULT )?ENCRYPTION ?= ?/,
  /^(?:SECONDARY_)?ENGINE_ATTRIBUTE ?= ?/,
  /^(?:AUTOEXTEND_SIZE|SECONDARY_ENGINE|START TRANSACTION|COMPRESSION)\b/,
];

/** First words of items in a table that are not columns. */
const itemWords: ReadonlySet<string> = new Set(
  'CHECK CONSTRAINT FOREIGN FULLTEXT INDEX KEY PERIOD PRIMARY SPATIAL UNIQUE VECTOR'.split(' '),
);

/** Engines whose tables access other servers, files or programs. */
const outsideEngines: ReadonlySet<string> = new Set(
  'federated federatedx connect spider s3 oqgraph sphinx cassandra odbc jdbc'.split(' '),
);
const mergeEngines: ReadonlySet<string> = new Set(['merge', 'mrg_myisam']);

/** Reads `CREATE TABLE name (…) options`. @throws NotAccepted */
export function readTable(
  tokens: readonly Token[],
  isName: (name: string) => boolean,
  database: string | undefined,
): AcceptedTable {
  const head = new HeadReader(tokens);
  head.words('CREATE', 'TABLE');
  if (!isName(head.name())) throw new NotAccepted('it has another name');
  head.symbol('(');
  const content = withoutComments(head.rest());
  checkComments(content);
  const close = endOfItems(content);
  checkItems(content.slice(0, close));
  const tail = content.slice(close + 1);
  checkTail(tail);
  return { tokens: [...head.read, ...content], outside: outsideOf(tail, database) };
}

function withoutComments(tokens: readonly Token[]): readonly Token[] {
  return tokens.map((token) => (token.kind === 'comment' ? { kind: 'space', text: ' ' } : token));
}

/** Accepts only version comments that a server prints, and in which parentheses are balanced. */
function checkComments(tokens: readonly Token[]): void {
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind !== 'symbol') {
      // The newest MySQL has texts between dollar signs.
      if (kind === 'word' && (!isAscii(text) || text.includes('$')))
        throw new NotAccepted('a name in it is not quoted');
      continue;
    }
    if (text === ';' || text === '\\' || text.charCodeAt(0) < 0x20)
      throw new NotAccepted('it has an unexpected character');
    if (!text.startsWith('/*')) continue;
    const from = i + 1;
    let depth = 0;
    for (i = from; tokens[i] !== undefined && tokens[i]!.text !== '*/'; i++) {
      if (tokens[i]!.text === '(') depth++;
      if (tokens[i]!.text === ')' && --depth < 0) throw new NotAccepted('a comment closes a parenthesis');
    }
    if (depth !== 0) throw new NotAccepted('a comment leaves a parenthesis open');
    if (!/^\/\*M?!\d{5,6}$/.test(text) || tokens[from]?.kind !== 'space') throw strangeComment();
    const words = tokens
      .slice(from, i)
      .map((token) =>
        token.kind === 'space' ? ' ' : token.kind === 'word' ? token.text.toUpperCase() : token.text,
      )
      .join('')
      .trim();
    if (!versioned.some((phrase) => phrase.test(words))) throw strangeComment();
    // The loop continues with the comment's content, which is checked like everything else.
    i = from - 1;
  }
}

function strangeComment(): NotAccepted {
  return new NotAccepted('it has a version comment that no server writes');
}

/** Index of the parenthesis that closes the list of columns. */
function endOfItems(tokens: readonly Token[]): number {
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind !== 'symbol') continue;
    if (text === '(') depth++;
    if (text === ')' && depth-- === 0) return i;
  }
  throw new NotAccepted('its list of columns has no end');
}

function checkItems(tokens: readonly Token[]): void {
  let depth = 0;
  let isFirst = true;
  let isColumn = false;
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind === 'space') continue;
    if (isFirst && kind !== 'name' && !(kind === 'word' && itemWords.has(text.toUpperCase()))) {
      throw new NotAccepted('a part of it is neither a column nor a key');
    }
    if (isFirst) isColumn = kind === 'name';
    // Newer servers treat this as a foreign key, and show foreign keys as separate items.
    if (isColumn && isWord(tokens[i], 'REFERENCES'))
      throw new NotAccepted('a column refers to another table');
    isFirst = kind === 'symbol' && text === ',' && depth === 0;
    if (kind === 'symbol' && text === '(') depth++;
    if (kind === 'symbol' && text === ')') depth--;
    checkExpression(tokens, i);
  }
}

/** Refuses expressions that read another table or a file. */
function checkExpression(tokens: readonly Token[], at: number): void {
  const { kind, text } = tokens[at]!;
  if (kind === 'word' && /^select$/i.test(text)) throw new NotAccepted('it reads another table');
  if ((kind === 'word' || kind === 'name') && /^load_file$/i.test(unquote(text))) {
    const after = tokens.slice(at + 1, at + 3).find((token) => token.kind !== 'space');
    if (after?.text === '(') throw new NotAccepted('it reads a file');
  }
}

/** Accepts options and partitions; refuses a query that fills the table. */
function checkTail(tokens: readonly Token[]): void {
  let depth = 0;
  let isParted = false;
  let before: Token | undefined;
  let before2: Token | undefined;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const { kind, text } = token;
    if (kind === 'space') continue;
    checkExpression(tokens, i);
    if (depth === 0 && kind === 'word') {
      const word = text.toUpperCase();
      const isFilling = /^(?:AS|IGNORE|INTO|LIKE|REPLACE|TABLE|VALUES)$/.test(word) && before?.text !== '=';
      if (isFilling) throw new NotAccepted('it is filled from elsewhere');
      if (isWord(before, 'WITH') && word !== 'SYSTEM') throw new NotAccepted('it is filled from elsewhere');
      if (word === 'PARTITION') isParted = true;
    }
    // Options are words, values and parenthesised lists.
    if (depth === 0 && kind === 'symbol' && !/^(?:[=,.()-]|\/\*M?!\d*|\*\/)$/.test(text)) {
      throw new NotAccepted('it has an unexpected character');
    }
    if (kind === 'symbol' && text === '(') {
      const isUnion = before?.text === '=' && isWord(before2, 'UNION');
      if (depth === 0 && !isParted && !isUnion) throw new NotAccepted('it is filled from elsewhere');
      depth++;
    }
    if (kind === 'symbol' && text === ')' && --depth < 0)
      throw new NotAccepted('a parenthesis is closed without being open');
    if (isWord(before, 'UNION') && text !== '=') throw new NotAccepted('it is filled from elsewhere');
    before2 = before;
    before = token;
  }
  if (depth !== 0) throw new NotAccepted('a parenthesis is left open');
}

function outsideOf(tail: readonly Token[], database: string | undefined): readonly string[] {
  const tokens = tail.filter(({ kind }) => kind !== 'space');
  const found: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (isWord(tokens[i], 'CONNECTION')) found.push('CONNECTION');
    if (!isWord(tokens[i], 'ENGINE')) continue;
    const value = tokens[tokens[i + 1]?.text === '=' ? i + 2 : i + 1];
    const engine = value?.kind === 'text' ? value.text.slice(1, -1) : unquote(value?.text ?? '');
    // Written with an escape, the server would read another name.
    if (!/^\w+$/.test(engine)) throw new NotAccepted('the name of its storage engine is invalid');
    if (outsideEngines.has(engine.toLowerCase())) found.push(engine);
    if (mergeEngines.has(engine.toLowerCase()) && namesAnother(tokens, database)) found.push(engine);
  }
  return found;
}

/** Whether `UNION=(…)` names a table of another database. */
function namesAnother(tokens: readonly Token[], database: string | undefined): boolean {
  const own = database === undefined ? undefined : quoteName(database);
  return tokens.some((token, i) => tokens[i + 1]?.text === '.' && token.text !== own);
}
