import { collectBytes } from '../bytes.js';
import type { StorageAdapter, StoredObject } from '../storage/adapter.js';

/** Heads of archives are read in pieces of this size or less. */
const longestHead = 64 * 1024;

/**
 * A store that reads the beginning of an object once, and needs no request for the size of an object that it
 * listed: a copy is read for its label first, and opened then. Only for a short use, as it never reads again.
 */
export function rememberHeads(storage: StorageAdapter): StorageAdapter {
  const heads = new Map<string, Promise<Uint8Array>>();
  const stats = new Map<string, Promise<StoredObject | null>>();
  return {
    description: storage.description,
    capabilities: storage.capabilities,
    put: (...given) => storage.put(...given),
    async *list(...given) {
      for await (const object of storage.list(...given)) {
        stats.set(object.key, Promise.resolve(object));
        yield object;
      }
    },
    delete: (...given) => storage.delete(...given),
    classify: (error) => storage.classify(error),
    stat: (key, options) => kept(stats, key, () => storage.stat(key, options)),
    get(key, options) {
      const { range } = options ?? {};
      if (range?.offset !== 0 || (range.length ?? Number.POSITIVE_INFINITY) > longestHead) {
        return storage.get(key, options);
      }
      const read = (): Promise<Uint8Array> => collectBytes(storage.get(key, options), longestHead);
      return once(() => kept(heads, `${key} ${range.length}`, read));
    },
  };
}

async function* once(make: () => Promise<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield await make();
}

/** Remembers what succeeds. */
function kept<Value>(
  known: Map<string, Promise<Value>>,
  key: string,
  make: () => Promise<Value>,
): Promise<Value> {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
