import { inspect } from 'node:util';
import type { StorageAdapter } from '../adapter.js';

/** The same adapter; records in `leaks` each secret that its description or its errors show. */
export function watchForSecrets(
  adapter: StorageAdapter,
  secrets: readonly string[],
  leaks: string[],
): StorageAdapter {
  const look = (text: string, where: string): void => {
    if (secrets.some((secret) => text.includes(secret))) leaks.push(where);
  };
  look(adapter.description, 'the description');

  // What a careless logger prints: message, details, causes and whatever hangs on the error.
  const seen = (error: unknown, operation: string): unknown => {
    look(inspect(error, { depth: 8, maxStringLength: null }), `an error of ${operation}`);
    return error;
  };
  async function watched<Result>(operation: string, work: Promise<Result>): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      throw seen(error, operation);
    }
  }
  async function* watchedEach<Item>(operation: string, items: AsyncIterable<Item>): AsyncGenerator<Item> {
    try {
      yield* items;
    } catch (error) {
      throw seen(error, operation);
    }
  }
  return {
    description: adapter.description,
    capabilities: adapter.capabilities,
    put: (key, source, options) => watched('put', adapter.put(key, source, options)),
    get: (key, options) => watchedEach('get', adapter.get(key, options)),
    stat: (key, options) => watched('stat', adapter.stat(key, options)),
    list: (prefix, options) => watchedEach('list', adapter.list(prefix, options)),
    delete: (key, options) => watched('delete', adapter.delete(key, options)),
    ...(adapter.retainUntil !== undefined && {
      retainUntil: (key, until, options) => watched('retainUntil', adapter.retainUntil!(key, until, options)),
    }),
    classify: (error) => adapter.classify(error),
  };
}
