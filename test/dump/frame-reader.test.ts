import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrameReader } from '../../src/database/frame-reader.js';
import { fc } from '../support/properties.js';

const full = 0xff_ff_ff;

function frames(packet: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let from = 0; ; from += full) {
    const piece = packet.subarray(from, from + full);
    const head = Buffer.alloc(4);
    head.writeUIntLE(piece.length, 0, 3);
    head[3] = pieces.length & 255;
    pieces.push(head, piece);
    if (piece.length < full) return Buffer.concat(pieces);
  }
}

/** Sends bytes in chunks through one buffer that is overwritten every time. */
function read(stream: Buffer, sizes: () => number): readonly Buffer[] {
  const packets: Buffer[] = [];
  const reader = new FrameReader((buffer, start, end) =>
    packets.push(Buffer.from(buffer.subarray(start, end))),
  );
  const window = Buffer.alloc(1 << 20);
  for (let at = 0; at < stream.length; ) {
    const size = stream.copy(window, 0, at, at + sizes());
    reader.execute(window.subarray(0, size));
    window.fill(0xee);
    at += size;
  }
  assert.ok(reader.idle);
  return packets;
}

describe('FrameReader', () => {
  it('gives every packet whole, wherever the chunks are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 200 })),
        (contents, cuts) => {
          const packets = contents.map((content) => Buffer.from(content));
          const found = read(Buffer.concat(packets.map(frames)), () => cuts.next().value as number);
          assert.deepEqual(found, packets);
        },
      ),
    );
  });

  it('V19: joins packets around and beyond 16 MiB', () => {
    for (const size of [full - 1, full, full + 1, 2 * full]) {
      const packets = [Buffer.from('before'), Buffer.alloc(size, 0x41), Buffer.from('after')];
      const found = read(Buffer.concat(packets.map(frames)), () => 65_536);
      assert.deepEqual(
        found.map((packet) => packet.length),
        packets.map((packet) => packet.length),
      );
      assert.ok(found[1]!.equals(packets[1]!));
    }
  });
});
