const depth = 2;

/**
 * Yields results in order while the next one is being produced, so that reading, inflating and processing
 * overlap.
 */
export async function* prefetch<Item, Result>(
  items: Iterable<Item>,
  make: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const pending: Promise<Result>[] = [];
  for (const item of items) {
    const next = make(item);
    // A failure is thrown when its result is due; until then it must not count as an unhandled rejection.
    next.catch(() => undefined);
    pending.push(next);
    if (pending.length > depth) yield await pending.shift()!;
  }
  for (const result of pending) yield await result;
}
