const headBytes = 4;
/** A frame of this size is continued by the next one. */
const fullFrame = 0xff_ff_ff;

/**
 * Initial size of the buffer for a packet that spans two chunks; small, as there is a reader for every table.
 */
const smallCarry = 4 * 1024;

/** Receives a packet's payload, `buffer[start … end - 1]`, which is valid only during the call. */
export type PacketHandler = (buffer: Buffer, start: number, end: number) => void;

/**
 * Splits the bytes of a connection into packets in place. Only a packet that spans chunks or is longer than
 * 16 MiB is copied.
 */
export class FrameReader {
  readonly #handle: PacketHandler;
  /** The bytes of an incomplete packet, without frame headers. */
  #carry: Buffer = Buffer.allocUnsafe(smallCarry);
  #carried = 0;
  /** Bytes of the current frame that are still missing; 0 when a header comes next. */
  #wanted = 0;
  /** Whether another frame continues the current one. */
  #continued = false;
  readonly #head: Buffer = Buffer.alloc(headBytes);
  #headBytes = 0;

  constructor(handle: PacketHandler) {
    this.#handle = handle;
  }

  /** Whether no packet is incomplete. */
  get idle(): boolean {
    return this.#carried === 0 && this.#wanted === 0 && this.#headBytes === 0 && !this.#continued;
  }

  /** Processes the next bytes. The caller may overwrite them after the call. */
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

  /** Completes the incomplete packet. @returns start of the next one */
  #finish(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && !this.idle) at = this.#carryOn(chunk, at);
    return at;
  }

  /** Processes a frame header, or the bytes of its content that are there. */
  #carryOn(chunk: Buffer, from: number): number {
    if (this.#wanted === 0) {
      let at = from;
      while (at < chunk.length && this.#headBytes < headBytes) this.#head[this.#headBytes++] = chunk[at++]!;
      if (this.#headBytes < headBytes) return at;
      this.#headBytes = 0;
      this.#wanted = this.#head.readUIntLE(0, 3);
      this.#continued = this.#wanted === fullFrame;
      // A packet whose length is a multiple of the largest frame ends with an empty one.
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
    // The large buffer of one huge packet is not kept.
    if (packet.length > fullFrame) this.#carry = Buffer.allocUnsafe(smallCarry);
  }

  #reserve(size: number): void {
    if (size <= this.#carry.length) return;
    const grown = Buffer.allocUnsafe(Math.max(size, this.#carry.length * 2));
    this.#carry.copy(grown, 0, 0, this.#carried);
    this.#carry = grown;
  }
}
