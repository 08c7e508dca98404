import { setTimeout as delay } from 'node:timers/promises';
import type { ServerDescription } from '../../archive/model.js';
import { endSessions } from '../../database/connection.js';
import { openRestoreSession, type RestoreSession, takeMeaningOf } from './session.js';
import { serverOf, type TargetAddress } from './target.js';

// A session that is being opened needs a few answers of the server; one that stands still is not waited for.
const OPENING_MS = 2000;

/** All sessions of one restore, so that none is left behind on the server. */
export class RestoreSessions {
  readonly #target: TargetAddress;
  readonly #signal: AbortSignal;
  readonly #all: RestoreSession[] = [];
  /** Those that are being opened; each ends by itself when it finds that all is over. */
  readonly #opening: Set<Promise<unknown>> = new Set();
  #abandoned = false;

  constructor(target: TargetAddress, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
  }

  /** One on the server, whether or not the target is there. */
  async openOnServer(): Promise<RestoreSession> {
    return this.#track(this.#open(serverOf(this.#target)));
  }

  /** One in the target, in which definitions mean what they meant at the source. */
  async openInTarget(
    source: Pick<ServerDescription, 'vendor' | 'version' | 'variables'>,
  ): Promise<RestoreSession> {
    const session = await this.#track(this.#open(this.#target));
    await takeMeaningOf(source, session);
    return session;
  }

  /** All is done. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ connection }) => connection.close()));
  }

  /** Ends them in the middle: a server that is left with a statement would work on, and hold the table. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    const there = this.#all.flatMap(({ connection }) => (connection.lost ? [] : [connection.id]));
    for (const { connection } of this.#all) connection.destroy();
    await endSessions(serverOf(this.#target), there);
    const waiting = new AbortController();
    await Promise.race([
      Promise.allSettled(this.#opening),
      delay(OPENING_MS, undefined, { signal: waiting.signal }).catch(() => undefined),
    ]);
    waiting.abort();
  }

  async #open(address: TargetAddress | ReturnType<typeof serverOf>): Promise<RestoreSession> {
    const session = await openRestoreSession(address, this.#signal);
    if (this.#abandoned) {
      const { connection } = session;
      connection.destroy();
      await endSessions(serverOf(this.#target), [connection.id]);
      throw this.#signal.reason ?? new Error('the restore is over');
    }
    this.#all.push(session);
    return session;
  }

  #track<Result>(opening: Promise<Result>): Promise<Result> {
    this.#opening.add(opening);
    const done = (): void => {
      this.#opening.delete(opening);
    };
    opening.then(done, done);
    return opening;
  }
}
