import type { FileHandle } from 'node:fs/promises';
import { syncData, syncFile } from './sync.js';

/** Flushed after so many bytes. */
const flushEvery: number = 16 * 1024 * 1024;

/**
 * Appends to a file, and flushes it while more data comes: otherwise the disk would be idle until the end and
 * overloaded then, and memory would fill with unwritten pages.
 */
export class FlushingWriter {
  readonly #file: FileHandle;
  #unflushed = 0;
  #flushing: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Appends all bytes of a chunk: the system may take a part of them at a time. */
  async append(chunk: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    for (let written = 0; written < chunk.length; ) {
      written += (await this.#file.write(chunk, written)).bytesWritten;
    }
    this.#unflushed += chunk.length;
    if (this.#unflushed >= flushEvery && this.#flushing === undefined) this.#beginFlush();
  }

  /**
   * Makes all that was appended outlive a power cut.
   *
   * @throws also the failure of an earlier flush: the system reports it only once
   */
  async finish(): Promise<void> {
    await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure.error;
    await syncFile(this.#file);
  }

  #beginFlush(): void {
    this.#unflushed = 0;
    this.#flushing = syncData(this.#file)
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#flushing = undefined;
      });
  }
}
