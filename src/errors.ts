/**
 * The error class of the library: {@link BackupError}, with a closed union of codes.
 *
 * Every message has three plain sentences for the person who reads it: what happened, what is still safe, and
 * what to do. The last two depend on the code and the activity. Programming mistakes are `TypeError` and
 * `RangeError` instead, which name the argument.
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
  /** The activity, if the place that throws determines it. Otherwise the called public function sets it. */
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

  /** The activity during which it happened; undefined if unknown. */
  get activity(): Activity | undefined {
    return this.#activity;
  }

  static {
    setActivity = (error, activity) => {
      error.#activity = activity;
      const before = error.message;
      error.message = joined(error.happened, error.code, activity);
      // The stack begins with the message from the time when the error was created.
      if (error.stack !== undefined) error.stack = error.stack.replace(before, () => error.message);
    };
  }
}

/**
 * Sets the activity of an error, and returns it. An activity that is set already remains, since it was set
 * closer to the cause.
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

/** Runs something, and sets the activity of its errors. */
export async function during<Result>(activity: Activity, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw happenedDuring(activity, error);
  }
}

/** {@link during} for a generator. */
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
 * Whether a thrown value is a {@link BackupError}, and has the given code, if any. Checks properties instead
 * of the class, so that it also works across two installed copies of the library.
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
