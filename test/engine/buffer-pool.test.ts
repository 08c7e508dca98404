import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BufferPool } from '../../src/engine/buffer-pool.js';

describe('a pool of buffers', () => {
  it('gives room for what is asked for, and the same room again', () => {
    const pool = new BufferPool(4096);
    for (const size of [0, 1, 1024, 1025, 3000, 4096]) {
      const buffer = pool.take(size);
      assert.ok(buffer.length >= size, `${size}`);
      assert.equal(buffer.byteLength, buffer.buffer.byteLength);
      pool.give(buffer);
      assert.equal(pool.take(size), buffer, `${size}`);
    }
  });

  it('never gives one room to two', () => {
    const pool = new BufferPool(8192);
    const first = pool.take(2000);
    assert.notEqual(pool.take(2000), first);
    pool.give(first);
    assert.equal(pool.take(2000), first);
    assert.notEqual(pool.take(2000), first);
  });

  it('keeps no more than it was told to, and that is what came last', () => {
    const pool = new BufferPool(4096);
    const [first, second, third] = [pool.take(2048), pool.take(2048), pool.take(2048)];
    for (const buffer of [first, second, third]) pool.give(buffer);
    assert.deepEqual(new Set([pool.take(2048), pool.take(2048)]), new Set([second, third]));
    assert.notEqual(pool.take(2048), first);
    const large = pool.take(5000);
    assert.equal(large.length, 5000);
    pool.give(large);
    assert.notEqual(pool.take(5000), large);
    const whole = pool.take(4096);
    pool.give(second);
    pool.give(whole);
    assert.notEqual(pool.take(2048), second);
    assert.equal(pool.take(4096), whole);
    assert.equal(new BufferPool(5000).take(4500).length, 4500);
    pool.give(new Uint8Array(0));
    assert.equal(pool.take(0).length, 1024);
  });
});
