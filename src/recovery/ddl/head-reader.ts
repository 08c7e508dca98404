import { quoteName } from '../../database/identifiers.js';
import { contentOf, type Token, unquote } from '../../database/tokens.js';

/** Why a definition is refused; whoever asked for it knows its kind and name. */
export class NotAccepted extends Error {}

const gap: Token = { kind: 'space', text: ' ' };

// mysqldump wraps the words of a trigger in these, and old servers kept them; every server that is in use
// executes them.
const wrapping: ReadonlySet<string> = new Set(
  ['50001', '50003', '50013', '50017', '50020', '50106', '50117'].map((version) => `/*!${version}`),
);

/** Reads the head of a definition word by word, and writes down what it read, without comments. */
export class HeadReader {
  /** What was read, for the server to read again. */
  readonly read: Token[] = [];
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Whether a comment is open that servers execute. */
  #wrapped = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** The next token that counts, which stays the next. */
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

  /** Takes the next token. */
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

  /** Takes these words. @throws NotAccepted when something else is there */
  words(...words: readonly string[]): void {
    for (const word of words) if (!isWord(this.take(), word)) throw new NotAccepted(`it has no ${word}`);
  }

  /** Takes these words where they come next. */
  may(...words: readonly string[]): boolean {
    if (!this.sees(...words)) return false;
    this.words(...words);
    return true;
  }

  /** Takes a mark. */
  symbol(text: string): void {
    const token = this.take();
    if (token.kind !== 'symbol' || token.text !== text) throw new NotAccepted(`it has no ${text}`);
  }

  /** Takes a name, quoted or not. */
  name(): string {
    const token = this.take();
    const isName = token.kind === 'name' || (token.kind === 'word' && isAscii(token.text));
    if (!isName) throw new NotAccepted('a name is missing');
    return unquote(token.text);
  }

  /** Takes back what was read since there were so many tokens. */
  forget(length: number): void {
    this.read.length = length;
  }

  /** Everything that comes after what was read, with its comments. */
  rest(): readonly Token[] {
    const left = this.#tokens.slice(this.#at);
    this.#at = this.#tokens.length;
    if (!this.#wrapped) return left;
    const end = left.findIndex(({ kind, text }) => kind === 'symbol' && text === '*/');
    return left.filter((_, i) => i !== end);
  }

  /**
   * Takes `DEFINER = …` in all its spellings, where it comes next, and writes it in one.
   *
   * @returns whom it names
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
      // A host that is not quoted, with its dots.
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
    if (token.kind === 'symbol') throw new NotAccepted('its definer is no name');
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
