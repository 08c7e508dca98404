/**
 * `npm run bench`: a whole backup against what else people use, on the same data in the same run.
 *
 *     npm run bench -- [--size 1GB] [--rounds 3] [--only word,…] [--json FILE] [--markdown docs/BENCHMARKS.md]
 *                      [--server mariadb|mysql|mysql-5.6] [--keep-server] [--url mysql://root@127.0.0.1:port/]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import {
  type BenchDatabase,
  type BenchServer,
  describeMachine,
  openBenchServer,
  provideNearlyEmpty,
  providePractice,
  urlOf,
} from './support/bench-server.js';
import { childCommand, loginOf, ownCommand, stockDump } from './support/commands.js';
import { measureCommand } from './support/measure.js';
import { isWanted, readOptions } from './support/options.js';
import { installMissing } from './support/programs.js';
import { least, publish, type Ratio, ratioOf } from './support/report.js';
import { type Contestant, type Row, runRounds } from './support/rounds.js';

const ours = 'this library';
const unsealed = 'the same parts by this library, not sealed';
const gzipPeer = 'mariadb-dump, gzip -6, age';
const zstdPeer = 'mariadb-dump, zstd -3, age';
const mydumperPeer = 'mydumper -t2 -c, not encrypted';
const floor = 'floor: every row as text over one connection, dropped';
const oursSmall = 'this library, 424 tables of one row';
const commandSmall = 'this library by its command line, 424 tables of one row, read back';
const dumpSmall = 'mariadb-dump alone, 424 tables of one row';

const options = readOptions();
const tell = (line: string): void => void process.stderr.write(`${line}\n`);
const server = await openBenchServer(options);
const folder = mkdtempSync(join(tmpdir(), 'supplemental-backup-bench-'));
try {
  await compare(server, await providePractice(server, options, tell), await provideNearlyEmpty(server));
  if (options.keepServer) {
    tell(`the server stays until this is stopped (Ctrl-C): --url ${urlOf(server.address, '')}`);
    // Waiting for a signal alone would not keep the process alive.
    const hold = setInterval(() => undefined, 2 ** 30);
    await new Promise((resolve) => process.once('SIGINT', resolve));
    clearInterval(hold);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
  await server.stop();
}

async function compare(
  { address, pid }: BenchServer,
  database: BenchDatabase,
  small: BenchDatabase,
): Promise<void> {
  const recipient = await identityToRecipient(await generateX25519Identity());
  const wanted = contestants(address, database.name, small.name, recipient).filter(({ name }) =>
    isWanted(name, options.only),
  );
  const missing = installMissing([...new Set(wanted.flatMap(({ needs = [] }) => needs))], tell);
  const able = wanted.filter(({ needs = [] }) => needs.every((program) => !missing.includes(program)));
  tell('warming up');
  await measureCommand(childCommand('floor', urlOf(address, database.name), 'packets'), pid);
  const results = await runRounds(able, { rounds: options.rounds, serverPid: pid, tell });
  publish(
    { machine: describeMachine(), database, results, ratios: ratiosOf(results), missing },
    'dump',
    options,
  );
}

function contestants(
  address: BenchServer['address'],
  practice: string,
  small: string,
  recipient: string,
): readonly Contestant[] {
  const url = (database: string): string => urlOf(address, database);
  const file = join(folder, 'backup');
  const sealed = (compress: string): string =>
    `${stockDump(address, practice)} | ${compress} | age -r ${recipient} > ${file}; sync ${file}`;
  const needs = ['mariadb-dump', 'age'];
  return [
    { name: ours, command: childCommand('backup', url(practice), recipient, file), output: file },
    {
      name: 'this library by its command line, read back',
      command: ownCommand('backup', '--source', url(practice), '--out', file, '--recipient', recipient),
      output: file,
    },
    { name: unsealed, command: childCommand('unsealed', url(practice), file), output: file },
    { name: gzipPeer, command: sealed('gzip -6'), output: file, needs },
    { name: 'mariadb-dump, pigz, age', command: sealed('pigz'), output: file, needs: [...needs, 'pigz'] },
    { name: zstdPeer, command: sealed('zstd -q -3'), output: file, needs: [...needs, 'zstd'] },
    {
      name: mydumperPeer,
      command: `mydumper ${loginOf(address)} --threads 2 --compress --database ${practice} --outputdir ${file}; sync ${file}/*`,
      output: file,
      needs: ['mydumper'],
    },
    { name: floor, command: childCommand('floor', url(practice), 'packets') },
    {
      name: 'every row by our row reader over one connection, dropped',
      command: childCommand('floor', url(practice), 'columns'),
    },
    {
      name: 'every row as an object over one connection, dropped',
      command: childCommand('floor', url(practice), 'objects'),
    },
    { name: oursSmall, command: childCommand('backup', url(small), recipient, file), output: file },
    {
      name: commandSmall,
      command: ownCommand('backup', '--source', url(small), '--out', file, '--recipient', recipient),
      output: file,
    },
    {
      name: dumpSmall,
      command: `${stockDump(address, small)} > ${file}`,
      output: file,
      needs: ['mariadb-dump'],
    },
  ];
}

function ratiosOf(rows: readonly Row[]): readonly Ratio[] {
  const row = (name: string): Row | undefined => rows.find((each) => each.name === name);
  const peers = rows.filter(({ name }) => /^m(?:ariadb-dump,|ydumper)/.test(name));
  const wall = ({ wallSeconds }: Row): number => wallSeconds;
  const cpu = ({ cpuSeconds }: Row): number => cpuSeconds;
  const size = ({ sizeMb }: Row): number => sizeMb;
  const us = row(ours);
  return [
    ratioOf(`wall / ${zstdPeer}`, wall, us, row(zstdPeer), 0.72),
    ratioOf(`wall / ${gzipPeer}`, wall, us, row(gzipPeer), 0.25),
    ratioOf(`wall / ${mydumperPeer}`, wall, us, row(mydumperPeer), 0.36),
    ratioOf(`wall / ${unsealed}`, wall, us, row(unsealed), 1.1),
    ratioOf('wall / floor', wall, us, row(floor), 1.3),
    ratioOf("size / smallest peer's", size, us, least(peers, size), 0.88),
    ratioOf('CPU / fastest peer', cpu, us, least(peers, wall), 0.75),
    ratioOf('wall / mariadb-dump alone, 424 tables of one row', wall, row(oursSmall), row(dumpSmall), 1.2),
  ].filter((ratio) => ratio !== undefined);
}
