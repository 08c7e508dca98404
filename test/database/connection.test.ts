import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { openConnection } from '../../src/database/connection.js';
import { isBackupError } from '../../src/errors.js';

test('a server that takes the call and says nothing holds up nobody who has given up', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const address = { host: '127.0.0.1', port, user: 'nobody', connectTimeout: 60_000 };
    const stop = new AbortController();
    const called = once(server, 'connection');
    const opening = openConnection(address, { signal: stop.signal });
    await called;
    const reason = new Error('given up');
    stop.abort(reason);
    await assert.rejects(opening, (error) => error === reason);
    await assert.rejects(openConnection({ ...address, connectTimeout: 50 }), (error) =>
      isBackupError(error, 'database-unreachable'),
    );
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
