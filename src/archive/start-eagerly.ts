/**
 * Starts a source before its first item is requested, so that it works while something else is prepared. The
 * caller must iterate it, or call `return`.
 */
export function startEagerly<Item>(source: AsyncIterable<Item>): AsyncIterableIterator<Item, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Item>> | undefined = iterator.next();
  // The failure is thrown at the first request; until then it must not count as an unhandled rejection.
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
