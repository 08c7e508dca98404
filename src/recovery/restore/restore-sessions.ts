import type { ServerDescription } from '../../archive/model.js';
import { endSessions } from '../../database/connection.js';
import { openRestoreSession, type RestoreSession, takeMeaningOf } from './session.js';
import { serverOf, type TargetAddress } from './target.js';

/** All sessions of one restore, so that none is left behind on the server. */
export class RestoreSessions {
  readonly #target: TargetAddress;
  readonly #signal: AbortSignal;
  readonly #all: RestoreSession[] = [];

  constructor(target: TargetAddress, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
  }

  /** One on the server, whether or not the target is there. */
  async openOnServer(): Promise<RestoreSession> {
    const session = await openRestoreSession(serverOf(this.#target), this.#signal);
    this.#all.push(session);
    return session;
  }

  /** One in the target, in which definitions mean what they meant at the source. */
  async openInTarget(
    source: Pick<ServerDescription, 'vendor' | 'version' | 'variables'>,
  ): Promise<RestoreSession> {
    const session = await openRestoreSession(this.#target, this.#signal);
    this.#all.push(session);
    await takeMeaningOf(source, session);
    return session;
  }

  /** All is done. */
  async close(): Promise<void> {
    await Promise.all(this.#all.map(({ connection }) => connection.close()));
  }

  /** Ends them in the middle: a server that is left with a statement would work on, and hold the table. */
  async abandon(): Promise<void> {
    const there = this.#all.flatMap(({ connection }) => (connection.lost ? [] : [connection.id]));
    for (const { connection } of this.#all) connection.destroy();
    await endSessions(serverOf(this.#target), there);
  }
}
