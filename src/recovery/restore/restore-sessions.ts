import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, endSessions } from '../../database/connection.js';
import type { ServerDescription } from '../../model/parts.js';
import {
  dropOwnAccountAnew,
  makeOwnAccount,
  type OwnAccount,
  type RestoreRights,
  rightsOfLogin,
} from './own-account.js';
import { openRestoreSession, type RestoreSession, takeMeaningOf } from './session.js';
import { serverOf, type TargetAddress } from './target-address.js';

// Opening a session or dropping an account takes a few replies of the server. A server that hangs is not
// awaited longer than this.
const answeredMs = 2000;

type Source = Pick<ServerDescription, 'sqlMode' | 'vendor' | 'version' | 'variables'>;

/** All sessions of one restore, so that none is left behind on the server. */
export class RestoreSessions {
  #target: TargetAddress;
  readonly #signal: AbortSignal;
  readonly #all: RestoreSession[] = [];
  /** Sessions that are being opened; each is closed when it finds that the restore has ended. */
  readonly #opening: Set<Promise<unknown>> = new Set();
  #abandoned: Promise<void> | undefined;
  #account: OwnAccount | undefined;
  #rights: RestoreRights | undefined;

  constructor(target: TargetAddress, signal: AbortSignal) {
    this.#target = target;
    this.#signal = signal;
  }

  /** Opens a session on the server, whether or not the target exists. */
  async openOnServer(): Promise<RestoreSession> {
    return this.#track(this.#open(serverOf(this.#target)));
  }

  /**
   * From here on, work in the target uses an account with no other rights, if the user can create one.
   *
   * @param server - the session that holds the claim
   * @param target - with the name that the server has for it
   */
  async takeRights(server: Connection, target: TargetAddress, mayReachOut: boolean): Promise<RestoreRights> {
    this.#target = target;
    this.#account = mayReachOut ? undefined : await this.#track(makeOwnAccount(server, target));
    this.#rights =
      this.#account === undefined ? await rightsOfLogin(server, target.database) : { kind: 'own-account' };
    return this.#rights;
  }

  /** Opens a session in the target, in which definitions have the meaning they had at the source. */
  async openInTarget(source: Source): Promise<RestoreSession> {
    return this.#openFor(source, this.#account?.address ?? this.#target);
  }

  /** The same with the user's rights, for accepted content that needs them. */
  async openAsLogin(source: Source): Promise<RestoreSession> {
    return this.#openFor(source, this.#target);
  }

  async #openFor(source: Source, address: TargetAddress): Promise<RestoreSession> {
    const session = await this.#track(this.#open(address));
    await takeMeaningOf(source, session);
    return session;
  }

  /** Closes all sessions regularly. */
  async close(): Promise<void> {
    await this.#dropAccount();
    await Promise.all(this.#all.map(({ connection }) => connection.close()));
  }

  async #dropAccount(): Promise<void> {
    if (this.#account !== undefined) await dropOwnAccountAnew(serverOf(this.#target), this.#account.name);
    this.#account = undefined;
  }

  /**
   * Ends all sessions at once: a server would continue an unfinished statement, and keep the table locked.
   */
  abandon(): Promise<void> {
    this.#abandoned ??= this.#abandon();
    return this.#abandoned;
  }

  async #abandon(): Promise<void> {
    const there = this.#all.filter(({ connection }) => !connection.lost).map(({ connection }) => connection);
    for (const { connection } of this.#all) connection.destroy();
    await this.#end(there);
    await answered(Promise.allSettled(this.#opening));
    // While another session locks the whole server, the account is dropped only after that.
    await answered(this.#dropAccount());
  }

  /** Each session is ended by the account that opened it: another one may lack the privilege. */
  async #end(connections: readonly Connection[]): Promise<void> {
    const account = this.#account?.address;
    const isOwn = ({ address }: Connection): boolean => address.user === account?.user;
    const ids = (wanted: readonly Connection[]): readonly number[] => wanted.map(({ id }) => id);
    await endSessions(serverOf(this.#target), ids(connections.filter((each) => !isOwn(each))));
    if (account !== undefined) await endSessions(serverOf(account), ids(connections.filter(isOwn)));
  }

  async #open(address: TargetAddress | ReturnType<typeof serverOf>): Promise<RestoreSession> {
    const session = await openRestoreSession(address, this.#signal);
    if (this.#abandoned !== undefined) {
      const { connection } = session;
      connection.destroy();
      await this.#end([connection]);
      throw this.#signal.reason ?? new Error('the restore has ended');
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

/** Waits for a promise, but not for long. */
async function answered(done: Promise<unknown>): Promise<void> {
  const waiting = new AbortController();
  const late = delay(answeredMs, undefined, { signal: waiting.signal }).catch(() => undefined);
  await Promise.race([done, late]);
  waiting.abort();
}
