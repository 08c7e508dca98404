import type { SchemaObject } from '../../model/parts.js';
import { acceptDefinition } from './accept-definition.js';
import { join, renameDatabase, renameInView, type Token, tokenise } from './tokens.js';

/** How an object is created in the target. */
export interface ObjectPolicy {
  /** `keep`: the definer stays. `strip`: the definer becomes the user who restores. */
  readonly definers: 'keep' | 'strip';
  readonly source: string;
  readonly target: string;
  /** `at-rest`: events are created disabled (O12). @defaultValue 'at-rest' */
  readonly events?: 'as-found' | 'at-rest' | undefined;
}

/**
 * The CREATE statement of an object for the target, rebuilt.
 *
 * @throws BackupError `archive-damaged` when the definition would create anything else
 */
export function planObject(object: SchemaObject, policy: ObjectPolicy): string {
  return plan(object, object.createStatement, policy, false);
}

function plan(object: SchemaObject, statement: string, policy: ObjectPolicy, inBytes: boolean): string {
  const { source, target, definers } = policy;
  const { kind, name } = object;
  // Sequences are created together with the tables.
  const sqlMode = kind === 'sequence' ? '' : object.sqlMode;
  const { tokens, bodyAt } = acceptDefinition(kind, name, statement, {
    sqlMode,
    definers,
    database: source,
    inBytes,
    keepsState: policy.events === 'as-found',
  });
  const inBytesToo = (text: string): string =>
    inBytes ? Buffer.from(text, 'utf8').toString('latin1') : text;
  const [from, to] = [inBytesToo(source), inBytesToo(target)];
  if (kind === 'view') return join(renameInView(tokens, from, to));
  if (kind !== 'trigger') return join(tokens);
  // Bodies stay unchanged, including names in them.
  return join([...renameDatabase(tokens.slice(0, bodyAt), from, to), ...tokens.slice(bodyAt)]);
}

/** Character sets in which a byte of a letter can look like a quote or a backslash. */
const ambiguous: RegExp = /^(?:big5|cp932|gbk|gb18030|sjis)$/i;

/**
 * The same for an object whose statement is kept as bytes; undefined when there are none, or they cannot be
 * parsed.
 */
export function planObjectBytes(object: SchemaObject, policy: ObjectPolicy): Buffer | undefined {
  const { createStatementBytes, characterSetClient = 'utf8mb4' } = object;
  if (createStatementBytes === undefined || ambiguous.test(characterSetClient)) return undefined;
  const bytes = Buffer.from(createStatementBytes, 'base64').toString('latin1');
  return Buffer.from(plan(object, bytes, policy, true), 'latin1');
}

/** `DEFINER=user@host` of the statement, in one spelling; empty if it has none. */
export function definerOf({ kind, name, createStatement, sqlMode }: SchemaObject): string {
  const { tokens, bodyAt } = acceptDefinition(kind, name, createStatement, { sqlMode });
  const head = tokens.slice(0, bodyAt);
  const at = head.findIndex(({ text, kind: what }) => what === 'word' && text === 'DEFINER');
  if (at === -1) return '';
  return join(head.slice(at, head[at + 3]?.text === '@' ? at + 5 : at + 3));
}

/**
 * Checks an object's definition, in every form in which the archive has it.
 *
 * @throws BackupError `archive-damaged`
 */
export function proveObject(object: SchemaObject, database: string): void {
  const policy: ObjectPolicy = { definers: 'keep', source: database, target: database };
  planObject(object, policy);
  planObjectBytes(object, policy);
}

/** The statement of an event with its state set to disabled. */
export function atRest(createStatement: string): string {
  return join(disableEvent(tokenise(createStatement)));
}

/** `ON COMPLETION [NOT] PRESERVE` is followed by the state; COMMENT and DO end the search. */
function disableEvent(tokens: readonly Token[]): readonly Token[] {
  const words = tokens.map((token) => (token.kind === 'word' ? token.text.toUpperCase() : ''));
  const preserve = words.indexOf('PRESERVE');
  if (preserve === -1) return tokens;
  for (let i = preserve + 1; i < tokens.length; i++) {
    if (words[i] === 'COMMENT' || words[i] === 'DO') break;
    if (words[i] === 'ENABLE') return replaceAt(tokens, i, i + 1);
    if (words[i] === 'DISABLE') {
      // DISABLE ON SLAVE
      const end = words[i + 2] === 'ON' ? i + 5 : i + 1;
      return replaceAt(tokens, i, end);
    }
  }
  return tokens;
}

function replaceAt(tokens: readonly Token[], from: number, to: number): readonly Token[] {
  return [...tokens.slice(0, from), { kind: 'word', text: 'DISABLE' }, ...tokens.slice(to)];
}
