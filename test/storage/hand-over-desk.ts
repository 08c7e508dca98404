import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { fromJson } from '../../src/shapes.js';
import { createUploadGrant, type UploadGrantOptions } from '../../src/storage/s3/index.js';
import { offPageOfHq } from './hand-over-page.js';

/**
 * HQ for tests: a server on loopback that knows one office by its token. What it grants must be on the page
 * of the hand-over, which is told when it closes.
 */
export interface HandOverDesk {
  readonly port: number;
  readonly token: string;
  close(): Promise<void>;
}

/** Starts HQ. */
export async function openDesk(options: UploadGrantOptions): Promise<HandOverDesk> {
  const token = 'office-token-of-the-test';
  const grant = createUploadGrant(options);
  const faults = new Set<string>();
  const server: Server = createServer(async (incoming, outgoing) => {
    if (incoming.headers.authorization !== `Bearer ${token}`) {
      outgoing.writeHead(401).end();
      return;
    }
    try {
      const body: Buffer[] = [];
      for await (const chunk of incoming) body.push(chunk as Buffer);
      const message = fromJson(Buffer.concat(body));
      const request = new Request('http://localhost/', { method: 'POST', body: Buffer.concat(body) });
      const response = await grant.respond(request);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      const reply = Buffer.from(await response.arrayBuffer());
      for (const fault of offPageOfHq(message, fromJson(reply))) faults.add(fault);
      outgoing.end(reply);
    } catch {
      outgoing.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    token,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      assert.deepEqual([...faults], []);
    },
  };
}
