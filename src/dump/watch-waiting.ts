import type { Connection } from '../database/connection.js';

/** Options of {@link WaitingWatch}. */
export interface WaitingWatchOptions {
  /** Opens the session of the watch; undefined if the sessions of other users cannot be seen (F11). */
  readonly open: (() => Promise<Connection>) | undefined;
  /** Ids of our own sessions, which may wait for each other. */
  readonly ours: () => readonly number[];
  readonly limitSeconds: number;
  /** Called once, when another session has waited as long as the limit, or may have. */
  readonly onLimit: (found: { readonly seconds: number; readonly seen: boolean }) => void;
}

/** Milliseconds until a query counts as unanswered. It reads no table and waits for no lock. */
const mostForAnAnswer = 5000;

/**
 * Watches how long other sessions wait for tables while locks are held.
 *
 * After every check a timer is set to the moment at which a session that was waiting, or may have begun to
 * wait directly afterwards, reaches the limit. Only the next successful check sets it anew. So if the watch
 * hangs, loses its session or may not see others, the locks are released a little early, and never too late.
 */
export class WaitingWatch {
  readonly #options: WaitingWatchOptions;
  #session: Connection | undefined;
  #due: NodeJS.Timeout | undefined;
  #looks: NodeJS.Timeout | undefined;
  #isLooking = false;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(options: WaitingWatchOptions) {
    this.#options = options;
  }

  /** Opens the session beforehand. */
  async open(): Promise<void> {
    this.#session = await this.#options.open?.();
  }

  /** Starts the watch; locks are held from now on. */
  start(): void {
    const { limitSeconds, open } = this.#options;
    this.#fallDue(performance.now() + limitSeconds * 1000, false);
    if (open === undefined) return;
    this.#looks = setInterval(() => void this.#look(), Math.min(1000, (limitSeconds * 1000) / 4));
    this.#looks.unref();
  }

  /** Stops the watch; has no effect when called again. */
  stop(): void {
    this.#ended = true;
    clearInterval(this.#looks);
    clearTimeout(this.#due);
    this.#closing ??= this.#session?.close();
  }

  /** Stops the watch and ends its session; never rejects. */
  async close(): Promise<void> {
    this.stop();
    await this.#closing;
  }

  #fallDue(at: number, seen: boolean): void {
    clearTimeout(this.#due);
    const inMs = Math.max(0, at - performance.now());
    this.#due = setTimeout(() => {
      const { limitSeconds } = this.#options;
      this.#end({ seconds: limitSeconds, seen });
    }, inMs);
    this.#due.unref();
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#ended) return;
    this.#isLooking = true;
    const { limitSeconds } = this.#options;
    const askedAt = performance.now();
    try {
      const waited = await this.#longestWait();
      if (this.#ended) return;
      const seconds = Number(waited ?? 0);
      if (seconds >= limitSeconds) this.#end({ seconds, seen: true });
      else {
        // The server reports whole seconds, so a wait may be up to a second longer.
        const untold = waited === null ? 0 : Math.min(1, limitSeconds / 4);
        this.#fallDue(askedAt + (limitSeconds - seconds - untold) * 1000, waited !== null);
      }
    } catch {
      // The timer stays as it is, and the next check opens another session.
      this.#session?.destroy();
      this.#session = undefined;
    } finally {
      this.#isLooking = false;
    }
  }

  /** Seconds; null when no session waits. */
  async #longestWait(): Promise<string | null> {
    const { open, ours } = this.#options;
    const session = this.#session ?? (await open!());
    if (this.#ended) {
      await session.close();
      return null;
    }
    this.#session = session;
    const [row] = await session.query(questionWithout([...ours(), session.id]), {
      signal: AbortSignal.timeout(mostForAnAnswer),
    });
    return row?.['seconds'] ?? null;
  }

  #end(found: { readonly seconds: number; readonly seen: boolean }): void {
    if (this.#ended) return;
    this.stop();
    this.#options.onLimit(found);
  }
}

/**
 * Queries sessions that wait for a table of this database, including those whose default database is another
 * one.
 */
function questionWithout(ids: readonly number[]): string {
  return (
    'SELECT MAX(TIME) AS seconds FROM information_schema.PROCESSLIST' +
    ' WHERE (DB = DATABASE() OR INSTR(INFO, DATABASE()) > 0)' +
    ` AND STATE LIKE 'Waiting for table%' AND ID NOT IN (${ids.join(', ')})`
  );
}
