import type { DatabaseAddress } from '../../database/address.js';
import { type Connection, openConnection } from '../../database/connection.js';
import { driverInternals, driverOf } from '../../database/driver-internals.js';
import { BackupError } from '../../errors.js';
import { formatBytes } from '../../quantities.js';

/** Waits for a server that loads rows, as long as it makes progress. */
export class StandstillWatch {
  readonly #connection: Connection;
  readonly #table: string;
  readonly #milliseconds: number;
  readonly #began: number = performance.now();
  readonly #before: number;

  /** @param milliseconds - without progress or reply, after which a statement counts as stuck */
  constructor(connection: Connection, table: string, milliseconds: number) {
    this.#connection = connection;
    this.#table = table;
    this.#milliseconds = milliseconds;
    this.#before = this.#taken;
  }

  /**
   * Waits while bytes are to be sent.
   *
   * @throws BackupError `restore-failed` without progress, `database-connection-lost` when the session is
   *   lost
   */
  whileSending<Result>(waiting: Promise<Result>): Promise<Result> {
    return this.#wait(waiting, this.#milliseconds);
  }

  /**
   * Waits for the final reply. The server may build keys before it, so the limit is many times the duration
   * of the load.
   *
   * @throws BackupError as {@link whileSending}
   */
  forTheWord<Result>(waiting: Promise<Result>): Promise<Result> {
    return this.#wait(waiting, this.#milliseconds + 20 * (performance.now() - this.#began));
  }

  /** Bytes that have left this process. */
  get #taken(): number {
    const { stream } = driverInternals(driverOf(this.#connection));
    return stream.bytesWritten - stream.writableLength;
  }

  async #wait<Result>(waiting: Promise<Result>, limit: number): Promise<Result> {
    let timer: NodeJS.Timeout | undefined;
    const standing = new Promise<never>((_resolve, reject) => {
      let taken = this.#taken;
      let since = performance.now();
      let asking = false;
      const look = (): void => {
        const now = performance.now();
        if (this.#taken !== taken) {
          taken = this.#taken;
          since = now;
        } else if (now - since >= limit && !asking) {
          asking = true;
          const told = this.#standstill(now - since);
          void told.then((error) => {
            // The server may have made progress during the query.
            if (this.#taken === taken) reject(error);
            else asking = false;
          });
        }
      };
      timer = setInterval(look, Math.max(limit / 8, 10));
    });
    try {
      return await Promise.race([waiting, standing]);
    } finally {
      clearInterval(timer);
    }
  }

  /** The error for a load without progress, with what the server reports. */
  async #standstill(milliseconds: number): Promise<BackupError> {
    const { address, id } = this.#connection;
    const state = await stateOf(address, id);
    const table = this.#table;
    if (state === 'gone') {
      return new BackupError(
        'database-connection-lost',
        `The session that loaded table "${table}" no longer exists on the server.`,
        { details: { table } },
      );
    }
    const seconds = Math.round(milliseconds / 1000);
    const sent = this.#taken - this.#before;
    const about =
      state === 'there'
        ? 'The statement is still running there and is ended now. Check for a full disk, or for another session that holds the table.'
        : 'The server does not answer other queries either: restart it.';
    return new BackupError(
      'restore-failed',
      `Loading table "${table}" stands still: the server has accepted no data and sent no reply for ${seconds} seconds, after ${formatBytes(sent)}. ${about}`,
      { details: { table, seconds, sentBytes: sent, server: state } },
    );
  }
}

// Milliseconds for the reply to a short query.
const answerMs = 5000;

/** Whether the server still works for a session. */
async function stateOf(address: DatabaseAddress, id: number): Promise<'gone' | 'silent' | 'there'> {
  const { database: _, ...server } = address;
  try {
    const connection = await openConnection(
      { ...server, connectTimeout: answerMs },
      { inactivityTimeout: answerMs },
    );
    try {
      const rows = await connection.query('SHOW PROCESSLIST');
      return rows.some((row) => Number(row['Id']) === id) ? 'there' : 'gone';
    } finally {
      await connection.close();
    }
  } catch {
    return 'silent';
  }
}
