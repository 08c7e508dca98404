/**
 * Time that passes only from one event to the next. It takes the place of the timers and the clock of the
 * whole process.
 */
import { lightenSignals } from './in-place-of/abort.js';

/**
 * On whose account something happens later: a computer that is off does it no more, one that sleeps does it
 * on waking.
 */
export interface Owner {
  readonly isAlive: boolean;
  /** In milliseconds; 0 where it is awake. */
  readonly asleepUntil: number;
  /** How far its clock is off, in milliseconds. */
  readonly skew: number;
}

interface Event {
  at: number;
  readonly order: number;
  readonly owner: Owner | undefined;
  readonly happen: () => void;
  isOff: boolean;
}

const settled: typeof setImmediate = setImmediate;
const RealDate: DateConstructor = Date;
const never: Promise<never> = new Promise(() => undefined);

class Time {
  /** True time, in milliseconds. */
  now = 0;
  /** On whose account the present event happens. */
  owner: Owner | undefined;
  #queue: Event[] = [];
  #order = 0;

  reset(now: number): void {
    this.now = now;
    this.#queue = [];
    this.#order = 0;
    this.owner = undefined;
  }

  /**
   * @param owner - null where it happens on nobody's account. @defaultValue the present one
   * @returns takes it back
   */
  at(moment: number, happen: () => void, owner: Owner | null | undefined = this.owner): () => void {
    const event: Event = {
      at: Math.max(moment, this.now),
      order: this.#order++,
      owner: owner ?? undefined,
      happen,
      isOff: false,
    };
    this.#push(event);
    return () => {
      event.isOff = true;
    };
  }

  after(milliseconds: number, happen: () => void, owner: Owner | null | undefined = this.owner): () => void {
    return this.at(this.now + milliseconds, happen, owner);
  }

  /** So much time passes. */
  pass(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Everything happens that is to happen until a moment. */
  async run(until: number): Promise<void> {
    for (;;) {
      const event = this.#queue[0];
      if (event === undefined || event.at > until) break;
      this.#pop();
      if (event.isOff || event.owner?.isAlive === false) continue;
      if (event.owner !== undefined && event.owner.asleepUntil > event.at) {
        event.at = event.owner.asleepUntil;
        this.#push(event);
        continue;
      }
      this.now = event.at;
      this.owner = event.owner;
      event.happen();
      // What follows from it at once comes to its end before the next event.
      await new Promise((resolve) => settled(resolve));
    }
    this.now = until;
    this.owner = undefined;
  }

  #push(event: Event): void {
    const queue = this.#queue;
    let i = queue.push(event) - 1;
    while (i > 0) {
      const up = (i - 1) >> 1;
      if (isBefore(queue[up]!, event)) break;
      queue[i] = queue[up]!;
      i = up;
    }
    queue[i] = event;
  }

  #pop(): void {
    const queue = this.#queue;
    const last = queue.pop()!;
    if (queue.length === 0) return;
    let i = 0;
    for (;;) {
      let down = 2 * i + 1;
      if (down >= queue.length) break;
      if (down + 1 < queue.length && isBefore(queue[down + 1]!, queue[down]!)) down++;
      if (isBefore(last, queue[down]!)) break;
      queue[i] = queue[down]!;
      i = down;
    }
    queue[i] = last;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

/** The time of this process. */
export const time: Time = new Time();

/** What is waited for in vain. */
export function forEver(): Promise<never> {
  return never;
}

/** What is by chance on this machine, and by the seed of the story that is told. */
let chance: () => number = Math.random;
let isTakenOver = false;

/**
 * Puts the simulated time in the place of the machine's. Once in a process: a clock of another class with
 * each story would undo whatever the engine has learned of the code.
 */
export function takeOverTime(random: () => number): void {
  chance = random;
  if (isTakenOver) return;
  isTakenOver = true;
  lightenSignals();
  const wall = (): number => time.now + (time.owner?.skew ?? 0);
  // No class of its own: what it makes are dates like all others, which the engine knows best.
  function simulatedDate(...given: readonly unknown[]): Date {
    return given.length === 0 ? new RealDate(wall()) : new RealDate(...(given as [number]));
  }
  Object.assign(simulatedDate, { now: wall, parse: RealDate.parse, UTC: RealDate.UTC });
  simulatedDate.prototype = RealDate.prototype;
  const timer = (cancel: () => void): object => ({ cancel, unref: () => undefined, ref: () => undefined });
  const clear = (given: { cancel?: () => void } | undefined): void => given?.cancel?.();
  Object.assign(globalThis, {
    Date: simulatedDate,
    setTimeout: (happen: (...given: unknown[]) => void, milliseconds = 0, ...given: unknown[]) =>
      timer(time.after(milliseconds, () => happen(...given))),
    clearTimeout: clear,
    // Ten times as slowly: what shows every half minute that it lives is believed for ten.
    setInterval: (happen: () => void, milliseconds: number) => {
      const owner = time.owner;
      let cancel = (): void => undefined;
      const again = (): void => {
        const beat = (): void => {
          again();
          happen();
        };
        cancel = time.after(10 * milliseconds, beat, owner);
      };
      again();
      return timer(() => cancel());
    },
    clearInterval: clear,
  });
  performance.now = () => time.now;
  Math.random = () => chance();
  AbortSignal.timeout = (milliseconds: number): AbortSignal => {
    const controller = new AbortController();
    time.after(milliseconds, () => controller.abort(new DOMException('too long', 'TimeoutError')));
    return controller.signal;
  };
}
