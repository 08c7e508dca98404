/** Facts beside a log line: names, numbers, codes. Never a row value, a password or a key. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where the service writes what it did. A logger never throws: a full disk must not cost a backup. */
export interface Logger {
  /** What helps to find a fault: what a run did when, and how long it took. @defaultValue discarded */
  debug?(message: string, facts?: LogFacts): void;
  /** What went well. */
  info(message: string, facts?: LogFacts): void;
  /** What failed and was handled. */
  warning(message: string, facts?: LogFacts): void;
  /** What did not happen and should have. */
  error(message: string, facts?: LogFacts): void;
}

/** Discards everything. */
export const silentLogger: Logger = {
  info: () => undefined,
  warning: () => undefined,
  error: () => undefined,
};
