import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Connection as MysqlConnection } from 'mysql2';
import type { DatabaseAddress } from './address.js';
import { driverInternals } from './driver-internals.js';

// What the socket reads into: large enough that a full pipe is emptied in few turns.
const windowBytes = 128 * 1024;

/**
 * A socket that reads into one buffer of its own. Rows are taken from there at once; everything else the
 * driver may keep, so it gets a copy.
 */
export function connectSocket(address: DatabaseAddress, driverOf: () => MysqlConnection): Socket {
  const socket = connect({
    ...placeOf(address),
    onread: {
      buffer: Buffer.allocUnsafe(windowBytes),
      callback(size, window) {
        const chunk = window.subarray(0, size);
        const { packetParser } = driverInternals(driverOf());
        socket.emit('data', packetParser.isQuick === true ? chunk : Buffer.from(chunk));
        return true;
      },
    },
  });
  return keptAlive(socket);
}

/** What comes out of TLS are buffers of its own, so there is nothing to gain by a window. */
export function connectSocketForTls(address: DatabaseAddress): Socket {
  return hostSocket(connect(placeOf(address)), address);
}

/** A socket that somebody else opened; it reads into buffers of its own. */
export function hostSocket(socket: Socket, address: DatabaseAddress): Socket {
  // The driver gives TLS no name for a numeric host; Node then looks here, and last of all takes "localhost".
  if (address.socketPath === undefined) Object.assign(socket, { _host: address.host ?? '127.0.0.1' });
  return keptAlive(socket);
}

function placeOf(address: DatabaseAddress): NetConnectOpts {
  return address.socketPath === undefined
    ? { host: address.host ?? '127.0.0.1', port: address.port ?? 3306 }
    : { path: address.socketPath };
}

function keptAlive(socket: Socket): Socket {
  socket.setNoDelay(true);
  // Not before it is connected: where the system knows no such delay, the connection itself would fail of it.
  const keep = (): unknown => socket.setKeepAlive(true, 10_000);
  if (socket.connecting) socket.once('connect', keep);
  else keep();
  return socket;
}

/** Counts a server as lost that is silent in the middle of a statement. */
export function watchSilence(driver: MysqlConnection, milliseconds: number): void {
  const inside = driverInternals(driver);
  const { stream } = inside;
  stream.setTimeout(milliseconds, () => {
    // Between statements, and while a slow consumer holds the rows back, silence is right.
    if (inside._command === null || inside._command === undefined || stream.isPaused()) {
      stream.setTimeout(milliseconds);
      return;
    }
    const error: NodeJS.ErrnoException = new Error('no answer');
    error.code = 'ETIMEDOUT';
    stream.destroy(error);
  });
}
