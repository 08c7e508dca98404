import type { Connection } from '../database/connection.js';

/** Options of {@link WaitingWatch}. */
export interface WaitingWatchOptions {
  /**
   * Opens a session that is used for nothing else; undefined where the sessions of others cannot be seen
   * (F11).
   */
  readonly open: (() => Promise<Connection>) | undefined;
  /** Numbers of our own sessions: those that wait for each other are no others. */
  readonly ours: () => readonly number[];
  readonly limitSeconds: number;
  /** Called once, when somebody has waited as long as the limit, or may have. */
  readonly onLimit: (found: { readonly seconds: number; readonly seen: boolean }) => void;
}

/**
 * Milliseconds after which a question counts as unanswered. It reads no table and waits for nobody's lock.
 */
const mostForAnAnswer = 5000;

/**
 * Watches for how long others wait for tables while we hold locks.
 *
 * It never falls silent: after every look, the limit is due at the time at which whoever was seen waiting, or
 * may have begun right after, will have waited that long. Only the next look puts it off. So a session that
 * hangs, or is lost, or was never allowed to see anything, only means that the locks end a little early.
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

  /** Opens the session, before there is anything to watch. */
  async open(): Promise<void> {
    this.#session = await this.#options.open?.();
  }

  /** From now on locks are held. */
  start(): void {
    const { limitSeconds, open } = this.#options;
    this.#fallDue(performance.now() + limitSeconds * 1000, false);
    if (open === undefined) return;
    this.#looks = setInterval(() => void this.#look(), Math.min(1000, (limitSeconds * 1000) / 4));
    this.#looks.unref();
  }

  /** Nothing is held any more. Without effect when called again. */
  stop(): void {
    this.#ended = true;
    clearInterval(this.#looks);
    clearTimeout(this.#due);
    this.#closing ??= this.#session?.close();
  }

  /** Stops, and ends the session; never rejects. */
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
        // Servers tell whole seconds, and of one that has begun nothing.
        const untold = waited === null ? 0 : Math.min(1, limitSeconds / 4);
        this.#fallDue(askedAt + (limitSeconds - seconds - untold) * 1000, waited !== null);
      }
    } catch {
      // The limit is not put off, and the next look opens another session.
      this.#session?.destroy();
      this.#session = undefined;
    } finally {
      this.#isLooking = false;
    }
  }

  /** Seconds; null when nobody waits. */
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

/** Of those who wait for a table of this database; somebody may be at home in another one and name it. */
function questionWithout(ids: readonly number[]): string {
  return (
    'SELECT MAX(TIME) AS seconds FROM information_schema.PROCESSLIST' +
    ' WHERE (DB = DATABASE() OR INSTR(INFO, DATABASE()) > 0)' +
    ` AND STATE LIKE 'Waiting for table%' AND ID NOT IN (${ids.join(', ')})`
  );
}
