/** What the nights use of `node:timers/promises`, in the simulated time. */
import { time } from '../time.js';

export function setTimeout(milliseconds: number): Promise<void> {
  return time.pass(milliseconds);
}
