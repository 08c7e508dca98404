import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startEagerly } from '../../src/archive/start-eagerly.js';

function watched(fails = false): { readonly told: string[]; readonly source: AsyncGenerator<number> } {
  const told: string[] = [];
  async function* source(): AsyncGenerator<number> {
    told.push('started');
    try {
      if (fails) throw new Error('nothing to be had');
      yield 1;
      yield 2;
    } finally {
      told.push('closed');
    }
  }
  return { told, source: source() };
}

async function all(source: AsyncIterable<number>): Promise<readonly number[]> {
  const items: number[] = [];
  for await (const item of source) items.push(item);
  return items;
}

test('a source is at work before it is asked, and gives all it has', async () => {
  const { told, source } = watched();
  const coming = startEagerly(source);
  assert.deepEqual(told, ['started']);
  assert.deepEqual(await all(coming), [1, 2]);
  assert.deepEqual(told, ['started', 'closed']);
});

test('a source that nobody asks is closed by `return`', async () => {
  const { told, source } = watched();
  await startEagerly(source).return?.();
  assert.deepEqual(told, ['started', 'closed']);
});

test('a source that fails at once says so to whoever asks, and to nobody else', async () => {
  const coming = startEagerly(watched(true).source);
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(coming.next(), /nothing to be had/);
});
