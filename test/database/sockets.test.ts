import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { test } from 'node:test';
import type { Connection } from 'mysql2';
import { connectSocket, connectSocketForTls, hostSocket } from '../../src/database/sockets.js';

test('a line is kept alive once it is connected, and not before: not every system takes it earlier (F3)', async (context) => {
  const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  context.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const address = { host: '127.0.0.1', port, user: 'nobody' };
  const ready = connect(port, '127.0.0.1');
  await once(ready, 'connect');

  const { mock } = context.mock.method(Socket.prototype, 'setKeepAlive', function (this: Socket) {
    assert.equal(this.connecting, false);
    return this;
  });
  const sockets = [
    connectSocket(address, () => ({}) as Connection),
    connectSocketForTls(address),
    hostSocket(connect(port, '127.0.0.1'), address),
  ];
  assert.equal(mock.callCount(), 0);
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // A tunnel of the host's may stand already.
  sockets.push(hostSocket(ready, address));
  assert.deepEqual(
    mock.calls
      .map(({ this: socket, arguments: said }) => [sockets.indexOf(socket as Socket), ...said])
      .sort(),
    sockets.map((_, i) => [i, true, 10_000]),
  );
  for (const socket of sockets) socket.destroy();
});
