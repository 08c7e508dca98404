import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Passes bytes on until told to stall: then it stays connected and says nothing. Or until a client says
 * certain words: then its connection ends, as when the server goes down over them.
 */
export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  #stalled = false;
  #held: { readonly words: string; readonly tell: () => void } | undefined;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(host: string, port: number, dropsOver?: string): Promise<FaultyProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(port, host);
      let isHeld = false;
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => to.destroy());
        from.on('data', (chunk: Buffer) => {
          if (from === client && dropsOver !== undefined && chunk.includes(dropsOver)) client.destroy();
          else if (!proxy.#stalled && !isHeld) {
            isHeld = from === client && proxy.#holds(chunk);
            if (!isHeld) to.write(chunk);
          }
        });
      }
    });
    const proxy = new FaultyProxy(server, sockets);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /**
   * Holds back whoever says these words next: that connection stays, and is heard no more. Resolves when it
   * happened.
   */
  holdOver(words: string): Promise<void> {
    return new Promise((tell) => {
      this.#held = { words, tell };
    });
  }

  #holds(chunk: Buffer): boolean {
    if (this.#held === undefined || !chunk.includes(this.#held.words)) return false;
    this.#held.tell();
    this.#held = undefined;
    return true;
  }

  stall(): void {
    this.#stalled = true;
  }

  /** Ends what is connected now; whoever comes next is served. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.drop();
    this.#server.close();
  }
}
