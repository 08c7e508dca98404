import { connect, createServer, type Server, type Socket } from 'node:net';

/** Passes bytes on until told to stall: then it stays connected and says nothing. */
export class StallingProxy {
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  #stalled = false;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
  }

  static async start(host: string, port: number): Promise<StallingProxy> {
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(port, host);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => to.destroy());
        from.on('data', (chunk) => {
          if (!proxy.#stalled) to.write(chunk);
        });
      }
    });
    const proxy = new StallingProxy(server, sockets);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  stall(): void {
    this.#stalled = true;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
