import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decryptAgeWith } from '../../src/archive/age/decrypt.js';
import { encryptAgeWith } from '../../src/archive/age/encrypt.js';
import { collectBytes, utf8 } from '../../src/bytes.js';
import { looksRandom } from '../../src/columns/randomness.js';
import { hasRepeats } from '../../src/columns/repeats.js';
import type { Engine } from '../../src/engine/engine.js';
import { engine as node } from '../../src/engine/node.js';
import { engine as portable } from '../../src/engine/portable.js';
import { joinStretches, type Stretch, type Texture } from '../../src/engine/stretches.js';
import { fc } from '../support/properties.js';

const crossings: readonly (readonly [Engine, Engine])[] = [
  [node, portable],
  [portable, node],
];
const text = utf8('The same words again and again. '.repeat(5000));
const noise = crypto.getRandomValues(new Uint8Array(50_000));
// More than decompressors that are used again have room for.
const large = utf8('The same words again and again. '.repeat(50_000));
const mixed = new Uint8Array([...text, ...noise, ...text]);
const noiseEnd = text.length + noise.length;
const textures = [
  { start: 0, end: text.length, texture: 'text' },
  { start: text.length, end: noiseEnd, texture: 'noise' },
  // So few bytes that no other thread is asked; then more than one stored block takes.
  { start: noiseEnd, end: noiseEnd + 50, texture: 'runs' },
  { start: noiseEnd + 50, end: noiseEnd + 140_000, texture: 'random' },
  { start: noiseEnd + 140_000, end: mixed.length, texture: 'runs' },
] as const;

const margins = { before: 20, behind: 8 };

/** A stream, and that its margins were left free. */
async function deflate(engine: Engine, data: Uint8Array, stretches: readonly Stretch[]): Promise<Uint8Array> {
  const framed = await engine.deflate(data, stretches, margins);
  const end = framed.length - margins.behind;
  for (const free of [framed.subarray(0, margins.before), framed.subarray(end)]) {
    assert.ok(free.every((byte) => byte === 0));
  }
  return framed.slice(margins.before, end);
}

it('room that was lent and given back is used again', async () => {
  const deflated = await deflate(node, text, [{ start: 0, end: text.length, texture: 'text' }]);
  const rooms = new Set<ArrayBufferLike>();
  for (let i = 0; i < 50; i++) {
    const { bytes, release } = await node.inflateLent(deflated, text.length);
    rooms.add(bytes.buffer);
    release();
  }
  // One, or two when the first one was nearly full.
  assert.ok(rooms.size <= 2, `${rooms.size} rooms`);
});

describe('the two engines', () => {
  for (const [writer, reader] of crossings) {
    it(`${reader.name} inflates what ${writer.name} deflated`, async () => {
      for (const data of [new Uint8Array(0), utf8('a'), text, noise, mixed, large]) {
        const whole = [{ start: 0, end: data.length, texture: 'text' }] as const;
        for (const stretches of data === mixed ? [whole, textures] : [whole]) {
          const deflated = await deflate(writer, data, stretches);
          assert.deepEqual(await reader.inflate(deflated, data.length), data);
          await assert.rejects(reader.inflate(deflated, data.length + 1));
          if (data.length > 0) await assert.rejects(reader.inflate(deflated, data.length - 1));
        }
      }
    });

    it(`${reader.name} inflates many at a time, each to a result of its own, whatever else is broken`, async () => {
      const all = Array.from({ length: 40 }, (_, i) => new Uint8Array(1 + i * 6000).fill(i));
      const deflated = await Promise.all(
        all.map((data) => deflate(writer, data, [{ start: 0, end: data.length, texture: 'text' }])),
      );
      const broken = all.map(async (data) => {
        await assert.rejects(reader.inflate(Uint8Array.of(0xff, 0xff), data.length));
      });
      const inflated = await Promise.all(deflated.map((data, i) => reader.inflate(data, all[i]!.length)));
      await Promise.all(broken);
      assert.deepEqual(inflated, all);
    });

    it(`${reader.name} lends results that stay what they are until each is given back`, async () => {
      const all = Array.from({ length: 12 }, (_, i) => new Uint8Array(1 + i * 60_000).fill(i));
      const deflated = await Promise.all(
        all.map((data) => deflate(writer, data, [{ start: 0, end: data.length, texture: 'text' }])),
      );
      const kept = await reader.inflate(deflated[1]!, all[1]!.length);
      for (const round of [0, 1]) {
        const lent = await Promise.all(deflated.map((data, i) => reader.inflateLent(data, all[i]!.length)));
        for (const [i, { bytes, release }] of lent.entries()) {
          assert.deepEqual(bytes, all[i], `${round}`);
          release();
        }
        await assert.rejects(reader.inflateLent(deflated[2]!, all[2]!.length + 1));
      }
      assert.deepEqual(kept, all[1]);
    });

    it(`${reader.name} opens what ${writer.name} sealed`, async () => {
      const options = { passphrase: 'correct horse', scryptLogN: 4 };
      for (const size of [0, 1, 65535, 65536, 65537, 131072, 1048576 + 65536, 1200000]) {
        const data = new Uint8Array(size).map((_, i) => i * 7);
        const file = await collectBytes(encryptAgeWith(writer, data, options));
        assert.deepEqual(await collectBytes(decryptAgeWith(reader, file, options)), data);
      }
    });
  }

  for (const engine of [node, portable]) {
    it(`${engine.name} deflates the same bytes to the same bytes, whatever it deflated in between`, async () => {
      const each = textures.map(({ start, end, texture }) => ({
        data: mixed.subarray(start, end),
        stretches: [{ start: 0, end: end - start, texture }],
      }));
      const all = () => Promise.all(each.map(({ data, stretches }) => deflate(engine, data, stretches)));
      const first = await all();
      const many = Array.from({ length: 12 }, () => deflate(engine, mixed, textures));
      assert.equal(new Set((await Promise.all(many)).map((stream) => engine.sha256(stream))).size, 1);
      assert.deepEqual(await all(), first);
      for (const [i, { data, stretches }] of each.entries()) {
        assert.deepEqual(await deflate(engine, data, stretches), first[i]);
      }
    });
  }

  it('seal to the same bytes, digest and compare alike', async () => {
    const key = noise.slice(0, 32);
    const nonce = noise.slice(32, 44);
    const sealed = [node, portable].map((engine) => {
      const into = new Uint8Array(text.length + 16);
      engine.seal(key, nonce, text, into);
      return into;
    });
    assert.deepEqual(sealed[0], sealed[1]);
    const salt = utf8('salt');
    assert.deepEqual(await node.scrypt(text, salt, 16), await portable.scrypt(text, salt, 16));
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        assert.deepEqual(node.sha256(a), portable.sha256(a));
        assert.equal(node.crc32(a), portable.crc32(a));
        assert.equal(node.equalBytes(a, b), portable.equalBytes(a, b));
        assert.ok(node.equalBytes(a, a.slice()) && portable.equalBytes(a, a.slice()));
      }),
    );
  });
});

describe('looking for repeats', () => {
  it('is in vain in images, worthwhile in text, and not asked of little', () => {
    const image = crypto.getRandomValues(new Uint8Array(65536));
    const base64 = utf8(btoa(String.fromCharCode(...image)));
    assert.equal(hasRepeats(image), false);
    assert.equal(hasRepeats(base64), false);
    assert.equal(hasRepeats(text), true);
    assert.equal(hasRepeats(image.subarray(0, 1000)), true);
  });

  it('finds those within the reach of DEFLATE, and takes none behind it for one', () => {
    const image = crypto.getRandomValues(new Uint8Array(65536));
    const icon = image.subarray(0, 12_000);
    assert.equal(hasRepeats(new Uint8Array(Array.from({ length: 8 }, () => [...icon]).flat())), true);
    assert.equal(hasRepeats(new Uint8Array([...image, ...image])), false);
  });
});

describe('the search for order', () => {
  it('tells what no code makes shorter from what one does', () => {
    const random = crypto.getRandomValues(new Uint8Array(65536));
    assert.equal(looksRandom(random), true);
    assert.equal(looksRandom(utf8(Buffer.from(random).toString('base64'))), false);
    assert.equal(looksRandom(random.map((byte) => byte & 0x7f)), false);
    assert.equal(looksRandom(text), false);
  });

  it('does not judge by a few bytes, and finds order far behind them', () => {
    assert.equal(looksRandom(crypto.getRandomValues(new Uint8Array(16_383))), false);
    assert.equal(looksRandom(crypto.getRandomValues(new Uint8Array(16_384))), true);
    const turning = new Uint8Array(512 * 1024);
    for (let at = 0; at < 65536; at += 65536) crypto.getRandomValues(turning.subarray(at, at + 65536));
    assert.equal(looksRandom(turning), false);
  });
});

describe('stretches', () => {
  const of = (...lengths: readonly (readonly [Texture, number])[]): readonly Stretch[] => {
    let end = 0;
    return lengths.map(([texture, length]) => {
      const start = end;
      end += length;
      return { texture, start, end };
    });
  };
  const long = 32 * 1024;

  it('are joined to their like, and short ones to what stands before them', () => {
    assert.deepEqual(
      joinStretches(of(['runs', 10], ['runs', 20], ['text', long], ['runs', 5], ['noise', long])),
      [...of(['text', long + 35], ['noise', long])],
    );
  });

  it('that are random keep for themselves, so that nothing beside them is left as it is', () => {
    const apart = of(['runs', 10], ['random', 5], ['runs', 3], ['random', long]);
    assert.deepEqual(joinStretches(apart), apart);
    assert.deepEqual(joinStretches(of(['random', 3], ['random', 4])), of(['random', 7]));
  });
});
