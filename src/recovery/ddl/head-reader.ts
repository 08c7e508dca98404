import { quoteName } from '../../database/identifiers.js';
import { contentOf, type Token, unquote } from '../../database/tokens.js';

/** The reason why a definition is refused; the caller knows its kind and name. */
export class NotAccepted extends Error {}

const gap: Token = { kind: 'space', text: ' ' };

// mysqldump puts the words of a trigger into version comments with these marks, and old servers kept them.
// Every server in use executes their content.
const wrapping: ReadonlySet<string> = new Set(
  ['50001', '50003', '50013', '50017', '50020', '50106', '50117'].map((version) => `/*!${version}`),
);

/** Reads the head of a definition token by token, and records what was read, without comments. */
export class HeadReader {
  /** The recorded tokens, to be sent to the server. */
  readonly read: Token[] = [];
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Whether a version comment is open. */
  #wrapped = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The next significant token, without consuming it. */
  peek(ahead: number = 0): Token | undefined {
    let left = ahead;
    for (let i = this.#at; i < this.#tokens.length; i++) {
      if (isPassedOver(this.#tokens[i]!)) continue;
      if (left-- === 0) return this.#tokens[i];
    }
    return undefined;
  }

  /** Whether the next tokens are these words. */
  sees(...words: readonly string[]): boolean {
    return words.every((word, i) => isWord(this.peek(i), word));
  }

  /** Consumes the next token. */
  take(): Token {
    for (let token = this.#step(); token !== undefined; token = this.#step()) {
      if (isPassedOver(token)) {
        if (token.text.startsWith('/*!')) this.#wrapped = true;
        if (token.text === '*/') this.#wrapped = false;
        if (this.read.at(-1)?.kind !== 'space') this.read.push(token.kind === 'space' ? token : gap);
        continue;
      }
      this.read.push(token);
      return token;
    }
    throw new NotAccepted('it ends too early');
  }

  /** Consumes these words. @throws NotAccepted when something else follows */
  words(...words: readonly string[]): void {
    for (const word of words) if (!isWord(this.take(), word)) throw new NotAccepted(`it has no ${word}`);
  }

  /** Consumes these words if they follow. */
  may(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.words(...words);
    return true;
  }

  /** Consumes a symbol. */
  symbol(text: string): void {
    const token = this.take();
    if (token.kind !== 'symbol' || token.text !== text) throw new NotAccepted(`it has no ${text}`);
  }

  /** Consumes a name, quoted or not. */
  name(): string {
    const token = this.take();
    const isName = token.kind === 'name' || (token.kind === 'word' && isAscii(token.text));
    if (!isName) throw new NotAccepted('a name is missing');
    return unquote(token.text);
  }

  /** Shortens the record to a length. */
  forget(length: number): void {
    this.read.length = length;
  }

  /** Everything behind the tokens that were read, with its comments. */
  rest(): readonly Token[] {
    const left = this.#tokens.slice(this.#at);
    this.#at = this.#tokens.length;
    if (!this.#wrapped) return left;
    const end = left.findIndex(({ kind, text }) => kind === 'symbol' && text === '*/');
    return left.filter((_, i) => i !== end);
  }

  /**
   * Consumes `DEFINER = …` in any spelling, if it follows, and records it in one spelling.
   *
   * @returns the user in it
   */
  definer(isKept: boolean): string | undefined {
    if (!this.sees('DEFINER')) return undefined;
    const before = this.read.length;
    this.words('DEFINER');
    this.symbol('=');
    const user = this.#account();
    const isCalled = /^current_(?:user|role)$/i.test(user.text) && user.kind === 'word';
    let host: string | undefined;
    if (isCalled) {
      if (this.peek()?.text === '(') {
        this.symbol('(');
        this.symbol(')');
      }
    } else if (this.peek()?.text === '@') {
      this.symbol('@');
      host = contentOfName(this.#account());
      // An unquoted host may have dots.
      while (this.peek()?.text === '.') {
        this.symbol('.');
        host += `.${this.take().text}`;
      }
    }
    const who = isCalled ? user.text.toUpperCase() : contentOfName(user);
    const lead = this.read[before]?.kind === 'space' ? before + 1 : before;
    this.forget(lead);
    if (isKept) this.read.push(...definerTokens(who, host, isCalled));
    else this.forget(before);
    return host === undefined ? who : `${who}@${host}`;
  }

  #account(): Token {
    const token = this.take();
    if (token.kind === 'symbol') throw new NotAccepted('its definer is not a name');
    return token;
  }

  #step(): Token | undefined {
    return this.#tokens[this.#at++];
  }
}

function definerTokens(who: string, host: string | undefined, isCalled: boolean): readonly Token[] {
  const user: Token = isCalled ? { kind: 'word', text: who } : { kind: 'name', text: quoteName(who) };
  const at: readonly Token[] =
    host === undefined
      ? []
      : [
          { kind: 'symbol', text: '@' },
          { kind: 'name', text: quoteName(host) },
        ];
  return [{ kind: 'word', text: 'DEFINER' }, { kind: 'symbol', text: '=' }, user, ...at];
}

function contentOfName({ kind, text }: Token): string {
  return kind === 'text' ? contentOf(text) : unquote(text);
}

function isPassedOver({ kind, text }: Token): boolean {
  if (kind === 'space' || kind === 'comment') return true;
  return kind === 'symbol' && (text === '*/' || wrapping.has(text));
}

export function isWord(token: Token | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toUpperCase() === word;
}

export function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
