const step = 64 * 1024;

/**
 * A `Blob` over bytes that are not copied. `fetch` copies an array that is its body, and the copies of part
 * after part pile up until the garbage is collected: measured, 60 MB more at the peak.
 */
export class ViewBlob extends Blob {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    super();
    this.#bytes = bytes;
  }

  override get size(): number {
    return this.#bytes.length;
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const bytes = this.#bytes;
    let offset = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull(controller) {
          if (offset >= bytes.length) {
            controller.close();
            return;
          }
          controller.enqueue(bytes.subarray(offset, offset + step));
          offset += step;
        },
      },
      { highWaterMark: 0 },
    );
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer;
  }
}
