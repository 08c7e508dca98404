// Loaded before every process of tests by `node test/run.mjs --times`: writes down at its end how long it took,
// and how much of the processor it and the programs that it started used.
import { appendFileSync, readFileSync } from 'node:fs';

const [, file, several] =
  /[\\/]dist[\\/]test[\\/](.*)\.test\.js$|[\\/](together-\d+)\.mjs$/.exec(process.argv[1] ?? '') ?? [];
const name = file ?? several;
const to = process.env.TEST_TIMES;
if (name !== undefined && to !== undefined) {
  process.on('exit', () => {
    const line = { name: name.replaceAll('\\', '/'), wall: process.uptime(), processor: processorSeconds() };
    appendFileSync(to, `${JSON.stringify(line)}\n`);
  });
}

function processorSeconds() {
  try {
    // utime, stime, and the same of ended children, in hundredths; the name before them may hold spaces.
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
  } catch {
    // Only Linux tells; elsewhere without the children.
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}
