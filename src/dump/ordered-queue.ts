/**
 * A bounded line of results that are still in the making: many put in, one takes out, in the order of putting
 * in. The bound keeps memory flat; the order keeps the parts of a table in theirs.
 */
export class OrderedQueue<T> {
  readonly #capacity: number;
  readonly #waiting: Promise<T>[] = [];
  #room: (() => void)[] = [];
  #arrival: (() => void) | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  /** @param capacity - most results in the line */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /**
   * Puts a result in, as soon as there is room. `make` is called right then, so that nothing is made too
   * early.
   *
   * @throws what the line failed with
   */
  async put(make: () => Promise<T>): Promise<void> {
    while (this.#waiting.length >= this.#capacity && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#room.push(resolve));
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    const result = make();
    // Whoever takes it sees the failure; until then it must not count as unhandled.
    result.catch(() => undefined);
    this.#waiting.push(result);
    this.#wake();
  }

  /** No more will come. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Ends the line with an error, for those who put in and the one who takes out. The first error counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
    this.#makeRoom();
  }

  /** Takes results out until the end. */
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
