import { createServer, type Server } from 'node:http';
import { createUploadGrant, type UploadGrantOptions } from '../../src/storage/s3/index.js';

/** HQ for tests: a server on loopback that knows one office by its token. */
export interface HandOverDesk {
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/** Starts HQ. */
export async function openDesk(options: UploadGrantOptions): Promise<HandOverDesk> {
  const token = 'office-token-of-the-test';
  const grant = createUploadGrant(options);
  const server: Server = createServer(async (incoming, outgoing) => {
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      outgoing.writeHead(401).end();
      return;
    }
    try {
      const body: Buffer[] = [];
      for await (const chunk of incoming) body.push(chunk as Buffer);
      const request = new Request('http://localhost/', { method: 'POST', body: Buffer.concat(body) });
      const response = await grant.respond(request);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(Buffer.from(await response.arrayBuffer()));
    } catch {
      outgoing.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
