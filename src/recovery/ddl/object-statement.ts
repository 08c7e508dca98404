import type { SchemaObject } from '../../archive/model.js';
import { join, makes, notADefinition, renameDatabase, renameInView, type Token, tokenise } from './tokens.js';

/** How an object is to be made elsewhere than where it was. */
export interface ObjectPolicy {
  /** `keep`: it acts for whom it acted. `strip`: it acts for whoever restores. */
  readonly definers: 'keep' | 'strip';
  readonly source: string;
  readonly target: string;
  /** `at-rest`: events are made disabled, whatever they were (O12). @defaultValue 'at-rest' */
  readonly events?: 'as-found' | 'at-rest';
}

/** The CREATE statement of an object for the target. */
export function planObject(object: SchemaObject, policy: ObjectPolicy): string {
  let tokens = tokenise(object.createStatement);
  if (!makes(tokens, object.kind.replace('-', ' ').toUpperCase(), object.name)) {
    throw notADefinition(`${object.kind} "${object.name}"`);
  }
  if (policy.definers === 'strip') tokens = stripDefiner(tokens);
  if (object.kind === 'view') tokens = renameInView(tokens, policy.source, policy.target);
  // Bodies are left alone: what they name is theirs.
  if (object.kind === 'trigger') {
    const body = tokens.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'EACH');
    tokens = [...renameDatabase(tokens.slice(0, body), policy.source, policy.target), ...tokens.slice(body)];
  }
  if (object.kind === 'event' && policy.events !== 'as-found') tokens = disableEvent(tokens);
  return join(tokens);
}

/**
 * The same for the bytes of an object whose statement is no text; undefined where there are none, or where they cannot be
 * taken apart: in these character sets a byte of a letter looks like a mark.
 */
export function planObjectBytes(object: SchemaObject, policy: ObjectPolicy): Buffer | undefined {
  const { createStatementBytes, characterSetClient = 'utf8mb4' } = object;
  if (createStatementBytes === undefined || /^(?:big5|cp932|gbk|gb18030|sjis)$/i.test(characterSetClient)) {
    return undefined;
  }
  const inBytes = (name: string): string => Buffer.from(name, 'utf8').toString('latin1');
  const statement = planObject(
    {
      ...object,
      name: inBytes(object.name),
      createStatement: Buffer.from(createStatementBytes, 'base64').toString('latin1'),
    },
    { ...policy, source: inBytes(policy.source), target: inBytes(policy.target) },
  );
  return Buffer.from(statement, 'latin1');
}

/** Without `DEFINER=user@host`. */
function stripDefiner(tokens: readonly Token[]): readonly Token[] {
  const { from, to } = definerIn(tokens);
  return [...tokens.slice(0, from), ...tokens.slice(to)];
}

/** `DEFINER=user@host`, as it stands in the statement; empty where nothing of the kind does. */
export function definerOf({ createStatement }: SchemaObject): string {
  const tokens = tokenise(createStatement);
  const { from, to } = definerIn(tokens);
  return join(tokens.slice(from, to)).trim();
}

/** Where it is, with the space behind it. */
function definerIn(tokens: readonly Token[]): { readonly from: number; readonly to: number } {
  const at = tokens.findIndex((token) => token.kind === 'word' && token.text.toUpperCase() === 'DEFINER');
  if (at === -1 || tokens[at + 1]?.text !== '=') return { from: 0, to: 0 };
  // `user`@`host`, or a role without a host.
  let to = at + 3;
  if (tokens[to]?.text === '@') to += 2;
  while (tokens[to]?.kind === 'space') to++;
  return { from: at, to };
}

/** The statement of an event that rests, whatever it did. */
export function atRest(createStatement: string): string {
  return join(disableEvent(tokenise(createStatement)));
}

/** `ON COMPLETION [NOT] PRESERVE` is followed by the state; everything from COMMENT or DO on is not ours. */
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
