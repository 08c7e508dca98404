const name = 'slowMarkOf';
let salt: Uint8Array | undefined;

/**
 * The first night of a practice pins the password of its administrator by scrypt with a new salt, which takes a
 * third of a second. Tests make many such practices with the same password: from now on those of this process have
 * the same salt, so that `test/remember-scrypt.mjs` knows the answer. Tests of the pins themselves have real ones.
 */
export function shareSaltOfPins(): void {
  if (salt !== undefined) return;
  const fill = crypto.getRandomValues.bind(crypto);
  const shared = fill(new Uint8Array(16));
  salt = shared;
  crypto.getRandomValues = (array) => {
    fill(array);
    if (
      array instanceof Uint8Array &&
      array.length === shared.length &&
      callerOf(crypto.getRandomValues) === name
    ) {
      array.set(shared);
    }
    return array;
  };
}

/** The name of the function that called this one; no text of a stack is made for it, which is slow. */
function callerOf(callee: (...words: never[]) => unknown): string | null {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const asked: { stack?: string | null } = {};
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (_, [site]) => site?.getFunctionName() ?? null;
    Error.captureStackTrace(asked, callee);
    return asked.stack ?? null;
  } finally {
    Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  }
}
