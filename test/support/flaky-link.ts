import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a {@link FlakyLink} is to be like. */
export interface FlakyLinkOptions {
  /** Where connections lead, such as `http://127.0.0.1:7480`. */
  readonly target: string;
  /** Megabits per second in each direction, shared by all connections. @defaultValue as fast as it goes */
  readonly megabitsPerSecond?: number;
  /** Each connection is reset once it has carried so many bytes, chosen anew for each. @defaultValue never */
  readonly resetAfterBytes?: { readonly least: number; readonly most: number };
  /** Makes the choices repeatable. @defaultValue 1 */
  readonly seed?: number;
}

/** A bad line to a server on this machine: slow, and it breaks connections. */
export interface FlakyLink {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** Bytes that the line has taken from clients, framing and broken-off attempts included. */
  readonly sentBytes: number;
  /** Bytes that the line has brought to clients. */
  readonly receivedBytes: number;
  /** Connections that the line has broken. */
  readonly resets: number;
  /** Connections opened so far. */
  readonly connections: number;
  /** Breaks all connections and takes no more until {@link up}. */
  down(): void;
  up(): void;
  /** Resolves once the line has taken so many bytes from clients in all. */
  sent(bytes: number): Promise<void>;
  close(): Promise<void>;
}

/** A step that a shaped line takes at once; small, so that the reset comes where it is meant. */
const step = 16 * 1024;

/** Puts a bad line in front of a server. */
export async function openFlakyLink(options: FlakyLinkOptions): Promise<FlakyLink> {
  const target = new URL(options.target);
  const random = seeded(options.seed ?? 1);
  const pace = (): Pace => paceOf(options.megabitsPerSecond);
  const [upward, downward] = [pace(), pace()];
  const open = new Set<Socket>();
  const waiting = new Set<{ readonly bytes: number; readonly resolve: () => void }>();
  const state = { sentBytes: 0, receivedBytes: 0, resets: 0, connections: 0, isDown: false };

  const server: Server = createServer({ noDelay: true }, (client) => {
    if (state.isDown) {
      client.resetAndDestroy();
      return;
    }
    state.connections += 1;
    const there = connect({ host: target.hostname, port: Number(target.port), noDelay: true });
    const budget = { left: budgetOf(options.resetAfterBytes, random) };
    const end = (): void => {
      for (const socket of [client, there]) {
        open.delete(socket);
        socket.resetAndDestroy();
      }
    };
    const carry = async (
      from: Socket,
      to: Socket,
      way: Pace,
      count: (bytes: number) => void,
    ): Promise<void> => {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        for (let offset = 0; offset < chunk.length; offset += step) {
          const piece = chunk.subarray(offset, offset + Math.min(step, budget.left));
          await way.wait(piece.length);
          if (from.destroyed || to.destroyed) return;
          count(piece.length);
          budget.left -= piece.length;
          if (!to.write(piece)) await drained(to);
          if (budget.left <= 0) {
            state.resets += 1;
            end();
            return;
          }
        }
      }
      to.end();
    };
    for (const socket of [client, there]) {
      open.add(socket);
      socket.on('error', () => end());
      socket.on('close', () => open.delete(socket));
    }
    carry(client, there, upward, (bytes) => {
      state.sentBytes += bytes;
      for (const one of waiting) {
        if (state.sentBytes < one.bytes) continue;
        waiting.delete(one);
        one.resolve();
      }
    }).catch(end);
    carry(there, client, downward, (bytes) => {
      state.receivedBytes += bytes;
    }).catch(end);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the line has no port');
  const breakAll = (): void => {
    for (const socket of open) socket.resetAndDestroy();
    open.clear();
  };
  return {
    url: `${target.protocol}//127.0.0.1:${address.port}`,
    get sentBytes() {
      return state.sentBytes;
    },
    get receivedBytes() {
      return state.receivedBytes;
    },
    get resets() {
      return state.resets;
    },
    get connections() {
      return state.connections;
    },
    down() {
      state.isDown = true;
      breakAll();
    },
    up() {
      state.isDown = false;
    },
    sent: (bytes) =>
      new Promise((resolve) => {
        if (state.sentBytes >= bytes) resolve();
        else waiting.add({ bytes, resolve });
      }),
    async close() {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      socket.off('drain', go);
      socket.off('close', go);
      resolve();
    };
    socket.once('drain', go);
    socket.once('close', go);
  });
}

interface Pace {
  wait(bytes: number): Promise<void>;
}

function paceOf(megabitsPerSecond: number | undefined): Pace {
  if (megabitsPerSecond === undefined) return { wait: () => Promise.resolve() };
  let freeAt = 0;
  return {
    async wait(bytes) {
      const now = performance.now();
      freeAt = Math.max(now, freeAt) + (bytes * 8) / (megabitsPerSecond * 1000);
      // Timers are coarse: what is due within the next milliseconds goes at once, and the clock keeps the
      // account.
      if (freeAt - now > 5) await delay(freeAt - now);
    },
  };
}

function budgetOf(range: FlakyLinkOptions['resetAfterBytes'], random: () => number): number {
  if (range === undefined) return Number.POSITIVE_INFINITY;
  return Math.floor(range.least + random() * (range.most - range.least));
}

// mulberry32
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
