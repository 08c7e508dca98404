/** Time on the clock, and of the processors by this process. */
export interface Span {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

/** What one night took. */
export interface NightCost extends Span {
  /** Of HQ's copy and of the full one, in megabytes. */
  readonly copyMb: readonly number[];
  /**
   * Of that, at most, for signed notes, the check of older copies and the tripwire: from the last archive sealed
   * to the first one sent, and at each place from the verified copy to retention. What else runs meanwhile is
   * counted in.
   */
  readonly watching: Span;
}

/** Where a process writes what its nights took. */
export function measuredPath(spool: string): string {
  return `${spool}.json`;
}
