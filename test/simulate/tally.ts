/** What was played, as one line. */
export interface Tally {
  years: number;
  nights: number;
  copies: number;
  bad: number;
  /** Of a processor's core. */
  seconds: number;
}

export function emptyTally(): Tally {
  return { years: 0, nights: 0, copies: 0, bad: 0, seconds: 0 };
}

export function lineOfTally({ years, nights, copies, bad, seconds }: Tally, wallSeconds: number): string {
  const each = ((seconds * 1000) / Math.max(1, years * 365)).toFixed(1);
  return `${years.toFixed(1)} practice-years, ${nights} nights told, ${copies} copies verified, ${bad} seeds with a broken promise, ${wallSeconds.toFixed(1)} s, ${seconds.toFixed(1)} s of a core, ${each} ms of it a night`;
}

/** Reads such a line and adds it. @returns false for any other line */
export function addLine(tally: Tally, line: string): boolean {
  const found =
    /^([\d.]+) practice-years, (\d+) nights told, (\d+) copies verified, (\d+) seeds .*?, [\d.]+ s, ([\d.]+) s of a core/.exec(
      line,
    );
  if (found === null) return false;
  const [years, nights, copies, bad, seconds] = found.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  tally.years += years;
  tally.nights += nights;
  tally.copies += copies;
  tally.bad += bad;
  tally.seconds += seconds;
  return true;
}
