/** One practice's nights, as a seed says: told, and made as short as they go while they still go wrong. */
import { cycleDays, faultsOf } from './faults.js';
import { Practice } from './practice.js';
import { createRandom } from './random.js';
import { takeOverTime } from './time.js';

const mostTries = 200;

export interface Story {
  readonly seed: number;
  readonly days: number;
  /** Which of its faults are played; null for all. */
  readonly only: readonly number[] | null;
}

export async function tell({ seed, days, only }: Story, keepsLog: boolean = false): Promise<Practice> {
  const random = createRandom(`process ${seed}`);
  takeOverTime(() => random.next());
  const practice = new Practice(seed, computersOf(seed));
  practice.judge.keepsLog = keepsLog;
  await practice.live(seed, days, only === null ? null : new Set(only));
  return practice;
}

/** Fewer nights and fewer faults that go wrong in some way all the same. */
export async function shrink(story: Story): Promise<Story> {
  let best = story;
  let tries = 0;
  const isBad = async (candidate: Story): Promise<boolean> => {
    tries++;
    return (await tell(candidate)).judge.violation !== undefined;
  };
  for (let days = cycleDays; days < best.days; days += cycleDays) {
    if (await isBad({ ...best, days })) best = { ...best, days };
  }
  let only = story.only ?? faultsOf(story.seed, story.days, computersOf(story.seed)).map((_, i) => i);
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

export function lineOf({ seed, days, only }: Story): string {
  return `npm run simulate -- --seed ${seed} --days ${days}${only === null ? '' : ` --only ${only.join() || 'none'}`} --log`;
}

/** In every fourth practice two make the same nights. */
function computersOf(seed: number): number {
  return seed % 4 === 3 ? 2 : 1;
}
