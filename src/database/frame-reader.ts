const headBytes = 4;
/** A frame of this size is continued by the next one. */
const fullFrame = 0xff_ff_ff;

/** Room for a packet that spans two chunks, before it grows. Every table gets a reader of its own. */
const smallCarry = 4 * 1024;

/** Takes the payload `buffer[start … end - 1]` of a packet. It holds only until the call returns. */
export type PacketHandler = (buffer: Buffer, start: number, end: number) => void;

/**
 * Cuts the bytes of a connection into packets, where they lie: a packet that is whole in its chunk is not
 * copied, one that spans chunks or is longer than 16 MiB is put together first.
 */
export class FrameReader {
  readonly #handle: PacketHandler;
  /** What came of a packet that is not whole yet: its frame heads are taken out. */
  #carry: Buffer = Buffer.allocUnsafe(smallCarry);
  #carried = 0;
  /** Bytes still to come of the frame in hand; 0 when a head comes next. */
  #wanted = 0;
  /** Whether the frame in hand is continued by another. */
  #continued = false;
  readonly #head: Buffer = Buffer.alloc(headBytes);
  #headBytes = 0;

  constructor(handle: PacketHandler) {
    this.#handle = handle;
  }

  /** Whether nothing of a packet is in hand. */
  get idle(): boolean {
    return this.#carried === 0 && this.#wanted === 0 && this.#headBytes === 0 && !this.#continued;
  }

  /** Takes the next bytes, which may be overwritten after the call. */
  execute(chunk: Buffer): void {
    const { length } = chunk;
    let at = this.idle ? 0 : this.#finish(chunk);
    while (length - at >= headBytes) {
      const size = chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16);
      const start = at + headBytes;
      if (size === fullFrame || start + size > length) break;
      at = start + size;
      this.#handle(chunk, start, at);
    }
    while (at < length) at = this.#carryOn(chunk, at);
  }

  /** Completes the packet in hand. @returns where the next begins */
  #finish(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.idle) at = this.#carryOn(chunk, at);
    return at;
  }

  /** Takes a step: the head of a frame, or what is there of its content. */
  #carryOn(chunk: Buffer, from: number): number {
    if (this.#wanted === 0) {
      let at = from;
      while (at < chunk.length && this.#headBytes < headBytes) this.#head[this.#headBytes++] = chunk[at++]!;
      if (this.#headBytes < headBytes) return at;
      this.#headBytes = 0;
      this.#wanted = this.#head.readUIntLE(0, 3);
      this.#continued = this.#wanted === fullFrame;
      // The last frame of a packet of just 16 MiB is empty.
      if (this.#wanted === 0) this.#deliver();
      return at;
    }
    const size = Math.min(this.#wanted, chunk.length - from);
    this.#reserve(this.#carried + (this.#continued ? size : this.#wanted));
    chunk.copy(this.#carry, this.#carried, from, from + size);
    this.#carried += size;
    this.#wanted -= size;
    if (this.#wanted === 0 && !this.#continued) this.#deliver();
    return from + size;
  }

  #deliver(): void {
    const packet = this.#carry;
    const size = this.#carried;
    this.#carried = 0;
    this.#handle(packet, 0, size);
    // Room for one huge packet is not kept.
    if (packet.length > fullFrame) this.#carry = Buffer.allocUnsafe(smallCarry);
  }

  #reserve(size: number): void {
    if (size <= this.#carry.length) return;
    const grown = Buffer.allocUnsafe(Math.max(size, this.#carry.length * 2));
    this.#carry.copy(grown, 0, 0, this.#carried);
    this.#carry = grown;
  }
}
