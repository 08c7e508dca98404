/**
 * `npm run bench:restore`: a restore, a verification and a reading against what else people use, on the same data in the
 * same run. Flags as of `npm run bench`.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { openConnection } from '../src/database/connection.js';
import {
  type BenchDatabase,
  type BenchServer,
  describeMachine,
  openBenchServer,
  providePractice,
  urlOf,
} from './support/bench-server.js';
import { childCommand, loginOf, stockDump } from './support/commands.js';
import { measureCommand, median } from './support/measure.js';
import { isWanted, readOptions } from './support/options.js';
import { installMissing } from './support/programs.js';
import { publish, type Ratio, ratioOf } from './support/report.js';
import { type Contestant, type Row, rounded, runRounds } from './support/rounds.js';

const restore = 'restore by this library';
const restoreZstd = 'age -d, zstd -d, mariadb';
const restoreMyloader = 'myloader -t 2, not encrypted';
const verify = 'verify by this library';
const decompressZstd = 'age -d, zstd -d, dropped';
const read = 'every value read back by this library';
const decompressGzip = 'age -d, zcat, dropped';

const options = readOptions();
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const server = await openBenchServer(options);
const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-bench-'));
const target = 'bench_restored';
/** What every restore by this library says of itself. */
const times = join(folder, 'times');
try {
  await compare(server, await providePractice(server, options, tell));
} finally {
  await dropTarget();
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
}

async function compare({ address, pid }: BenchServer, database: BenchDatabase): Promise<void> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  writeFileSync(join(folder, 'identity'), `${identity}\n`, { mode: 0o600 });
  const wanted = contestants(address, identity).filter(({ name }) => isWanted(name, options.only));
  const missing = installMissing([...new Set(wanted.flatMap(({ needs = [] }) => needs))], tell);
  const able = wanted.filter(({ needs = [] }) => needs.every((program) => !missing.includes(program)));
  tell('making the archives');
  for (const command of archives(address, database.name, recipient, missing))
    await measureCommand(command, pid);
  const results = await runRounds(able, { rounds: options.rounds, serverPid: pid, tell });
  publish(
    { machine: describeMachine(), database, results, ratios: ratiosOf(results), missing },
    'restore',
    options,
  );
}

function archives(
  address: BenchServer['address'],
  practice: string,
  recipient: string,
  missing: readonly string[],
): readonly string[] {
  const stock = (compress: string, name: string): string =>
    `${stockDump(address, practice)} | ${compress} | age -r ${recipient} > ${folder}/${name}`;
  const has = (...programs: readonly string[]): boolean => !programs.some((name) => missing.includes(name));
  return [
    childCommand('backup', urlOf(address, practice), recipient, `${folder}/ours.tar.age`),
    ...(has('zstd', 'age') ? [stock('zstd -q -3', 'dump.zst.age')] : []),
    ...(has('age') ? [stock('gzip -6', 'dump.gz.age')] : []),
    ...(has('myloader')
      ? [
          `mydumper ${loginOf(address)} --threads 2 --compress --database ${practice} --outputdir ${folder}/mydumper`,
        ]
      : []),
  ];
}

function contestants(address: BenchServer['address'], identity: string): readonly Contestant[] {
  const ours = `${folder}/ours.tar.age`;
  const decrypt = (name: string): string => `age -d -i ${folder}/identity ${folder}/${name}`;
  const client = `mariadb --no-defaults ${loginOf(address)} ${target}`;
  return [
    {
      name: restore,
      command: childCommand('restore', ours, identity, urlOf(address, target), times),
      prepare: dropTarget,
    },
    {
      name: restoreZstd,
      command: `${decrypt('dump.zst.age')} | zstd -q -d | ${client}`,
      needs: ['age', 'zstd', 'mariadb'],
      prepare: makeTarget,
    },
    {
      name: restoreMyloader,
      command: `myloader ${loginOf(address)} --threads 2 --database ${target} --directory ${folder}/mydumper`,
      needs: ['myloader'],
      prepare: makeTarget,
    },
    { name: verify, command: childCommand('verify', ours, identity) },
    {
      name: decompressZstd,
      command: `${decrypt('dump.zst.age')} | zstd -q -d > /dev/null`,
      needs: ['age', 'zstd'],
    },
    { name: read, command: childCommand('read-values', ours, identity) },
    { name: decompressGzip, command: `${decrypt('dump.gz.age')} | zcat > /dev/null`, needs: ['age'] },
  ];
}

async function dropTarget(): Promise<void> {
  await onServer(`DROP DATABASE IF EXISTS ${target}`);
}

async function makeTarget(): Promise<void> {
  await dropTarget();
  await onServer(`CREATE DATABASE ${target} CHARACTER SET utf8 COLLATE utf8_general_ci`);
}

async function onServer(sql: string): Promise<void> {
  const connection = await openConnection(server.address);
  try {
    await connection.query(sql);
  } finally {
    await connection.close();
  }
}

function ratiosOf(rows: readonly Row[]): readonly Ratio[] {
  const wall = ({ wallSeconds }: Row): number => wallSeconds;
  const row = (name: string): Row | undefined => rows.find((each) => each.name === name);
  const compared = (ours: string, theirs: string, asked: number): Ratio | undefined =>
    ratioOf(`wall: ${ours} / ${theirs}`, wall, row(ours), row(theirs), asked);
  return [
    compared(restore, restoreZstd, 0.45),
    ...scheduleOfWhole(),
    compared(restore, restoreMyloader, 0.75),
    compared(verify, decompressZstd, 1.5),
    compared(read, decompressGzip, 2),
  ].filter((ratio) => ratio !== undefined);
}

/** How soon an office may open its doors, as a share of its whole restore. */
function scheduleOfWhole(): readonly Ratio[] {
  if (!existsSync(times)) return [];
  const shares = readFileSync(times, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly schedule: number; readonly whole: number })
    .map(({ schedule, whole }) => schedule / whole);
  return [{ name: 'wall: schedule usable / whole restore', value: rounded(median(shares)), asked: 0.15 }];
}
