import type { Token } from '../../database/tokens.js';
import type { SchemaObjectKind } from '../../model/parts.js';

/**
 * Whether a program is certainly one statement. A client sends a text under a delimiter of its own unchanged,
 * and a server executes every statement in it: whatever follows the end of a body would be executed when the
 * script is loaded. This follows the blocks of a body by the words that begin statements, which no server
 * reads as anything else there. In case of doubt, for example when a word could also be a name, the result is
 * false. The time is linear.
 *
 * @param body - of an accepted definition, behind its head
 */
export function isOneProgram(kind: SchemaObjectKind, body: readonly Token[]): boolean {
  const tokens = body.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
  // Version comments, and texts between dollar signs in the newest MySQL.
  const isUnclear = ({ kind, text }: Token): boolean =>
    (kind === 'symbol' && (text.startsWith('/*') || text === '*/')) ||
    (kind === 'word' && text.includes('$'));
  if (tokens.some(isUnclear)) return false;
  const follower = new Follower(tokens);
  try {
    follower.follow(kind);
    return true;
  } catch (error) {
    if (error instanceof Unsure) return false;
    throw error;
  }
}

class Unsure extends Error {}

const simple: ReadonlySet<string> = new Set(
  (
    'ALTER ANALYZE CALL CHECK CHECKSUM CLOSE COMMIT CREATE DEALLOCATE DECLARE DELETE DO DROP EXECUTE FETCH FLUSH GET GRANT ' +
    'HANDLER INSERT ITERATE KILL LEAVE LOCK OPEN OPTIMIZE PREPARE RELEASE RENAME REPAIR REPLACE RESIGNAL RETURN REVOKE ' +
    'ROLLBACK SAVEPOINT SELECT SET SHOW SIGNAL START TRUNCATE UNLOCK UPDATE VALUES WITH'
  ).split(' '),
);
const blocks: ReadonlySet<string> = new Set(['BEGIN', 'CASE', 'FOR', 'IF', 'LOOP', 'REPEAT', 'WHILE']);

/** Follows a body and its open blocks. */
class Follower {
  readonly #tokens: readonly Token[];
  readonly #open: string[] = [];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  follow(kind: SchemaObjectKind): void {
    if (kind === 'trigger' && ['FOLLOWS', 'PRECEDES'].includes(this.#word())) this.#at += 2;
    if (kind === 'function' || kind === 'procedure') this.#passParameters();
    while (this.#at < this.#tokens.length) this.#statement();
    if (this.#open.length > 0) throw new Unsure();
  }

  /** The next word in upper case; empty if another token follows. */
  #word(ahead: number = 0): string {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'word' ? token.text.toUpperCase() : '';
  }

  #symbol(ahead: number = 0): string {
    const token = this.#tokens[this.#at + ahead];
    return token?.kind === 'symbol' ? token.text : '';
  }

  /** Skips parameters, type and characteristics, up to the first word that begins a statement. */
  #passParameters(): void {
    let depth = 0;
    for (; this.#at < this.#tokens.length; this.#at++) {
      if (this.#symbol() === '(') depth++;
      if (this.#symbol() === ')') depth--;
      if (this.#symbol() === ';') throw new Unsure();
      if (depth > 0) continue;
      // `RETURNS SET('a')`, `CHARACTER SET utf8`
      const isType = this.#word() === 'SET' && ['RETURNS', 'CHARACTER'].includes(this.#word(-1));
      if (!isType && (simple.has(this.#word()) || blocks.has(this.#word()) || this.#symbol(1) === ':'))
        return;
    }
    throw new Unsure();
  }

  #statement(): void {
    if (this.#symbol(1) === ':' && this.#symbol(2) !== '=') {
      this.#at += 2;
      if (!['BEGIN', 'FOR', 'LOOP', 'REPEAT', 'WHILE'].includes(this.#word())) throw new Unsure();
    }
    const word = this.#word();
    const inside = this.#open.at(-1);
    if (word === 'END') this.#end(inside);
    else if (blocks.has(word)) this.#begin(word);
    else if (word === 'ELSEIF' && inside === 'IF') this.#expression('THEN');
    else if (word === 'WHEN' && inside === 'CASE') this.#expression('THEN');
    else if (word === 'ELSE' && (inside === 'IF' || inside === 'CASE')) this.#at++;
    else if (word === 'UNTIL' && inside === 'REPEAT') {
      this.#expression('END');
      this.#at--;
      this.#end(inside);
    } else if (word === 'DECLARE' && this.#word(2) === 'HANDLER') this.#handler();
    else if (simple.has(word) || this.#symbol() === '(') {
      this.#expression(';');
      this.#isOver();
    } else throw new Unsure();
  }

  #begin(word: string): void {
    this.#open.push(word);
    if (word === 'IF') this.#expression('THEN');
    else if (word === 'FOR' || word === 'WHILE') this.#expression('DO');
    else if (word === 'CASE') {
      this.#expression('WHEN');
      this.#at--;
      this.#expression('THEN');
    } else this.#at += this.#word(1) === 'NOT' && this.#word(2) === 'ATOMIC' ? 3 : 1;
  }

  #end(inside: string | undefined): void {
    if (inside === undefined) throw new Unsure();
    this.#at++;
    if (inside !== 'BEGIN') {
      if (this.#word() !== inside) throw new Unsure();
      this.#at++;
    }
    this.#open.pop();
    // Its label.
    if (this.#at < this.#tokens.length && this.#symbol() !== ';') this.#at++;
    if (this.#symbol() === ';') this.#at++;
    else if (this.#at < this.#tokens.length) throw new Unsure();
    this.#isOver();
  }

  /** Nothing may follow a statement outside of all blocks. */
  #isOver(): void {
    if (this.#open.length === 0 && this.#at < this.#tokens.length) throw new Unsure();
  }

  #handler(): void {
    this.#at += 3;
    if (this.#word() !== 'FOR') throw new Unsure();
    do {
      this.#at++;
      if (this.#word() === 'SQLSTATE') this.#at += this.#word(1) === 'VALUE' ? 3 : 2;
      else this.#at += this.#word() === 'NOT' ? 2 : 1;
    } while (this.#symbol() === ',');
  }

  /**
   * Continues behind a word or symbol that cannot be part of an expression. The end of the text also ends a
   * statement.
   */
  #expression(stop: string): void {
    /** The last keyword of each open CASE: before THEN, END can only be a name. */
    const cases: string[] = [];
    let depth = 0;
    for (this.#at++; this.#at < this.#tokens.length; this.#at++) {
      const symbol = this.#symbol();
      if (symbol === ';') {
        if (stop !== ';' || cases.length > 0 || depth !== 0) throw new Unsure();
        this.#at++;
        return;
      }
      if (symbol === '(') depth++;
      if (symbol === ')') depth--;
      // Names, even if they look like keywords.
      if (['.', '@'].includes(this.#symbol(-1))) continue;
      const word = this.#word();
      if (word === stop && cases.length === 0 && depth === 0) {
        this.#at++;
        return;
      }
      if (word === 'CASE') cases.push(word);
      else if (word === 'WHEN' || word === 'THEN' || word === 'ELSE') {
        if (cases.pop() === undefined) throw new Unsure();
        cases.push(word);
      } else if (word === 'END' && !['THEN', 'ELSE'].includes(cases.pop() ?? '')) throw new Unsure();
    }
    if (stop !== ';' || cases.length > 0 || depth !== 0) throw new Unsure();
  }
}
