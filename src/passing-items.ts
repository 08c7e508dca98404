/** The functions of a wrapper for one iteration over a listing or a download. */
interface Passing<Item> {
  /** Returns the next item. Never called concurrently, nor after the end. */
  next(): Promise<IteratorResult<Item>>;
  /** Cleans up. Called once, at the end, when `next` failed, or when the consumer stopped. */
  end(): Promise<void>;
}

/**
 * An iterable that passes on the items of another, as an async generator would. A generator creates half a
 * dozen promises for each item, and the listings of years have very many items.
 *
 * @param open - begins an iteration, when its first item is requested
 */
export function passingItems<Item>(open: () => Passing<Item>): AsyncIterable<Item> {
  return { [Symbol.asyncIterator]: () => new PassingIterator(open) };
}

const finished: Promise<IteratorResult<never>> = Promise.resolve({ done: true, value: undefined });

class PassingIterator<Item> implements AsyncIterator<Item> {
  readonly #open: () => Passing<Item>;
  #passing: Passing<Item> | undefined;
  #isOver = false;
  /** Results that are due: a request before the last result waits for it. */
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
