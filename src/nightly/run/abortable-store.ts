import { passingItems } from '../../passing-items.js';
import type { StorageAdapter } from '../../storage/adapter.js';
import type { Clock } from '../service/clock.js';
import { untilAborted } from '../service/timeout.js';

/** How long an aborted transfer may finish its piece, in milliseconds. */
const cleanupTime = 3000;

/** A store whose calls end when they are aborted, even if it ignores the signal or hangs. */
export function abortableStore(store: StorageAdapter, clock: Clock): StorageAdapter {
  const ending = <Result>(signal: AbortSignal | undefined, work: () => Promise<Result>): Promise<Result> =>
    signal === undefined ? work() : untilAborted(signal, clock, work, cleanupTime);

  // One listener for all pieces and no race for each, because a large archive has very many.
  const each = <Item>(items: AsyncIterable<Item>, signal: AbortSignal | undefined): AsyncIterable<Item> =>
    passingItems(() => {
      signal?.throwIfAborted();
      const iterator = items[Symbol.asyncIterator]();
      let answered: AbortController | undefined;
      let giveUp = (_reason: unknown): void => undefined;
      let isLeft = false;
      let isOver = false;
      const leave = (): void => {
        answered = new AbortController();
        void clock.sleep(cleanupTime, answered.signal).then(() => {
          isLeft = true;
          giveUp(signal?.reason);
        });
      };
      signal?.addEventListener('abort', leave, { once: true });
      return {
        next: () =>
          new Promise<IteratorResult<Item>>((resolve, reject) => {
            if (isLeft) throw signal?.reason;
            giveUp = reject;
            iterator.next().then((next) => {
              isOver = next.done === true;
              resolve(next);
            }, reject);
          }),
        end: async () => {
          answered?.abort();
          signal?.removeEventListener('abort', leave);
          // An iterator that hangs would also hang in `return`.
          const ended = isOver ? undefined : iterator.return?.();
          if (signal?.aborted === true) ended?.catch(() => undefined);
          else await ended;
        },
      };
    });

  return {
    description: store.description,
    capabilities: store.capabilities,
    put: (key, source, options) => ending(options?.signal, () => store.put(key, source, options)),
    get: (key, options) => each(store.get(key, options), options?.signal),
    stat: (key, options) => ending(options?.signal, () => store.stat(key, options)),
    list: (prefix, options) => each(store.list(prefix, options), options?.signal),
    delete: (key, options) => ending(options?.signal, () => store.delete(key, options)),
    ...(store.retainUntil !== undefined && {
      retainUntil: (key, until, options) =>
        ending(options?.signal, () => store.retainUntil!(key, until, options)),
    }),
    classify: (error) => store.classify(error),
  };
}
