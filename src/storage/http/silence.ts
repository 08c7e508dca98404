/** Aborts what stays silent for too long, however long all of it takes. */
export class Silence {
  /** Aborts with the signal of the caller, or when the silence has lasted too long. */
  readonly signal: AbortSignal;
  readonly #timeout: number;
  readonly #broken: AbortController = new AbortController();

  /** @param timeout - in milliseconds */
  constructor(timeout: number, signal: AbortSignal | undefined) {
    this.#timeout = timeout;
    this.signal = signal === undefined ? this.#broken.signal : AbortSignal.any([signal, this.#broken.signal]);
  }

  /** Waits for one sign of life. The time of the caller between two of them does not count. */
  async during<Result>(wait: () => Promise<Result>): Promise<Result> {
    const reason = Object.assign(new Error('nothing came for too long'), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => this.#broken.abort(reason), this.#timeout);
    try {
      return await wait();
    } finally {
      clearTimeout(timer);
    }
  }
}
