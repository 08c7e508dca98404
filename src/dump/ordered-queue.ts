/**
 * A bounded queue of pending results: several producers, one consumer, in the order of insertion. The bound
 * limits memory; the order keeps the parts of a table in sequence.
 */
export class OrderedQueue<T> {
  readonly #capacity: number;
  readonly #waiting: Promise<T>[] = [];
  #room: (() => void)[] = [];
  #arrival: (() => void) | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param capacity - most results in the queue */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Adds a result as soon as there is a free place. Only then is `make` called, so that work does not start
   * too early.
   *
   * @throws the error of the queue
   */
  async put(make: () => Promise<T>): Promise<void> {
    while (this.#waiting.length >= this.#capacity && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    const result = make();
    // The consumer gets the failure; until then it must not count as unhandled.
    result.catch(() => undefined);
    this.#waiting.push(result);
    this.#wake();
  }

  /** No more results follow. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Ends the queue with an error for producers and consumer. The first error counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
    this.#makeRoom();
  }

  /** Removes results until the end. */
  async *drain(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const next = this.#waiting[0];
      if (next === undefined) {
        if (this.#ended) return;
        await new Promise<void>((resolve) => {
          this.#arrival = resolve;
        });
        continue;
      }
      const result = await next;
      this.#waiting.shift();
      this.#makeRoom();
      yield result;
    }
  }

  #wake(): void {
    const arrival = this.#arrival;
    this.#arrival = undefined;
    arrival?.();
  }

  #makeRoom(): void {
    const room = this.#room;
    this.#room = [];
    for (const resolve of room) resolve();
  }
}
