/**
 * A practice is backed up, lost and recovered, on a real server, before the spectator's eyes. Every step runs
 * the code that a host runs; nothing is staged but the practice itself, which is invented.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openConnection } from '../../src/database/connection.js';
import {
  createDatabaseSettings,
  createFileEnrollments,
  createFileSystemStorage,
  type DatabaseAddress,
  enrollAdmin,
  findLatestBackup,
  isBackupError,
  type NightPlan,
  readAdmins,
  renderReport,
  resolveLastAdmin,
  runSupplementalBackup,
} from '../../src/index.js';
import { formatBytes, formatCount } from '../../src/quantities.js';
import { compareDatabases, type DatabaseFingerprint, takeFingerprint } from '../../src/recovery/index.js';
import { buildPractice, practiceAdminPassword } from '../practice/index.js';
import { peakMemory } from '../support/peak-memory.js';
import { ServerMissing } from '../support/server-kinds.js';
import { startAnyServer, type TestServer } from '../support/servers.js';
import { askForPassword } from './ask-for-password.js';
import { type DemoOptions, readOptions, usage } from './options.js';
import { recover, wrongPasswordExit } from './recovery-tool.js';
import { Stage } from './stage.js';
import { watchNight } from './watch.js';

const database = 'opendental';
const practiceId = 'demo-practice';
const timeZone = 'America/Chicago';

/** The recovery tool has said on the terminal what is wrong. */
class RecoveryFailed extends Error {}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const stage = new Stage();
  const work = mkdtempSync(join(tmpdir(), 'supplemental-backup-demo-'));
  const kept = options.keep === undefined ? work : resolve(options.keep);
  let server: TestServer | undefined;
  try {
    server = await stage.step('A database server', async () => {
      const started = await startAnyServer({
        args: ['--innodb-buffer-pool-size=256M', '--key-buffer-size=128M'],
      });
      stage.say(
        `${started.vendor} ${started.version}, private, on ${started.address.host}:${started.address.port}`,
      );
      return started;
    });
    await play(stage, server.address, options, { work, kept });
    process.stdout.write(`\n${stage.summary()}\n`);
    if (options.keep !== undefined) process.stdout.write(`\nThe archives are in ${kept}\n`);
  } finally {
    await server?.stop();
    rmSync(work, { recursive: true, force: true });
  }
}

async function play(
  stage: Stage,
  server: DatabaseAddress,
  options: DemoOptions,
  folders: { readonly work: string; readonly kept: string },
): Promise<void> {
  const address = { ...server, database };
  const networkPath = join(folders.kept, 'network-share');
  const hqPath = join(folders.kept, 'hq-store');
  for (const path of [networkPath, hqPath]) mkdirSync(path, { recursive: true });
  const spool = join(folders.work, 'spool');
  const keys = createFileEnrollments({ path: join(folders.work, 'keys.json') });
  const localStore = createFileSystemStorage({ path: networkPath });

  const settings = createDatabaseSettings(address, { timeZone });
  const before = await stage.step('A dental practice', async () => {
    await invent(stage, address, options.size);
    await settings.save({ networkPath }, { userNum: '1' });
    // Taken now and kept outside, so that the recovery is held against something that no backup ever touched.
    const fingerprint = await takeFingerprint(address);
    const rows = [...fingerprint.contents.values()].reduce((sum, table) => sum + table.rows, 0);
    stage.say(`${fingerprint.contents.size} tables, ${formatCount(rows)} rows`);
    return fingerprint;
  });

  const plan: NightPlan = {
    practiceId,
    practice: {
      onSupport: true,
      hasEConnector: true,
      cloudDatabase: false,
      status: 'enabled',
      country: 'US',
      networkPath,
    },
    database: address,
    timeZone,
    spool,
    hq: { storage: createFileSystemStorage({ path: hqPath }) },
    local: { storage: localStore },
    settings,
    keys: { store: keys },
    spoolReserveBytes: 0,
  };

  await stage.step('The administrator logs in', async () => {
    const connection = await openConnection(address);
    try {
      const last = resolveLastAdmin(await readAdmins(connection), { asOf: new Date() });
      if (last.kind !== 'found') throw new Error(last.sentence);
      await enrollAdmin(last.admin, practiceAdminPassword, { store: keys });
      stage.say(`"${last.admin.userName}" is the last administrator who logged in, and has a key pair now.`);
      stage.say('The service keeps the public half, and the secret half only as the password seals it.');
    } finally {
      await connection.close();
    }
  });

  await stage.step('The night', async () => {
    const watch = watchNight(stage);
    try {
      const report = await runSupplementalBackup(plan, { onEvent: watch.onEvent });
      watch.stop();
      stage.say(renderReport(report));
      if (report.outcome !== 'complete') throw new Error('the night is not complete');
    } finally {
      watch.stop();
    }
  });

  await stage.step('The disaster', async () => {
    const connection = await openConnection(server);
    try {
      await connection.query(`DROP DATABASE ${database}`);
    } finally {
      await connection.close();
    }
    stage.say(`DROP DATABASE ${database}. The practice is gone.`);
  });

  const newest = await stage.step('What support finds', async () => {
    const found = await findLatestBackup(localStore, { practiceId, scope: 'full' });
    if (found?.label == null) throw new Error('there is no copy on the network path');
    const { label } = found;
    stage.say(`${found.key}, ${formatBytes(found.size)}, made ${label.createdAt}`);
    stage.say(`sealed for "${label.keyHolder?.userName}", user ${label.keyHolder?.userNum}`);
    return found;
  });

  const copy = join(networkPath, newest.key);
  const recovered = { ...server, database: `${database}_recovered` };
  await stage.step('A wrong password', async () => {
    const code = await recover(copy, recovered, 'open sesame');
    if (code !== wrongPasswordExit) throw new Error(`a wrong password led to exit code ${code}`);
    stage.say(`Refused with exit code ${code}, and the copy is as it was.`);
  });

  const password = await askForPassword(options.password, practiceAdminPassword);
  await stage.step('The recovery, from the network copy', async () => {
    const code = await recover(copy, recovered, password);
    if (code !== 0) throw new RecoveryFailed(`The recovery ended with exit code ${code}.`);
  });

  await stage.step('The proof', () => prove(stage, before, recovered));
}

async function invent(
  stage: Stage,
  address: DatabaseAddress & { readonly database: string },
  size: number,
): Promise<void> {
  const progress = stage.progress('Inventing', 'rows');
  try {
    await buildPractice(address, address.database, {
      size,
      onProgress: ({ rows, ofRows }) => progress.update(rows, ofRows),
    });
  } finally {
    progress.stop();
  }
}

async function prove(stage: Stage, before: DatabaseFingerprint, recovered: DatabaseAddress): Promise<void> {
  const { tables, differences } = await compareDatabases(before, recovered);
  for (const { message } of differences) stage.say(message);
  const equal = tables.filter((table) => table.equal).length;
  stage.say(`${equal} of ${tables.length} tables are equal: definition, number of rows, hash of the content`);
  if (differences.length > 0) throw new Error('what came back is not what was lost');
  stage.say(`This process never used more than ${formatBytes(peakMemory())} of memory.`);
}

try {
  await main();
} catch (error) {
  const isPlain =
    [RecoveryFailed, ServerMissing, TypeError].some((kind) => error instanceof kind) || isBackupError(error);
  const text =
    error instanceof Error ? (isPlain ? error.message : (error.stack ?? error.message)) : String(error);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
}
