import { assertArgument } from '../arguments.js';
import type { Part } from '../model/parts.js';

/**
 * Returns the same parts to several consumers, in step: the next part is read when every consumer has
 * processed the one before, so that only one is in memory. A consumer that fails or stops early no longer
 * counts, and the others continue. When all have stopped, the source is ended. When the source fails, all
 * consumers get its error.
 *
 * All consumers must run at the same time: one that never starts blocks the others.
 *
 * @param parts - a dump, to be iterated once
 * @param count - number of consumers
 * @throws RangeError when `count` is not a whole number of 1 or more
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 *
 * const [first, second] = forkParts(dumpDatabase(database), 2);
 * const watch = async (parts: AsyncIterable<Part>) => {
 *   for await (const part of parts) console.log(part.kind);
 * };
 * const archive = encryptArchive(first!, { recipients: [recipient], label });
 * await Promise.all([writeFile(`${path}.new`, archive), watch(second!)]);
 * ```
 */
export function forkParts(parts: AsyncIterable<Part>, count: number): AsyncIterable<Part>[] {
  assertArgument('parts', parts, 'iterable');
  if (!Number.isInteger(count) || count < 1) throw new RangeError('"count" must be 1 or more');
  let source: AsyncIterator<Part> | null = null;
  let step: Promise<IteratorResult<Part>> | null = null;
  const active = new Set<number>(Array.from({ length: count }, (_, i) => i));
  // Consumers that wait for the next part, and the functions that resume them.
  const waiting = new Map<number, () => void>();

  const advance = (): void => {
    if (waiting.size < active.size || active.size === 0) return;
    source ??= parts[Symbol.asyncIterator]();
    step = source.next();
    // Every consumer gets the failure. If none is left, it must not count as an unhandled rejection.
    step.catch(() => undefined);
    for (const wake of waiting.values()) wake();
    waiting.clear();
  };
  const leave = async (consumer: number): Promise<void> => {
    if (!active.delete(consumer)) return;
    waiting.delete(consumer);
    if (active.size === 0) await source?.return?.();
    else advance();
  };

  return Array.from({ length: count }, (_, consumer) => ({
    [Symbol.asyncIterator](): AsyncIterator<Part> {
      const end: IteratorResult<Part> = { done: true, value: undefined };
      return {
        async next() {
          if (!active.has(consumer)) return end;
          await new Promise<void>((wake) => {
            waiting.set(consumer, wake);
            advance();
          });
          try {
            const result = await step!;
            if (result.done === true) active.delete(consumer);
            return result;
          } catch (error) {
            active.delete(consumer);
            throw error;
          }
        },
        async return() {
          await leave(consumer);
          return end;
        },
      };
    },
  }));
}
