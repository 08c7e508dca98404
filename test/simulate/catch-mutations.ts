/**
 * `npm run simulate:mutations`: whether the simulator finds each of the deliberate faults within 200
 * practice-years.
 */
import { simulateInChild } from './child.js';
import { mutations } from './mutations.js';

const wanted = process.argv.slice(2);
for (const { name, first = 1 } of mutations) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { isGood, output } = await simulateInChild([
    '--mutation',
    name,
    '--seed',
    `${first}`,
    '--days',
    '120',
    '--practices',
    '600',
  ]);
  const [found = 'not found', years = ''] = [
    /^seed .*/m.exec(output)?.[0],
    /^[\d.]+ practice-years/m.exec(output)?.[0],
  ];
  const isCaught = !isGood && found.startsWith('seed');
  if (!isCaught) process.exitCode = 1;
  console.log(`${isCaught ? 'caught ' : 'MISSED '} ${name}: ${years}; ${found}`);
}
