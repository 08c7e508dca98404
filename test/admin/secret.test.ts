import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { format, inspect } from 'node:util';
import { Secret } from '../../src/admin/secret.js';

describe('a secret', () => {
  const secret = new Secret('needle');

  it('is given to who asks for it by name', () => {
    assert.equal(secret.reveal(), 'needle');
  });

  it('shows a placeholder as text and as JSON', () => {
    assert.equal(String(secret), '[secret]');
    assert.equal(`${secret}`, '[secret]');
    assert.equal(format('%s', secret), '[secret]');
    assert.equal(JSON.stringify({ secret }), '{"secret":"[secret]"}');
    assert.equal(format('%j', secret), '"[secret]"');
  });

  it('has nothing that an inspector, a copy or a loop could find', () => {
    const seen = [
      inspect(secret, { showHidden: true, depth: null, customInspect: false }),
      inspect({ deep: [secret] }, { showHidden: true, depth: null, getters: true }),
      format('%o %O %i %d', secret, secret, secret, secret),
      JSON.stringify([{ ...secret }, structuredClone(secret), Reflect.ownKeys(secret)]),
    ].join('\n');
    assert.ok(!seen.includes('needle'), seen);
    assert.match(seen, /Secret/);
  });
});
