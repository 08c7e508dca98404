import type { FileHandle } from 'node:fs/promises';
import { syncData, syncFile } from './sync.js';

/** Bytes after which the system is asked to bring them to the disk. */
const flushEvery: number = 16 * 1024 * 1024;

/**
 * Appends to a file, and has it flushed while more is being made: the disk is then not idle until the end and
 * choked there, and the memory of the machine does not fill with what is still to be written.
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
   * @throws also what an earlier flush failed with: the system tells that once
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
