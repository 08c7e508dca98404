import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { DatabaseAddress } from '../../src/database/address.js';
import { openConnection } from '../../src/database/connection.js';
import { isBackupError } from '../../src/errors.js';

const password = 'open sesame';

/**
 * Somebody on the line who speaks the protocol: his answer to each packet, the first being the answer to the
 * login. For a null he says nothing, and whoever asks more than that finds the line closed.
 */
async function withServer(
  answers: readonly (Buffer | null)[],
  visit: (address: DatabaseAddress, heard: readonly Buffer[]) => Promise<void>,
): Promise<void> {
  const heard: Buffer[] = [];
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.write(packet(0, greeting));
    const left = [...answers];
    socket.on('data', (data) => {
      heard.push(data.subarray(4));
      const answer = left.shift();
      if (answer === undefined) socket.destroy();
      else if (answer !== null) socket.write(packet(data[3]! + 1, answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    await visit({ host: '127.0.0.1', port, user: 'backup', password }, heard);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

function packet(sequence: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head[3] = sequence;
  return Buffer.concat([head, payload]);
}

const greeting: Buffer = Buffer.concat([
  Buffer.from('\x0a8.0.40\0\x07\0\0\0abcdefgh\0', 'latin1'),
  Buffer.from([0x0d, 0xa2, 33, 2, 0, 0x28, 0, 21, ...new Array<number>(10).fill(0)]),
  Buffer.from('ijklmnopqrst\0mysql_native_password\0'),
]);

const keyOf = (modulusLength: number): string =>
  generateKeyPairSync('rsa', { modulusLength }).publicKey.export({ type: 'spki', format: 'pem' }) as string;
const ownKey = keyOf(1024);
const pinnedKey = keyOf(2048);
const sendsKey = Buffer.concat([Buffer.of(1), Buffer.from(ownKey)]);
const fullLogin = Buffer.of(1, 4);
const ok = Buffer.of(0, 0, 0, 2, 0, 0, 0);
const switchTo = (plugin: string): Buffer => Buffer.from(`\xfe${plugin}\0abcdefghijklmnopqrst\0`, 'latin1');

/**
 * The longest packet that the server got after the greeting's answer: an encrypted password has the size of
 * the key.
 */
const longestAfterLogin = (heard: readonly Buffer[]): number =>
  Math.max(0, ...heard.slice(1).map((each) => each.length));

const wantsPassword = (error: unknown): true => {
  assert.ok(isBackupError(error, 'database-unreachable'), String(error));
  assert.match(error.message, /asks for the password itself over a line without TLS.*was not sent/);
  assert.ok(!JSON.stringify([error.message, error.details]).includes(password));
  return true;
};

const ways: readonly (readonly [string, readonly Buffer[]])[] = [
  ['caching_sha2_password', [switchTo('caching_sha2_password'), fullLogin, sendsKey]],
  ['sha256_password', [switchTo('sha256_password'), sendsKey]],
];

for (const [name, answers] of ways) {
  test(`a server without TLS that asks for the password itself does not get it (${name})`, async () => {
    await withServer(answers, async (address, heard) => {
      await assert.rejects(openConnection(address), wantsPassword);
      assert.ok(longestAfterLogin(heard) < 64);
    });
  });

  test(`it gets it encrypted for any key only where that was asked for (${name})`, async () => {
    await withServer([...answers, ok], async (address, heard) => {
      await assert.rejects(openConnection({ ...address, getServerPublicKey: true }));
      assert.ok(heard.some((each) => each.length === 128));
    });
  });

  test(`with a key that is pinned the password is encrypted for that one (${name})`, async () => {
    await withServer(answers, async (address, heard) => {
      await assert.rejects(openConnection({ ...address, serverPublicKey: pinnedKey }));
      assert.ok(heard.some((each) => each.length === 256));
      assert.ok(heard.every((each) => each.length !== 128));
    });
  });
}

test('a server that asks for the password in the clear does not get it', async () => {
  await withServer([switchTo('mysql_clear_password')], async (address, heard) => {
    await assert.rejects(openConnection(address), (error) => isBackupError(error, 'database-unreachable'));
    assert.ok(heard.every((each) => !each.includes(password)));
  });
});

test('a server that lets everybody in and then says nothing ends the wait', async () => {
  await withServer([ok, null, null, null], async (address) => {
    await assert.rejects(openConnection({ ...address, connectTimeout: 150 }), (error) => {
      assert.ok(isBackupError(error, 'database-unreachable'), String(error));
      assert.match(error.message, /NO_ANSWER_AFTER_LOGIN/);
      return true;
    });
    const stop = new AbortController();
    const reason = new Error('given up');
    const opening = openConnection({ ...address, connectTimeout: 60_000 }, { signal: stop.signal });
    setTimeout(() => stop.abort(reason), 50);
    await assert.rejects(opening, (error) => error === reason);
  });
});
