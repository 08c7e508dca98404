/**
 * `npm run simulate -- --seed N --years Y [--practices P] [--processes K] [--shrink]`: nights of practices,
 * as seeds say.
 */
import { parseArgs } from 'node:util';
import { startSimulation } from './child.js';
import { lineOf, type Story, shrink, tell } from './story.js';
import { addLine, emptyTally, lineOfTally } from './tally.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    /** Of the seeds from the first on, each so many-th is played. */
    every: { type: 'string', default: '1' },
    years: { type: 'string', default: '1' },
    practices: { type: 'string', default: '1' },
    processes: { type: 'string', default: '1' },
    days: { type: 'string' },
    only: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    log: { type: 'boolean', default: false },
    mutation: { type: 'string' },
    seconds: { type: 'string', default: '3600' },
  },
});

// Where an error was made is dear to tell, and nobody asks.
if (!values.log) Error.stackTraceLimit = 0;
const realNow = performance.now.bind(performance);
const began = realNow();
const tally = emptyTally();
const first = Number(values.seed);
const practices = Number(values.practices);
const processes = Math.min(Number(values.processes), practices);

let isOver = false;
process.once('SIGTERM', () => {
  isOver = true;
});
process.on('unhandledRejection', (error) => {
  console.error('a rejection that nobody handles', error);
  process.exitCode = 1;
});

if (processes > 1) await playInProcesses();
else await play();
console.log(lineOfTally(tally, (realNow() - began) / 1000));
// All of it, before the process ends.
process.stdout.write('', () => process.exit());

async function play(): Promise<void> {
  const days = values.days === undefined ? Math.round(Number(values.years) * 365) : Number(values.days);
  const only =
    values.only === undefined
      ? null
      : values.only
          .split(',')
          .filter((text) => /\d/.test(text))
          .map(Number);
  for (let seed = first; seed < first + practices; seed += Number(values.every)) {
    if (isOver || realNow() - began > Number(values.seconds) * 1000) break;
    const story: Story = { seed, days, only };
    const { judge } = await tell(story, values.log);
    for (const line of judge.log) console.log(line);
    tally.nights += judge.nights;
    tally.copies += judge.copies;
    tally.years += days / 365;
    if (judge.violation === undefined) continue;
    tally.bad++;
    const smallest = values.shrink ? await shrink(story) : story;
    console.log(`seed ${seed}: ${judge.violation.message}\n  ${lineOf(smallest)}`);
    process.exitCode = 1;
    if (values.mutation !== undefined) break;
  }
  const { user, system } = process.cpuUsage();
  tally.seconds = (user + system) / 1e6;
}

/** Each process has a clock of its own that it makes its own time with. */
async function playInProcesses(): Promise<void> {
  const rest = process.argv.slice(2);
  await Promise.all(
    Array.from({ length: processes }, async (_, i) => {
      const words = ['--processes', '1', '--seed', `${first + i}`, '--every', `${processes}`];
      const left = ['--practices', `${practices - i}`];
      const isGood = await startSimulation([...rest, ...words, ...left], (line) => {
        if (!addLine(tally, line)) console.log(line);
      });
      if (!isGood) process.exitCode = 1;
    }),
  );
}
