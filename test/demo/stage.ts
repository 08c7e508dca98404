import { type Progress, type ProgressUnit, startProgress } from '../../src/cli/progress.js';
import { formatSeconds } from '../../src/quantities.js';

/**
 * What the spectator sees: numbered steps, what each came to, how long it took, and a table of times at the
 * end.
 */
export class Stage {
  readonly #times: (readonly [step: string, seconds: number])[] = [];

  /** A step of the story; its result is the line of what it came to. */
  async step<Result>(title: string, work: () => Promise<Result>): Promise<Result> {
    process.stdout.write(`\n${this.#times.length + 1}. ${title}\n`);
    const startedAt = performance.now();
    const result = await work();
    const seconds = (performance.now() - startedAt) / 1000;
    this.#times.push([title, seconds]);
    process.stdout.write(`   done in ${formatSeconds(seconds)}\n`);
    return result;
  }

  /** Something worth saying. */
  say(text: string): void {
    process.stdout.write(`${text.trimEnd().replaceAll(/^(?=.)/gm, '   ')}\n`);
  }

  /** How far a piece of work is: a bar on a terminal, plain lines otherwise. */
  progress(label: string, unit: ProgressUnit): Progress {
    return startProgress({ json: false, stderr: process.stderr }, `   ${label}`, unit);
  }

  /** The times of all steps. */
  summary(): string {
    const width = Math.max(...this.#times.map(([step]) => step.length));
    return this.#times
      .map(([step, seconds]) => `${step.padEnd(width)}  ${formatSeconds(seconds)}`)
      .join('\n');
  }
}
