import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { generateCase } from './generate.js';
import { type Place, seedsPerServer, startPlace } from './ground.js';
import { judge, markOf, marksOf, type Verdict } from './judge.js';
import { type FuzzCase, type Ground, scriptOf } from './model.js';
import { shrink } from './shrink.js';
import { missingPrograms } from './vendor.js';

// Random databases, copied by the library and judged by the vendor's tools: see docs/TESTING.md.
const { values: given } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    databases: { type: 'string', default: '100' },
    server: { type: 'string', default: 'mariadb' },
    target: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    script: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '1' },
    seconds: { type: 'string' },
  },
});
const first = Number(given.seed);
const databases = Number(given.databases);
const kind = given.server as Ground['kind'];
const targetKind = (given.target ?? given.server) as Ground['kind'];
const missing = missingPrograms();
if (missing !== undefined) throw new Error(missing);
// A disk in memory, where there is one: thousands of databases come and go.
if (process.env['TMPDIR'] === undefined && existsSync('/dev/shm')) process.env['TMPDIR'] = '/dev/shm';

const replay = (seed: number): string =>
  `npm run fuzz:schema -- --seed ${seed} --databases 1 --server ${kind}${given.target === undefined ? '' : ` --target ${given.target}`} --shrink`;

const counts = { databases: 0, tables: 0, failed: 0, vendorFailed: 0, statements: 0 };
const kinds = new Map<string, { count: number; seed: number; detail: string }>();
const both = new Map<string, number>();
const firstSeeds = new Map<string, number>();
const refused = new Map<string, number>();

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function record(made: FuzzCase, verdict: Verdict): void {
  counts.databases += 1;
  counts.tables += verdict.tables;
  counts.vendorFailed += verdict.vendorFailed ? 1 : 0;
  counts.statements += verdict.refusedStatements.length;
  for (const line of verdict.refusedStatements)
    count(
      refused,
      line
        .replace(/ at line \d+/, '')
        .replace(/'[^']*'/g, "'_'")
        .slice(0, 120),
    );
  for (const line of verdict.bothChange) {
    if (!both.has(line)) firstSeeds.set(line, made.seed);
    count(both, line);
  }
  if (counts.databases % 100 === 0)
    console.log(`  ${counts.databases} databases, the last of seed ${made.seed}`);
  if (verdict.findings.length === 0) return;
  counts.failed += 1;
  for (const { kind: name, detail } of verdict.findings) {
    const known = kinds.get(name.slice(0, 90));
    if (known === undefined) {
      kinds.set(name.slice(0, 90), { count: 1, seed: made.seed, detail });
      console.log(
        `\n✖ [${markOf(name)}] ${name}\n${detail.slice(0, 700)}\n  (${made.route}) ${replay(made.seed)}`,
      );
    } else known.count += 1;
  }
}

async function shrinkAndShow(made: FuzzCase, verdict: Verdict, source: Place, target: Place): Promise<void> {
  const [mark] = marksOf(verdict);
  const fails = async (smaller: FuzzCase): Promise<boolean> => {
    try {
      return marksOf(await judge(smaller, source, target)).has(mark!);
    } catch {
      return false;
    }
  };
  const small = await shrink(made, fails, 60_000);
  console.log(
    `\nthe smallest found, by ${small.route}, ${JSON.stringify({ source: small.sourceSettings, target: small.targetSettings })}:`,
  );
  console.log(
    scriptOf(small)
      .toString('latin1')
      .replaceAll(/\n~\$fz\$~\n/g, ';\n'),
  );
}

/** A server that stands still must not hold up the others. */
async function inTheEnd(judging: Promise<Verdict>): Promise<Verdict> {
  const waiting = new AbortController();
  const over = delay(150_000, undefined, { signal: waiting.signal }).then(() => {
    throw new Error('the judge waits for ever');
  });
  // Whoever is stopped in time has nothing to say.
  over.catch(() => undefined);
  judging.catch(() => undefined);
  try {
    return await Promise.race([judging, over]);
  } finally {
    waiting.abort();
  }
}

const started = Date.now();
const seconds = Number(given.seconds ?? Number.POSITIVE_INFINITY);
const inTime = (): boolean => Date.now() - started < seconds * 1000;

// Each job has servers of its own; those of a block of seeds are the same for every job.
const jobs = Number(given.jobs);
const blockLength = jobs > 1 ? seedsPerServer / 4 : seedsPerServer;
let next = first;

/** The seeds of the next block. */
function* takeBlock(): Generator<number> {
  const from = next;
  next = Math.min(first + databases, (Math.floor(from / blockLength) + 1) * blockLength);
  for (let seed = from, end = next; seed < end; seed += 1) yield seed;
}

async function work(): Promise<void> {
  let places: readonly [Place, Place] | undefined;
  const stop = async (): Promise<void> => {
    for (const { server } of places ?? []) await server.stop();
    places = undefined;
  };
  try {
    while (next < first + databases && inTime()) {
      await stop();
      for (const seed of takeBlock()) {
        if (!inTime()) break;
        places ??= await Promise.all([startPlace(kind, seed, 0), startPlace(targetKind, seed, 1)]);
        if (!(await tryOne(seed, ...places))) await stop();
      }
    }
  } finally {
    await stop();
  }
}

/** @returns whether its servers may go on */
async function tryOne(seed: number, source: Place, target: Place): Promise<boolean> {
  const made = generateCase(seed, source.ground, target.ground);
  if (given.script)
    console.log(
      scriptOf(made)
        .toString('latin1')
        .replaceAll(/\n~\$fz\$~\n/g, ';\n'),
    );
  try {
    const verdict = await inTheEnd(judge(made, source, target));
    record(made, verdict);
    if (given.verbose) console.log(JSON.stringify({ seed, route: made.route, ...verdict }, null, 1));
    if (given.shrink && verdict.findings.length > 0) await shrinkAndShow(made, verdict, source, target);
    return true;
  } catch (error) {
    console.log(`\n! the judge failed at ${replay(seed)}\n`, error);
    return false;
  }
}

await Promise.all(Array.from({ length: jobs }, work));

console.log(
  `\n${kind}${given.target === undefined ? '' : ` to ${given.target}`}: ${counts.databases} databases, ${counts.tables} tables, ${counts.failed} with a violation, ` +
    `${((counts.databases * 1000) / (Date.now() - started)).toFixed(1)} a second; the vendor's way failed for ${counts.vendorFailed}`,
);
const most = (map: ReadonlyMap<string, number>): readonly string[] =>
  [...map]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 25)
    .map(
      ([line, times]) =>
        `  ${times} x ${line}${firstSeeds.has(line) ? `  (seed ${firstSeeds.get(line)})` : ''}`,
    );
for (const [name, { count: times, seed }] of [...kinds].sort((a, b) => b[1].count - a[1].count)) {
  console.log(`  ${times} x [${markOf(name)}] ${name}  (seed ${seed})`);
}
if (both.size > 0) console.log(`as the vendor's tool, or each otherwise:\n${most(both).join('\n')}`);
if (given.verbose)
  console.log(`statements refused by the source: ${counts.statements}\n${most(refused).join('\n')}`);
process.exitCode = counts.failed > 0 ? 1 : 0;
