import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { type FlakyLinkOptions, openFlakyLink } from './flaky-link.js';

const server = createServer((request, response) => {
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
  });
  request.on('end', () => response.end(String(size)));
});
describe('a link over which tests send', () => {
  let target: string;
  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    target = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  async function sendTo(url: string, size: number): Promise<string> {
    return (await fetch(url, { method: 'PUT', body: Buffer.alloc(size) })).text();
  }

  const link = (options: Omit<FlakyLinkOptions, 'target'>) => openFlakyLink({ target, ...options });

  test('a link carries everything where it is not told to break', async () => {
    const line = await link({});
    assert.equal(await sendTo(line.url, 3_000_000), '3000000');
    assert.ok(line.sentBytes > 3_000_000 && line.sentBytes < 3_002_000);
    assert.equal(line.resets, 0);
    await line.close();
  });

  test('a link breaks a connection where it was told to, the same way each time', async () => {
    const places: number[] = [];
    for (let i = 0; i < 2; i += 1) {
      const line = await link({ resetAfterBytes: { least: 100_000, most: 900_000 }, seed: 7 });
      await assert.rejects(sendTo(line.url, 1_000_000), TypeError);
      assert.equal(line.resets, 1);
      places.push(line.sentBytes);
      await line.close();
    }
    assert.ok(places[0]! >= 100_000 && places[0]! < 900_000);
    assert.equal(places[0], places[1]);
  });

  test('a link is as slow as it was told to be', async () => {
    const line = await link({ megabitsPerSecond: 16 });
    const start = performance.now();
    await sendTo(line.url, 500_000);
    const seconds = (performance.now() - start) / 1000;
    assert.ok(seconds > 0.2, `500 kB at 16 Mbit/s took ${seconds} s`);
    await line.close();
  });

  test('a link that is down takes nothing until it is up', async () => {
    const line = await link({});
    line.down();
    await assert.rejects(sendTo(line.url, 10), TypeError);
    line.up();
    assert.equal(await sendTo(line.url, 10), '10');
    await line.sent(10);
    await line.close();
  });
});
