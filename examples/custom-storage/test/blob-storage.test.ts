import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { storageContract } from 'supplemental-backup/testing';
import { createBlobStorage } from '../src/blob-storage.js';
import { createBlobServer } from './blob-server.js';

const token = 'a-secret-that-no-message-may-hold';
const server = createBlobServer(token);
let url = '';

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => server.close());

for (const check of storageContract({ create: () => createBlobStorage({ url, token }), secrets: [token] })) {
  test(check.name, check.run);
}
