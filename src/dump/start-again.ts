import { assertArgument, assertOptions } from '../arguments.js';
import { isBackupError } from '../errors.js';

/** Options of {@link startAgainOnChange}. */
export interface StartAgainOptions {
  /** Most attempts, including the first. @defaultValue 3 */
  readonly attempts?: number | undefined;
  /** Ends the work early; pending calls then reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each further attempt. */
  readonly onRestart?: ((attempt: number, cause: Error) => void) | undefined;
}

/**
 * Runs something that dumps, and runs it again from its beginning when tables were altered underneath (K6).
 * Parts that are handed out cannot be taken back, so whatever `run` wrote is thrown away by `run` itself.
 *
 * @param run - the whole of it: snapshot, dump, sealing, spool file; given the number of the attempt, from 1
 * @throws whatever `run` throws; `schema-changed` after the last attempt
 * @example
 * ```ts
 * const rows = await startAgainOnChange(async () => {
 *   let count = 0;
 *   for await (const part of dumpDatabase(database)) if (part.kind === 'rows') count += part.rows;
 *   return count;
 * });
 * console.log(rows);
 * ```
 */
export async function startAgainOnChange<T>(
  run: (attempt: number) => Promise<T>,
  options: StartAgainOptions = {},
): Promise<T> {
  assertArgument('run', run, 'function');
  assertOptions(options, { attempts: 'number?' });
  const attempts = options.attempts ?? 3;
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await run(attempt);
    } catch (error) {
      if (!isBackupError(error, 'schema-changed') || attempt >= attempts) throw error;
      options.onRestart?.(attempt + 1, error);
    }
  }
}
