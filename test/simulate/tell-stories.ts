/**
 * `tell-stories SEED:DAYS[:log] …`: the nights of several practices, one after the other in one process. A line
 * says of each how it came out; with `log`, what happened stands before it.
 */
import { lineOf, type Story, tell } from './story.js';

Error.stackTraceLimit = 0;
process.on('unhandledRejection', (error) => {
  console.error('a rejection that nobody handles', error);
  process.exitCode = 1;
});
for (const word of process.argv.slice(2)) {
  const [seed, days, log] = word.split(':');
  const story: Story = { seed: Number(seed), days: Number(days), only: null };
  const { judge } = await tell(story, log !== undefined);
  for (const line of judge.log) console.log(`${seed} ${line}`);
  console.log(
    judge.violation === undefined
      ? `seed ${seed}: every promise was kept for ${days} days`
      : `seed ${seed}: ${judge.violation.message}\n  ${lineOf(story)}`,
  );
  if (judge.violation !== undefined) process.exitCode = 1;
}
// All of it, before the process ends.
process.stdout.write('', () => process.exit());
