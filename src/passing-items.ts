/** What a wrapper does for one iteration over a listing or a download. */
interface Passing<Item> {
  /** Gives the next item; asked for by one at a time, and never after its end. */
  next(): Promise<IteratorResult<Item>>;
  /** Tidies up, once, when the end came, when `next` failed or when nobody wants more. */
  end(): Promise<void>;
}

/**
 * An iterable that hands on the items of another, as an async generator would. A generator makes half a dozen
 * promises of each item, and the listings of years have very many items.
 *
 * @param open - begins an iteration, when its first item is asked for
 */
export function passingItems<Item>(open: () => Passing<Item>): AsyncIterable<Item> {
  return { [Symbol.asyncIterator]: () => new PassingIterator(open) };
}

const finished: Promise<IteratorResult<never>> = Promise.resolve({ done: true, value: undefined });

class PassingIterator<Item> implements AsyncIterator<Item> {
  readonly #open: () => Passing<Item>;
  #passing: Passing<Item> | undefined;
  #isOver = false;
  /** How many answers are owed: who asks before the last answer came waits for it. */
  #owed = 0;
  #last: Promise<IteratorResult<Item>> = finished;

  constructor(open: () => Passing<Item>) {
    this.#open = open;
  }

  next(): Promise<IteratorResult<Item>> {
    return this.#inTurn(() => this.#next());
  }

  return(): Promise<IteratorResult<Item>> {
    return this.#inTurn(() => this.#return());
  }

  #inTurn(ask: () => Promise<IteratorResult<Item>>): Promise<IteratorResult<Item>> {
    this.#owed += 1;
    this.#last = this.#owed === 1 ? ask() : this.#last.then(ask, ask);
    return this.#last;
  }

  async #next(): Promise<IteratorResult<Item>> {
    try {
      if (this.#isOver) return { done: true, value: undefined };
      this.#passing ??= this.#open();
      const next = await this.#passing.next();
      if (next.done === true) await this.#end();
      return next;
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      this.#owed -= 1;
    }
  }

  async #return(): Promise<IteratorResult<Item>> {
    try {
      await this.#end();
      return { done: true, value: undefined };
    } finally {
      this.#owed -= 1;
    }
  }

  async #end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    await this.#passing?.end();
  }
}
