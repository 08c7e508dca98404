import { connect, createServer, type Server, type Socket } from 'node:net';

/** Passes bytes on until a client says certain words: then its connection ends, as when the server goes down over them. */
export class DroppingProxy {
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  private constructor(host: string, port: number, words: string) {
    this.#server = createServer((client) => {
      const upstream = connect(port, host);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => to.destroy());
        from.on('data', (chunk: Buffer) => {
          if (from === client && chunk.includes(words)) client.destroy();
          else to.write(chunk);
        });
      }
    });
  }

  static async start(host: string, port: number, words: string): Promise<DroppingProxy> {
    const proxy = new DroppingProxy(host, port, words);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
