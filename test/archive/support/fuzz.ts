/**
 * How long a search for hostile input goes on: the same few cases every time in the everyday tests; with
 * `FUZZ_SECONDS`, new ones for that long, as in `npm run soak:fuzz`, or as many as `FUZZ_RUNS` says, as in
 * `npm run soak:doors`.
 */
export function fuzzing(numRuns: number): {
  readonly numRuns: number;
  readonly seed?: number;
  readonly interruptAfterTimeLimit?: number;
} {
  const runs = Number(process.env['FUZZ_RUNS'] ?? '0');
  if (runs > 0) return { numRuns: runs };
  const seconds = Number(process.env['FUZZ_SECONDS'] ?? '0');
  if (seconds === 0) return { numRuns, seed: 20260203 };
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 };
}
