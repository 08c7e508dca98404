import { rmSync } from 'node:fs';
import { type Cost, measureCommand, median, sizeMb } from './measure.js';

/** One of the things that are compared. */
export interface Contestant {
  readonly name: string;
  /** A command of bash. */
  readonly command: string;
  /** File or folder that the command makes; removed before every run and at the end. */
  readonly output?: string;
  /** Programs that must be there. */
  readonly needs?: readonly string[];
  /** Before every run, outside of the measurement. */
  readonly prepare?: () => Promise<void>;
}

/** Medians of one contestant. */
export interface Row {
  readonly name: string;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMb: number;
  /** Of what it wrote; 0 when it writes nothing. */
  readonly sizeMb: number;
}

/** {@link Row}, and what does not go into the record. */
export interface Result extends Row {
  readonly serverCpuSeconds: number;
  readonly fastest: number;
  readonly slowest: number;
}

/**
 * Runs all contestants in turn, as many rounds as asked for, so that outside noise meets all of them alike.
 */
export async function runRounds(
  contestants: readonly Contestant[],
  options: {
    readonly rounds: number;
    readonly serverPid: number | undefined;
    readonly tell: (line: string) => void;
  },
): Promise<readonly Result[]> {
  const costs = new Map<string, Cost[]>();
  const sizes = new Map<string, number[]>();
  for (let round = 1; round <= options.rounds; round++) {
    for (const { name, command, output, prepare } of contestants) {
      if (output !== undefined) rmSync(output, { recursive: true, force: true });
      await prepare?.();
      const cost = await measureCommand(command, options.serverPid);
      options.tell(
        `round ${round}: ${name}: ${cost.wallSeconds.toFixed(2)} s, ${cost.cpuSeconds.toFixed(2)} s of CPU`,
      );
      note(costs, name, cost);
      if (output === undefined) continue;
      note(sizes, name, sizeMb(output));
      rmSync(output, { recursive: true, force: true });
    }
  }
  return contestants.map(({ name }): Result => {
    const each = costs.get(name) ?? [];
    const walls = each.map((cost) => cost.wallSeconds);
    return {
      name,
      wallSeconds: rounded(median(walls)),
      cpuSeconds: rounded(median(each.map((cost) => cost.cpuSeconds))),
      peakRssMb: Math.round(median(each.map((cost) => cost.peakRssMb))),
      sizeMb: rounded(median(sizes.get(name) ?? [0])),
      serverCpuSeconds: rounded(median(each.map((cost) => cost.serverCpuSeconds))),
      fastest: rounded(Math.min(...walls)),
      slowest: rounded(Math.max(...walls)),
    };
  });
}

function note<T>(lists: Map<string, T[]>, name: string, value: T): void {
  lists.set(name, [...(lists.get(name) ?? []), value]);
}

export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
