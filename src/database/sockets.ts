import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Connection as MysqlConnection } from 'mysql2';
import type { DatabaseAddress } from './address.js';
import { driverInternals } from './driver-internals.js';

// Size of the read buffer: large enough that few reads empty a full socket.
const windowBytes = 128 * 1024;

/**
 * A socket that reads into one reused buffer. The row reader processes the bytes at once; the driver may keep
 * other packets, so it gets copies.
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

/** TLS delivers its data in buffers of its own, so a reused read buffer would save nothing. */
export function connectSocketForTls(address: DatabaseAddress): Socket {
  return hostSocket(connect(placeOf(address)), address);
}

/** A socket that the host opened; it reads into buffers of its own. */
export function hostSocket(socket: Socket, address: DatabaseAddress): Socket {
  // For a numeric host the driver sets no server name. Node then checks the certificate against `_host`, else
  // "localhost".
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
  // Only after connecting: on systems without this option, setting it earlier makes the connection fail.
  const keep = (): unknown => socket.setKeepAlive(true, 10_000);
  if (socket.connecting) socket.once('connect', keep);
  else keep();
  return socket;
}

/** Closes a connection as lost when the server is silent during a statement. */
export function watchSilence(driver: MysqlConnection, milliseconds: number): void {
  const inside = driverInternals(driver);
  const { stream } = inside;
  stream.setTimeout(milliseconds, () => {
    // Silence is normal between statements, and while a slow consumer has paused the socket.
    if (inside._command === null || inside._command === undefined || stream.isPaused()) {
      stream.setTimeout(milliseconds);
      return;
    }
    const error: NodeJS.ErrnoException = new Error('no answer');
    error.code = 'ETIMEDOUT';
    stream.destroy(error);
  });
}
