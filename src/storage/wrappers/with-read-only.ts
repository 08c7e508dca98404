import { assertStorage } from '../../arguments.js';
import { BackupError } from '../../errors.js';
import type { StorageAdapter } from '../adapter.js';

/**
 * A read-only view of a store, for recovery.
 *
 * @example
 * ```ts
 * const harmless = withReadOnly(store);
 * console.log(harmless.description);
 * ```
 */
export function withReadOnly(adapter: StorageAdapter): StorageAdapter {
  assertStorage('adapter', adapter);
  const refuse = async (): Promise<never> => {
    throw new BackupError('storage-permanent', `The ${adapter.description} was opened for reading only.`);
  };
  return {
    description: `${adapter.description} (read-only)`,
    capabilities: { ...adapter.capabilities, resumablePut: false, overwrite: false, delete: false },
    put: refuse,
    get: (key, options) => adapter.get(key, options),
    stat: (key, options) => adapter.stat(key, options),
    list: (prefix, options) => adapter.list(prefix, options),
    delete: refuse,
    classify: (error) => adapter.classify(error),
  };
}
