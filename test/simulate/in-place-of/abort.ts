/** Signals of which a night makes dozens: those of Node.js are worth a twentieth of a simulated one. */

type Listener = () => void;

/** As much of an `AbortSignal` as anybody here uses. */
class LightSignal {
  aborted = false;
  reason: unknown;
  #listeners: Set<Listener> | undefined;

  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }

  addEventListener(_type: 'abort', listener: Listener): void {
    if (this.aborted) return;
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners?.delete(listener);
  }

  /** To be called by its controller alone. */
  end(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    // One listener may take back another.
    for (const listener of this.#listeners ?? []) listener();
    this.#listeners = undefined;
  }

  static any(signals: readonly LightSignal[]): LightSignal {
    const any = new LightSignal();
    for (const signal of signals) {
      if (signal.aborted) any.end(signal.reason);
      signal.addEventListener('abort', () => any.end(signal.reason));
    }
    return any;
  }

  static abort(reason: unknown = aborted()): LightSignal {
    const signal = new LightSignal();
    signal.end(reason);
    return signal;
  }
}

class LightController {
  readonly signal: LightSignal = new LightSignal();

  abort(reason: unknown = aborted()): void {
    this.signal.end(reason);
  }
}

function aborted(): DOMException {
  return new DOMException('This operation was aborted', 'AbortError');
}

/** Puts them in the place of those of Node.js. */
export function lightenSignals(): void {
  Object.assign(globalThis, { AbortController: LightController, AbortSignal: LightSignal });
}
