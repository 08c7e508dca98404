/**
 * The one error family of the library: {@link BackupError}, told apart by a closed union of codes.
 *
 * Every error carries three plain sentences for the person who reads it: what happened, what is still safe,
 * and what to do. The last two go by its code and by what was being done. Programmer mistakes are not in the
 * family: they are `TypeError` and `RangeError` naming the argument.
 */

import { assertArgument, assertOptions } from './arguments.js';
import { type Activity, adviceOn, type BackupErrorCode, errorExplanations } from './error-advice.js';

export {
  type Activity,
  type BackupErrorCode,
  type ErrorAdvice,
  type ErrorExplanation,
  errorExplanations,
} from './error-advice.js';

/**
 * Facts for programs: names of tables and objects, numbers, reasons. Never a value of a row, a password or a
 * key.
 */
export type ErrorDetails = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

/** Options of {@link BackupError}. */
export interface BackupErrorOptions {
  /** The lower-level error, if there was one. */
  readonly cause?: unknown;
  /** Facts for programs. */
  readonly details?: ErrorDetails | undefined;
  /**
   * What was being done, where the place that throws knows. The function that was called says so otherwise.
   */
  readonly activity?: Activity | undefined;
}

let setActivity: (error: BackupError, activity: Activity) => void;

/**
 * Every failure that is not a programmer's mistake. Its message says what happened, what is still safe and
 * what to do; `code` tells programs the same.
 *
 * @example
 * ```ts
 * // A store of your own throws the same errors:
 * const refused = new BackupError('storage-transient', 'The bucket "copies" did not answer.', { details: { status: 503 } });
 * console.error(refused.code, refused.message);
 * logger.warning(refused.happened, { code: refused.code });
 * ```
 */
export class BackupError extends Error {
  override readonly name: 'BackupError' = 'BackupError';
  /** Which of the closed set of failures this is. */
  readonly code: BackupErrorCode;
  /** The first sentence of the message alone, for where there is little room. */
  readonly happened: string;
  /** Facts for programs. */
  readonly details: ErrorDetails;
  #activity: Activity | undefined;

  /**
   * Says what happened; what is safe and what to do come with the code and the activity.
   *
   * @param code - which failure
   * @param happened - one sentence that names the thing it happened to; holds no row value, password or key
   * @param options - cause, details and activity
   */
  constructor(code: BackupErrorCode, happened: string, options: BackupErrorOptions = {}) {
    assertCode(code);
    assertArgument('happened', happened, 'text');
    assertOptions(options, { details: 'object?', activity: 'text?' });
    super(
      joined(happened, code, options.activity),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.happened = happened;
    this.details = options.details ?? {};
    this.#activity = options.activity;
  }

  /** What was being done when it happened; undefined where nobody has said so. */
  get activity(): Activity | undefined {
    return this.#activity;
  }

  static {
    setActivity = (error, activity) => {
      error.#activity = activity;
      const before = error.message;
      error.message = joined(error.happened, error.code, activity);
      // The stack begins with the message as it was when the error was made.
      if (error.stack !== undefined) error.stack = error.stack.replace(before, () => error.message);
    };
  }
}

/**
 * The same error, which now knows what was being done. What was said before stays: whoever is nearest to what
 * happened knows best.
 */
export function happenedDuring<Thrown>(activity: Activity, error: Thrown): Thrown {
  if (error instanceof BackupError && error.activity === undefined) setActivity(error, activity);
  return error;
}

function assertCode(code: BackupErrorCode): void {
  if (typeof code !== 'string' || !Object.hasOwn(errorExplanations, code)) {
    throw new TypeError('"code" must be a code of errorExplanations');
  }
}

function joined(happened: string, code: BackupErrorCode, activity: Activity | undefined): string {
  const { safe, action } = adviceOn(code, activity);
  return `${happened} ${safe} ${action}`;
}

/** Does something, and says of a failure in it what was being done. */
export async function during<Result>(activity: Activity, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw happenedDuring(activity, error);
  }
}

/** {@link during}, for what is given piece by piece. */
export async function* yieldDuring<Item>(
  activity: Activity,
  items: AsyncIterable<Item>,
): AsyncGenerator<Item, void, undefined> {
  try {
    yield* items;
  } catch (error) {
    throw happenedDuring(activity, error);
  }
}

/**
 * Whether something thrown is a {@link BackupError}, and of that code when one is given. Goes by the shape,
 * so that it also holds across two installed copies of the library.
 *
 * @example
 * ```ts
 * try {
 *   await openArchive(source, { password: 'not this one' });
 * } catch (error) {
 *   if (!isBackupError(error, 'wrong-key')) throw error;
 *   console.error(error.message);
 * }
 * ```
 */
export function isBackupError<Code extends BackupErrorCode = BackupErrorCode>(
  thrown: unknown,
  code?: Code,
): thrown is BackupError & { readonly code: Code } {
  if (!(thrown instanceof Error) || thrown.name !== 'BackupError' || !('code' in thrown)) return false;
  return code === undefined ? Object.hasOwn(errorExplanations, String(thrown.code)) : thrown.code === code;
}
