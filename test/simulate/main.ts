/** `npm run simulate -- --seed N --years Y [--practices P] [--shrink]`: the nights of practices, as seeds say. */
import { parseArgs } from 'node:util';
import { cycleDays, faultsOf } from './faults.js';
import { Practice } from './practice.js';
import { createRandom } from './random.js';
import { takeOverTime } from './time.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    years: { type: 'string', default: '1' },
    practices: { type: 'string', default: '1' },
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
const mostTries = 200;

interface Story {
  readonly seed: number;
  readonly days: number;
  readonly only: readonly number[] | null;
}

async function tell({ seed, days, only }: Story, keepsLog = false): Promise<Practice> {
  const random = createRandom(`process ${seed}`);
  takeOverTime(() => random.next());
  const practice = new Practice(seed, seed % 4 === 3 ? 2 : 1);
  practice.judge.keepsLog = keepsLog;
  await practice.live(seed, days, only === null ? null : new Set(only));
  return practice;
}

/** Fewer nights and fewer faults that go wrong in some way all the same. */
async function shrink(story: Story): Promise<Story> {
  let best = story;
  let tries = 0;
  const isBad = async (candidate: Story): Promise<boolean> => {
    tries++;
    return (await tell(candidate)).judge.violation !== undefined;
  };
  for (let days = cycleDays; days < best.days; days += cycleDays) {
    if (await isBad({ ...best, days })) best = { ...best, days };
  }
  const computers = story.seed % 4 === 3 ? 2 : 1;
  let only = story.only ?? faultsOf(story.seed, story.days, computers).map((_, i) => i);
  for (
    let size = Math.ceil(only.length / 2);
    size >= 1 && tries < mostTries;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let from = 0; from < only.length && tries < mostTries; ) {
      const fewer = only.filter((_, i) => i < from || i >= from + size);
      if (await isBad({ ...best, only: fewer })) only = fewer;
      else from += size;
    }
  }
  return { ...best, only };
}

function lineOf({ seed, days, only }: Story): string {
  return `npm run simulate -- --seed ${seed} --days ${days}${only === null ? '' : ` --only ${only.join() || 'none'}`} --log`;
}

process.on('unhandledRejection', (error) => {
  console.error('a rejection that nobody handles', error);
  process.exitCode = 1;
});

const first = Number(values.seed);
const days = values.days === undefined ? Math.round(Number(values.years) * 365) : Number(values.days);
const only =
  values.only === undefined
    ? null
    : values.only
        .split(',')
        .filter((text) => /\d/.test(text))
        .map(Number);
const began = realNow();
let nights = 0;
let copies = 0;
let lived = 0;
let bad = 0;
for (let seed = first; seed < first + Number(values.practices); seed++) {
  if (realNow() - began > Number(values.seconds) * 1000) break;
  const story = { seed, days, only };
  const { judge } = await tell(story, values.log);
  for (const line of judge.log) console.log(line);
  nights += judge.nights;
  copies += judge.copies;
  lived += days;
  if (judge.violation === undefined) continue;
  bad++;
  const smallest = values.shrink ? await shrink(story) : story;
  console.log(`seed ${seed}: ${judge.violation.message}\n  ${lineOf(smallest)}`);
  process.exitCode = 1;
  if (values.mutation !== undefined) break;
}
const seconds = (realNow() - began) / 1000;
const { user, system } = process.cpuUsage();
console.log(
  `${(lived / 365).toFixed(1)} practice-years, ${nights} nights told, ${copies} copies verified, ${bad} seeds with a broken promise, ${seconds.toFixed(1)} s, ${((user + system) / 1e6).toFixed(1)} s of a core`,
);
process.exit();
