/**
 * A source that is at work before it is first asked, while something else is made ready. Whoever takes it
 * must iterate it, or call `return`.
 */
export function startEagerly<Item>(source: AsyncIterable<Item>): AsyncIterableIterator<Item, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Item>> | undefined = iterator.next();
  // The failure is thrown to whoever asks first; until then it must not count as an unhandled rejection.
  first.catch(() => undefined);
  return {
    next() {
      const next = first ?? iterator.next();
      first = undefined;
      return next;
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
